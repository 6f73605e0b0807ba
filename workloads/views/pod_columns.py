"""The columns of the Pods list: which there are, which a person chose, and their cells.

Cells are made in Python, because a page has five hundred of them: a template takes ten times as
long.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlencode

from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.markup import joined, markup
from console.models import Cluster
from console.templatetags.console import Clock, clock, status
from workloads import health
from workloads.health import Health
from workloads.models import Pod
from workloads.views import rows
from workloads.views.rows import PodLine
from workloads.waits import WaitLine

KEY = "pods.columns"
_WHY = '<td>{}<small class="why">{}</small></td>'


@dataclass(frozen=True)
class Words:
    """What cells say again and again, translated once per page."""

    ready: str
    not_ready: str
    none: SafeString
    none_yet: SafeString
    unbound: str
    draining: str
    restarted: str
    select: str


@dataclass(frozen=True)
class Cell:
    """What a cell is made of."""

    line: PodLine
    health: Health | None
    words: Words
    clock: Clock


@dataclass(frozen=True)
class Column:
    """`sort`: its word in the URL, if it has one. `kind`: a class of its cells."""

    key: str
    label: str | Promise
    make: Callable[[Cell], SafeString]
    sort: str = ""
    kind: str = ""


def _status(cell: Cell) -> SafeString:
    pod = cell.line.pod
    shown = status(pod.status, cell.line.tone)
    if not pod.restarts:
        return markup('<td class="nowrap">{}</td>', shown)
    text = '<td class="nowrap">{}<small>{}</small></td>'
    return markup(text, shown, cell.words.restarted % {"n": pod.restarts})


def _ready(cell: Cell) -> SafeString:
    word = cell.words.ready if cell.line.pod.ready else cell.words.not_ready
    return markup('<td class="nowrap">{}<small>{}</small></td>', word, cell.line.ready_count)


def _gates(cell: Cell) -> SafeString:
    line = cell.line
    shown = status(line.gates_word, line.gates_tone) if line.gates else cell.words.none
    if line.unbound:
        return markup(_WHY, shown, cell.words.unbound)
    # Also of a Pod without a gate, and of one whose target is Dead though its gate is open.
    if line.wait:
        return markup(_WHY, shown, _wait(line.wait))
    return markup("<td>{}</td>", shown)


def _wait(wait: WaitLine) -> SafeString:
    """As workloads/wait.html has it: what can be counted goes on counting in the page."""
    if not wait.pattern:
        return markup('<span class="wait" data-tone="{}">{}</span>', wait.tone, wait.text)
    if wait.since:
        text = '<span data-wait="{}" data-since="{}" data-interval="{}" data-probes="{}">{}</span>'
        since = wait.since.isoformat()
        return markup(text, wait.pattern, since, wait.interval, wait.probes, wait.text)
    until = wait.until.isoformat() if wait.until else ""
    return markup('<span data-wait="{}" data-until="{}">{}</span>', wait.pattern, until, wait.text)


def _health(cell: Cell) -> SafeString:
    if cell.health is None:
        return markup("<td>{}</td>", cell.words.none)
    shown = status(cell.health.word, cell.health.tone)
    if cell.health.is_draining:
        return markup("<td>{}<small>{}</small></td>", shown, cell.words.draining)
    return markup("<td>{}</td>", shown)


def _ip(cell: Cell) -> SafeString:
    ip = cell.line.pod.ip
    return markup("<td><code>{}</code></td>", ip) if ip else _empty(cell)


def _network(cell: Cell) -> SafeString:
    return markup('<td class="nowrap">{}</td>', cell.line.network)


def _node(cell: Cell) -> SafeString:
    node = cell.line.pod.node
    return _node_link(node) if node else _empty(cell)


@lru_cache(maxsize=4096)
def _node_link(node: str) -> SafeString:
    """The same for many Pods."""
    link = f"?{urlencode({'node': node})}"
    return markup('<td class="nowrap"><a href="{}">{}</a></td>', link, node)


def _workload(cell: Cell) -> SafeString:
    pod, url = cell.line.pod, cell.line.workload_url
    if not pod.workload_name:
        return markup("<td>{}</td>", cell.words.none)
    if not url:
        text = '<td class="nowrap">{}<small>{}</small></td>'
        return markup(text, pod.workload_name, pod.workload_kind)
    text = '<td class="nowrap"><a href="{}">{}</a><small>{}</small></td>'
    return markup(text, url, pod.workload_name, pod.workload_kind)


def _revision(cell: Cell) -> SafeString:
    return markup('<td class="nowrap">{}</td>', cell.line.pod.revision or cell.words.none)


def _images(cell: Cell) -> SafeString:
    codes = [markup("<code>{}</code> ", one["image"]) for one in cell.line.pod.containers]
    return markup("<td>{}</td>", joined(codes))


def _restarts(cell: Cell) -> SafeString:
    return markup('<td class="num">{}</td>', cell.line.pod.restarts)


def _age(cell: Cell) -> SafeString:
    return markup('<td class="num">{}</td>', cell.clock.ago(cell.line.pod.created_at))


def _empty(cell: Cell) -> SafeString:
    return markup("<td>{}</td>", cell.words.none_yet)


COLUMNS = (
    Column("status", gettext_lazy("Status"), _status, "status"),
    Column("ready", gettext_lazy("Ready"), _ready, "ready"),
    Column("gates", gettext_lazy("Gates"), _gates, "gates"),
    Column("health", gettext_lazy("CLB health"), _health),
    Column("ip", "IP", _ip, "ip"),
    Column("network", gettext_lazy("Network"), _network),
    Column("node", gettext_lazy("Node"), _node, "node"),
    Column("workload", gettext_lazy("Workload"), _workload, "workload"),
    Column("revision", gettext_lazy("Revision"), _revision),
    Column("images", gettext_lazy("Images"), _images),
    Column("restarts", gettext_lazy("Restarts"), _restarts, "restarts", "num"),
    Column("age", gettext_lazy("Created"), _age, "age", "num"),
)
USUAL = ("status", "ready", "gates", "health", "ip", "node", "workload", "age")
_BY_KEY = {column.key: column for column in COLUMNS}


def chosen(words: Iterable[str]) -> tuple[Column, ...]:
    """The columns of these names in their own order; the usual ones when none is known."""
    known = {word for word in words if word in _BY_KEY}
    return tuple(column for column in COLUMNS if column.key in (known or USUAL))


def boxes(columns: Sequence[Column]) -> SafeString:
    """All columns to choose from, with those that are shown checked."""
    text = (
        '<label class="check"><input type="checkbox" name="columns" value="{}"{}>'
        "<span>{}</span></label>"
    )
    held = {True: SafeString(" checked"), False: ""}
    return joined([markup(text, one.key, held[one in columns], one.label) for one in COLUMNS])


def keys(columns: Iterable[Column]) -> tuple[str, ...]:
    return tuple(column.key for column in columns)


@dataclass(frozen=True)
class Row:
    """A Pod of the list: the whole table row, ready to be placed."""

    line: PodLine
    html: SafeString

    @property
    def pod(self) -> Pod:
        return self.line.pod

    @property
    def url(self) -> str:
        return self.line.url


def table(
    cluster: Cluster, pods: Sequence[Pod], columns: Sequence[Column], *, pick: bool
) -> list[Row]:
    """The rows of one page; with `pick` each has a box to choose it by."""
    wants_health = any(column.key == "health" for column in columns)
    seen = health.of(cluster, [pod.uid for pod in pods]) if wants_health else None
    lines = rows.pod_rows(cluster, pods, seen)
    words, now = _words(), clock()
    return [
        Row(line, _row(Cell(line, (seen or {}).get(line.pod.uid), words, now), columns, pick=pick))
        for line in lines
    ]


def _row(cell: Cell, columns: Sequence[Column], *, pick: bool) -> SafeString:
    line, pod = cell.line, cell.line.pod
    pieces = [markup('<tr id="pod-{}">', pod.uid)]
    if pick:
        where = f"{pod.namespace}/{pod.name}"
        box = '<td class="pick"><input type="checkbox" name="on" value="{}" aria-label="{}"></td>'
        pieces.append(markup(box, where, cell.words.select % {"name": pod.name}))
    head = '<th scope="row" class="nowrap"><a href="{}">{}</a><small>{}</small></th>'
    pieces.append(markup(head, line.url, pod.name, pod.namespace))
    pieces += [column.make(cell) for column in columns]
    pieces.append(SafeString("</tr>"))
    return joined(pieces)


def _words() -> Words:
    return Words(
        ready=_("Ready"),
        not_ready=_("Not Ready"),
        none=markup('<span class="note">{}</span>', _("None")),
        none_yet=markup('<span class="note">{}</span>', _("None yet")),
        unbound=_("No Service binds this Pod"),
        draining=_("weight 0"),
        restarted=_("%(n)s restarts"),
        select=_("Select %(name)s"),
    )
