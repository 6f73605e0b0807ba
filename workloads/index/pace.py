"""How patient the watcher is."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Pace:
    """All in seconds; tests and benchmarks are less patient."""

    # How long one watch request lasts; silence beyond it means a dead connection.
    watch: float = 30
    # Everything is listed again this often, for what a watch lost in silence.
    relist: float = 300
    back_off: float = 30
    # A watcher that died is replaced within this and a look.
    lease: float = 8
    # How often clusters, leases and API servers are looked at.
    look: float = 2
