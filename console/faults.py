"""What the sandbox's faults do, in words; the sandbox itself knows them by name only."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

type Words = str | Promise

HALVES: dict[str, Words] = {"tencent": _("Tencent Cloud"), "kubernetes": _("Kubernetes")}

_ANY: dict[str, Words] = {
    "throttle": _("Answers RequestLimitExceeded, or 429 at Kubernetes."),
    "timeout_before": _("The call hangs and nothing has happened."),
    "timeout_after": _("The call hangs although it was carried out."),
    "error_500": _("Answers with an internal error."),
}
_TENCENT: dict[str, Words] = {
    "busy": _("Another change is under way at the load balancer: come back later."),
    "failed_task": _("The asynchronous task fails."),
    "stuck_task": _("The asynchronous task never ends."),
    "partial": _("A batch does only a part and names the rest in FailListenerIdSet."),
    "silent": _("Says success and does nothing."),
    "stale_health": _("Health answers are old."),
    "missing_health": _("Health answers leave targets out."),
    "no_ids": _("CreateLoadBalancer answers without the new ID."),
    "forbidden": _("The key may not do this: UnauthorizedOperation."),
}
_KUBERNETES: dict[str, Words] = {
    "gone_410": _("Watches end with 410 Gone: the client must list again."),
    "dead_watch": _("Watches stay open but say nothing any more."),
    "conflict": _("Writes answer 409 Conflict."),
    "forbidden": _("Calls answer 403 Forbidden."),
}


def of(half: str) -> dict[str, Words]:
    """The faults one half knows, with what each does."""
    return _ANY | (_TENCENT if half == "tencent" else _KUBERNETES)
