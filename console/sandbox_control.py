"""The sandbox's control API, where podgate runs beside a sandbox: faults, calls, quotas, reset."""

import json
from http.client import HTTPException
from typing import Any
from urllib.request import ProxyHandler, Request, build_opener

from django.conf import settings

TIMEOUT = 3.0
# Loopback only: a proxy of the environment has no business in between.
_opener = build_opener(ProxyHandler({}))


class SandboxError(Exception):
    """The control API did not answer, or refused."""


def halves() -> dict[str, str]:
    """Name -> address of the halves that run: "tencent=http://... kubernetes=http://..."."""
    return dict(word.split("=", 1) for word in settings.SANDBOX_CONTROL)


def ask(half: str, method: str, path: str, body: object = None) -> Any:
    """The JSON answer of one half; None for an empty one."""
    address = halves().get(half)
    if address is None:
        raise SandboxError(f"there is no half {half!r}")
    url = f"{address.rstrip('/')}/_sandbox/{path}"
    content = None if body is None else json.dumps(body).encode()
    request = Request(url, content, {"Content-Type": "application/json"}, method=method)
    try:
        with _opener.open(request, timeout=TIMEOUT) as response:
            answer = response.read()
        return json.loads(answer) if answer.strip() else None
    except (OSError, HTTPException, ValueError) as error:
        raise SandboxError(f"{method} {url}: {error}") from error
