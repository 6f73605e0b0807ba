"""The console's own template tags: icons, copy buttons, statuses, ages, sortable columns.

Addresses with changed parameters come from Django's own `{% querystring page=2 %}`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from functools import cache
from urllib.parse import urlencode

from django import template
from django.conf import settings
from django.contrib.auth.models import User
from django.core.paginator import Page
from django.template.context import RequestContext
from django.templatetags.static import static
from django.utils import formats, timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console import access
from console.markup import joined, markup

register = template.Library()

MINUTE, HOUR, DAY = 60, 3600, 86400


@register.simple_tag
@cache
def icon(name: str) -> SafeString:
    """An icon of static/icons.svg; says nothing to a screen reader."""
    return markup(
        '<svg class="icon" aria-hidden="true"><use href="{}#{}"/></svg>', static("icons.svg"), name
    )


@register.simple_tag
@cache
def asset(name: str) -> str:
    """The address of a static file, which stays the same as long as the process lives."""
    return static(name)


@register.simple_tag
def picture(name: str) -> SafeString:
    """The drawing on top of an empty state: empty-box, empty-search or empty-lock."""
    return markup(
        '<svg viewBox="0 0 72 56" aria-hidden="true"><use href="{}#{}"/></svg>',
        static("icons.svg"),
        name,
    )


@register.simple_tag
def copy(value: object, label: str) -> SafeString:
    """A button that copies `value`; nothing where there is nothing to copy."""
    if value in ("", None):
        return SafeString("")
    return markup(
        '<button class="copy" type="button" data-copy="{}" data-copied="{}" aria-label="{}">{}'
        "</button>",
        value,
        _("Copied"),
        _("Copy %(what)s") % {"what": label},
        icon("copy"),
    )


@register.simple_tag
def status(word: object, tone: str = "idle") -> SafeString:
    """A status: shape by tone (success, info, warning, error, idle), and the word."""
    return markup('<span class="status" data-tone="{}">{}</span>', tone, word)


@dataclass(frozen=True)
class Clock:
    """What time it is and where, asked once for many ages."""

    now: datetime
    zone: tzinfo

    def ago(self, moment: datetime | None) -> SafeString:
        if moment is None:
            return markup('<span class="note">{}</span>', _("never"))
        return markup(
            '<time datetime="{}" title="{}" data-ago>{}</time>',
            moment.isoformat(timespec="seconds"),
            _exact(moment.astimezone(self.zone)),
            age(self.now - moment),
        )


def clock() -> Clock:
    return Clock(timezone.now(), timezone.get_current_timezone())


@register.simple_tag
def ago(moment: datetime | None) -> SafeString:
    """How long ago, with the exact time on hover; console.js keeps it counting."""
    return clock().ago(moment)


@register.simple_tag
def when(moment: datetime | None) -> SafeString:
    """The exact time, with its zone."""
    if moment is None:
        return SafeString("")
    return markup('<time datetime="{}">{}</time>', moment.isoformat(), exact(moment))


def exact(moment: datetime) -> str:
    return _exact(timezone.localtime(moment))


def _exact(moment: datetime) -> str:
    local = moment.isoformat(" ", "seconds")
    offset = local[19:]
    return f"{local[:19]} UTC{'' if offset == '+00:00' else offset}"


def age(passed: timedelta) -> str:
    """An age in its largest unit: "3 min ago"."""
    seconds = max(0, int(passed.total_seconds()))
    if seconds < MINUTE:
        return _("%(n)s s ago") % {"n": seconds}
    if seconds < HOUR:
        return _("%(n)s min ago") % {"n": seconds // MINUTE}
    if seconds < DAY:
        return _("%(n)s h ago") % {"n": seconds // HOUR}
    days = seconds // DAY
    return ngettext("%(n)s day ago", "%(n)s days ago", days) % {"n": days}


@register.simple_tag
def mark(text: str, typed: str) -> SafeString:
    """The text with what was typed marked in it."""
    wanted = typed.rpartition("/")[2].strip().lower()
    at = text.lower().find(wanted) if wanted else -1
    # Letters whose lower case is longer would mark the wrong place.
    if at < 0 or len(text.lower()) != len(text):
        return markup("{}", text)
    end = at + len(wanted)
    return markup("{}<mark>{}</mark>{}", text[:at], text[at:end], text[end:])


@register.simple_tag(takes_context=True)
def sortable(context: RequestContext, field: str, label: str, kind: str = "") -> SafeString:
    """A column head that sorts by `field` through ?sort=; context `sort` names the order used.

    `kind` is a class of the cell: "num" for figures.
    """
    used = str(context.get("sort", ""))
    order = {field: "ascending", f"-{field}": "descending"}.get(used, "")
    query: dict[str, object] = dict(context["request"].GET.lists())
    query.pop("page", None)
    query["sort"] = f"-{field}" if order == "ascending" else field
    return markup(
        '<th scope="col"{}{}><a href="?{}">{}</a></th>',
        markup(' class="{}"', kind) if kind else "",
        markup(' aria-sort="{}"', order) if order else "",
        urlencode(query, doseq=True),
        label,
    )


@register.simple_tag(takes_context=True)
def pages(context: RequestContext, page: Page[object]) -> SafeString:
    """The steps of a pager: back, the numbers with an ellipsis for those left out, and on."""
    query = context["request"].GET.copy()

    def to(number: int) -> str:
        query["page"] = str(number)
        return f"?{query.urlencode()}"

    step = '<li><a href="{}" rel="{}" aria-label="{}">{}</a></li>'
    steps = []
    if page.has_previous():
        before = to(page.previous_page_number())
        steps.append(markup(step, before, "prev", _("Previous page"), icon("left")))
    for number in page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1):
        if not isinstance(number, int):
            steps.append(markup('<li><span aria-hidden="true">{}</span></li>', number))
        elif number == page.number:
            steps.append(
                markup('<li><a href="{}" aria-current="page">{}</a></li>', to(number), number)
            )
        else:
            steps.append(markup('<li><a href="{}">{}</a></li>', to(number), number))
    if page.has_next():
        on = to(page.next_page_number())
        steps.append(markup(step, on, "next", _("Next page"), icon("right")))
    return joined(steps)


@register.filter
def thousands(number: int | None) -> str:
    """A figure with its separators; a dash where it is unknown."""
    return "–" if number is None else formats.number_format(number, force_grouping=True)


@register.simple_tag
def sandbox_here() -> bool:
    """Whether this podgate runs beside a sandbox whose control API it may call."""
    return bool(settings.SANDBOX_CONTROL)


@register.simple_tag
def role_of(user: User) -> str:
    """The user's role in words."""
    words = {
        access.Role.VIEWER: _("Viewer"),
        access.Role.OPERATOR: _("Operator"),
        access.Role.ADMIN: _("Administrator"),
    }
    role = access.role_of(user)
    return words[role] if role else _("No role")
