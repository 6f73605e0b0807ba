"""What podgate itself gets of a target that the CLB calls Dead: refused, silent, or an answer.

The CLB's API says Dead and nothing more. One attempt is made when it begins to say so, in a task of
its own; nothing is decided by what comes of it. The address is the target's, its port the check's.
"""

import http.client
import socket
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.utils import timezone

from console import live
from services.binding.run import topic
from services.models import Binding, Registration

SECONDS = 1.0
AT_ONCE, MOST = 8, 40
REFUSED = "connection refused on %(address)s."
SILENT = "no answer on %(address)s in %(n)s s, from podgate either."
UNREACHABLE = "%(address)s cannot be reached (%(error)s), from podgate either."
ANSWERS = (
    "%(address)s takes connections from podgate: look at the security groups and the health "
    "check's settings."
)
STATUS = "GET %(path)s on %(address)s answers HTTP %(status)s."


def look(binding: Binding) -> int:
    """Ask the targets that turned Dead; their gates and pages then say what came of it."""
    rows = list(binding.registrations.filter(health="Dead", health_message="")[:MOST])
    if not rows:
        return 0
    with ThreadPoolExecutor(min(AT_ONCE, len(rows))) as pool:
        told = list(pool.map(lambda row: attempt(row, binding.checks.get(_listener(row))), rows))
    for row, words in zip(rows, told, strict=True):
        same = Registration.objects.filter(pk=row.pk, pod_uid=row.pod_uid, health="Dead")
        same.update(health_message=words)
    Binding.objects.filter(pk=binding.pk).update(gates_due_at=timezone.now())
    live.announce(topic(binding), *_pods(binding, rows))
    return len(rows)


def attempt(row: Registration, check: Mapping[str, Any] | None) -> str:
    """One look as the health check would take it; a sentence, or nothing where none can be."""
    if row.protocol == "UDP":
        return ""
    values: dict[str, Any] = {"address": f"{row.ip}:{row.port}", "n": f"{SECONDS:g}"}
    check = check or {}
    try:
        if check.get("type") == "HTTP":
            status = _status(row, str(check.get("path") or "/"), str(check.get("domain") or row.ip))
            if status >= 400:
                return STATUS % (values | {"path": check.get("path") or "/", "status": status})
        else:
            socket.create_connection((row.ip, row.port), timeout=SECONDS).close()
    except ConnectionRefusedError:
        return REFUSED % values
    except TimeoutError:
        return SILENT % values
    except (OSError, http.client.HTTPException) as error:
        words = getattr(error, "strerror", None) or type(error).__name__
        return UNREACHABLE % (values | {"error": words})
    return ANSWERS % values


def _status(row: Registration, path: str, host: str) -> int:
    connection = http.client.HTTPConnection(row.ip, row.port, timeout=SECONDS)
    try:
        connection.request("GET", path, headers={"Host": host, "User-Agent": "podgate"})
        return connection.getresponse().status
    finally:
        connection.close()


def _listener(row: Registration) -> str:
    return f"{row.protocol}:{row.listener_port}"


def _pods(binding: Binding, rows: Iterable[Registration]) -> list[str]:
    where = f"{binding.cluster.cluster_id}/pods/{binding.namespace}"
    return [f"{where}/{row.pod_name}" for row in rows]
