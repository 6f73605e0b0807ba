"""The watcher: lists and watches what runs in every cluster, and keeps the index tables true.

Pages read the index; decisions never do. It may be thrown away at any time: the next list makes
it again. `run` is the whole interface.
"""

from workloads.index.pace import Pace
from workloads.index.run import OnChange, run

__all__ = ["OnChange", "Pace", "run"]
