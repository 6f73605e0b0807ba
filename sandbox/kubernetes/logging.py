"""pods/log as kubelets serve it through the API server: tail, since, previous, follow."""

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

from sandbox.kubernetes.errors import BadRequest, Cause, Invalid
from sandbox.kubernetes.http import Request, Response
from sandbox.kubernetes.kinds import KINDS, Kind, Object
from sandbox.kubernetes.kubelet.logs import Entry, Log
from sandbox.kubernetes.objects import parsed
from sandbox.kubernetes.routes import Target
from sandbox.kubernetes.store import Store

POD = KINDS["Pod"]
_OPTIONS = Kind("", "v1", "PodLogOptions", "podlogoptions")


@dataclass(frozen=True)
class Wanted:
    """PodLogOptions, checked."""

    container: str
    follow: bool
    previous: bool
    timestamps: bool
    tail: int | None
    since: float
    limit: int | None


def read(store: Store, target: Target, request: Request) -> Response:
    pod = store.get(POD, target.namespace, target.name)
    wanted = _wanted(pod, request)
    log = _log(store, pod, wanted)
    if log is None:
        # No host, or nothing was written yet: an empty answer.
        return Response(media_type="text/plain")
    entries = [entry for entry in log.since(0) if entry.at >= wanted.since]
    if wanted.tail is not None:
        entries = entries[len(entries) - min(wanted.tail, len(entries)) :]
    text = _text(entries, wanted)
    if not wanted.follow:
        body = text if wanted.limit is None else text[: wanted.limit]
        return Response(body=body, media_type="text/plain")
    return Response(media_type="text/plain", stream=_followed(log, log.written, text, wanted))


async def _followed(log: Log, number: int, text: bytes, wanted: Wanted) -> AsyncIterator[bytes]:
    """What there is, then line by line until the container's run is over."""
    left = wanted.limit
    while True:
        if left is not None:
            text = text[:left]
            left -= len(text)
        if text:
            yield text
        if left == 0 or (log.ended and log.written <= number):
            return
        await log.news(number)
        text, number = _text(log.since(number), wanted), log.written


def _text(entries: list[Entry], wanted: Wanted) -> bytes:
    lines = (
        f"{entry.stamp()} {entry.words()}\n" if wanted.timestamps else f"{entry.words()}\n"
        for entry in entries
    )
    return "".join(lines).encode()


def _wanted(pod: Object, request: Request) -> Wanted:
    query = request.query
    tail, seconds = request.number("tailLines"), request.number("sinceSeconds")
    limit = request.number("limitBytes")
    _check("tailLines", tail, least=0)
    _check("sinceSeconds", seconds, least=1)
    _check("limitBytes", limit, least=1)
    if seconds is not None and query.get("sinceTime"):
        message = "at most one of `sinceTime` or `sinceSeconds` may be specified"
        raise _invalid(Cause("FieldValueForbidden", "", f"Forbidden: {message}"))
    since = 0.0
    if seconds is not None:
        since = time.time() - seconds
    elif text := query.get("sinceTime"):
        since = _moment(text)
    return Wanted(
        container=_container(pod, query.get("container", "")),
        follow=request.flag("follow"),
        previous=request.flag("previous"),
        timestamps=request.flag("timestamps"),
        tail=tail,
        since=since,
        limit=limit,
    )


def _moment(text: str) -> float:
    """RFC 3339; what is finer than a microsecond counts too."""
    head, dot, rest = text.partition(".")
    digits = rest.rstrip("Z")
    try:
        whole = parsed(head.removesuffix("Z") + "Z").timestamp()
        return whole + (float(f"0.{digits}") if dot else 0.0)
    except ValueError as error:
        raise BadRequest(f'parsing time "{text}" as RFC 3339 failed') from error


def _check(field: str, value: int | None, *, least: int) -> None:
    if value is not None and value < least:
        words = "or equal to 0" if least == 0 else "0"
        message = f"Invalid value: {value}: must be greater than {words}"
        raise _invalid(Cause("FieldValueInvalid", field, message))


def _invalid(cause: Cause) -> Invalid:
    return Invalid.of(_OPTIONS, "", [cause])


def _container(pod: Object, name: str) -> str:
    names = [spec["name"] for spec in pod["spec"]["containers"]]
    init = [spec["name"] for spec in pod["spec"].get("initContainers") or ()]
    who = pod["metadata"]["name"]
    if not name:
        if len(names) == 1:
            return str(names[0])
        chosen = f"a container name must be specified for pod {who}, choose one of: "
        extra = f" or one of the init containers: [{' '.join(init)}]" if init else ""
        raise BadRequest(f"{chosen}[{' '.join(names)}]{extra}")
    if name not in names + init:
        raise BadRequest(f"container {name} is not valid for pod {who}")
    return name


def _log(store: Store, pod: Object, wanted: Wanted) -> Log | None:
    if not pod["spec"].get("nodeName"):
        return None
    name, who = wanted.container, pod["metadata"]["name"]
    found = store.logs.find(pod["metadata"]["uid"], name, previous=wanted.previous)
    if found is None and wanted.previous:
        raise BadRequest(f'previous terminated container "{name}" in pod "{who}" not found')
    if found is None and (reason := _waiting(pod, name)):
        raise BadRequest(f'container "{name}" in pod "{who}" is waiting to start: {reason}')
    return found


def _waiting(pod: Object, name: str) -> str:
    statuses = (pod.get("status") or {}).get("containerStatuses") or ()
    for status in statuses:
        if status["name"] == name and "waiting" in status["state"]:
            return str(status["state"]["waiting"].get("reason", ""))
    return "" if statuses else "ContainerCreating"
