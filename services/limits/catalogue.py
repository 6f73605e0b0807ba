"""Every limit there is, as `docs/use-limits.md` lists them; pure.

`python -m services.limits` prints the table of that page.
"""

import re
from collections.abc import Iterator
from types import ModuleType

from services.limits import (
    cloud,
    cluster,
    cni,
    drain,
    firewall,
    pods,
    ports,
    probes,
    router,
)
from services.limits.problem import Limit
from services.limits.sentence import Sentence

# In the order of the page; each with its heading.
ROOMS: tuple[tuple[str, ModuleType], ...] = (
    ("The cluster", cluster),
    ("VPC-CNI", cni),
    ("GlobalRouter", router),
    ("Security groups", firewall),
    ("The Pods", pods),
    ("Ports and probes", probes),
    ("Port mappings", ports),
    ("The load balancer, quotas and the health check", cloud),
    ("How Pods stop", drain),
)
BEGIN, END = "<!-- begin: python -m services.limits -->", "<!-- end -->"


def limits(room: ModuleType) -> Iterator[Limit]:
    """In the order in which the module declares them."""
    return (each for each in vars(room).values() if isinstance(each, Limit))


LIMITS: tuple[Limit, ...] = tuple(each for _, room in ROOMS for each in limits(room))
_PARTS = (
    *(firewall.NODES, firewall.INTERFACES),
    *(firewall.PARTLY, firewall.DECIDES, firewall.NO_RULE),
)
# Texts that rows keep in English and pages translate.
TEMPLATES: tuple[str, ...] = tuple(
    dict.fromkeys(
        text.template
        for each in LIMITS
        for text in (each.message, each.fix)
        if isinstance(text, Sentence)
    )
) + tuple(each.template for each in _PARTS)


def table() -> str:
    """The tables of the page, one for each room."""
    parts = []
    for heading, room in ROOMS:
        rows = "\n".join(map(_row, limits(room)))
        parts.append(
            f"## {heading}\n\n"
            "| code | | what it says | evidence | fix |\n|---|---|---|---|---|\n"
            f"{rows}\n"
        )
    return "\n".join(parts)


def _row(limit: Limit) -> str:
    fix = str(limit.fix) or "-"
    if limit.remedy:
        instead = f", or `{limit.instead}`" if limit.instead else ""
        fix += f" **podgate does it:** `{limit.remedy}`{instead}."
    if limit.link:
        fix += f" [{_host(limit.link)}]({limit.link})"
    cells = (f"`{limit.code}`", limit.severity.value, limit.message, limit.source, fix)
    return "| " + " | ".join(_cell(str(cell)) for cell in cells) + " |"


def _host(link: str) -> str:
    return link.removeprefix("https://").partition("/")[0]


def _cell(text: str) -> str:
    return _placeholders(text).replace("|", "\\|").replace("\n", " ")


def _placeholders(text: str) -> str:
    """`%(count)s` as a reader knows a gap: <count>."""
    return re.sub(r"%\((\w+)\)s", r"‹\1›", text)


def page(before: str) -> str:
    """The page with its tables as the code has them now."""
    head, _, rest = before.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\n\n{table()}\n{END}{tail}"
