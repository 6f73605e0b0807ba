"""The audit trail: every write leaves one line, with the request ids of both doors."""

from collections.abc import Sequence

from django.contrib.auth.models import AnonymousUser, User

from console.doors import Call
from console.models import Activity
from console.secrets import scrub, scrubbed


def record(
    user: User | AnonymousUser | str | None,
    verb: str,
    *,
    cluster: str = "",
    kind: str = "",
    namespace: str = "",
    name: str = "",
    before: object = None,
    after: object = None,
    ok: bool = True,
    message: str = "",
    calls: Sequence[Call] = (),
) -> Activity:
    """Write down who did what; `user` None means podgate itself, on behalf of the object named.

    A plain string names whoever is no user here, such as the operator at the command line.
    """
    known = user if isinstance(user, User) else None
    return Activity.objects.create(
        user=known,
        username=known.get_username() if known else (user if isinstance(user, str) else "podgate"),
        cluster=cluster,
        verb=verb,
        kind=kind,
        namespace=namespace,
        name=name,
        before=scrubbed(before),
        after=scrubbed(after),
        ok=ok,
        message=scrub(message),
        kubernetes_request_ids=_ids(calls, "kubernetes"),
        cloud_request_ids=_ids(calls, "tencent"),
    )


def _ids(calls: Sequence[Call], door: str) -> list[str]:
    return [call.request_id for call in calls if call.door == door and call.request_id]
