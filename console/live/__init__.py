"""Pages that live: what changed is announced by topic, and every open page gets its regions anew.

`announce` is for whoever changed something, `region` marks a view as the source of a region's
HTML, and `hub.stream` (dispatched in `console.asgi`) carries it to the browsers.
"""

from console.live.regions import Region, region
from console.live.topics import announce, tell

__all__ = ["Region", "announce", "region", "tell"]
