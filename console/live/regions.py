"""A live region: a view that renders one named partial, and the topics that make it stale.

Partial = element id = last URL segment = view name, so `/clusters/x/pods/rows` is the element
`rows` of the Pods page, rendered by its own view under the same permission check.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse

type View = Callable[..., HttpResponse]
type Topics = Callable[..., Iterable[str]]


@dataclass(frozen=True)
class Region:
    topics: Topics
    # Seconds after which the region is rendered again even if nobody announced anything: for
    # what no watcher sees (Kubernetes Events). 0: only when announced.
    every: float = 0


def region(topics: Topics, *, every: float = 0) -> Callable[[View], View]:
    """Mark a view as a live region; `topics` gets the URL's arguments by name.

    The view renders the partial alone, for a GET, with nothing personal in it: the HTML is shared
    by everyone with the same role and language. Put it outermost.
    """

    def mark(view: View) -> View:
        view.live_region = Region(topics, every)  # type: ignore[attr-defined]
        return view

    return mark


def region_of(view: Any) -> Region | None:
    found = getattr(view, "live_region", None)
    return found if isinstance(found, Region) else None
