"""How a Pod is stopped: its preStop hooks and its grace period; pure.

Kubernetes runs preStop, then sends SIGTERM; what is left after terminationGracePeriodSeconds,
preStop included, is killed.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from console import kinds

# Kubernetes' default.
GRACE = 30
_SLEEP = re.compile(r"(?:^|[\s;&|/])sleep\s+(\d+(?:\.\d+)?)(s|m)?(?=$|[\s;&|\"'])")


def pre_stop(container: kinds.Container) -> float | None:
    """Seconds its preStop hook takes: 0 without one, None when the template does not tell."""
    hook = (container.lifecycle or {}).get("preStop") or {}
    if not hook:
        return 0.0
    if "sleep" in hook:
        return float((hook["sleep"] or {}).get("seconds", 0))
    words = " ".join(str(word) for word in (hook.get("exec") or {}).get("command") or ())
    sleeps = _SLEEP.findall(words)
    # What else the hook does takes time too, so these are the least.
    return sum(float(n) * (60 if unit == "m" else 1) for n, unit in sleeps) if sleeps else None


def stops(container: kinds.Container, spec: kinds.PodSpec) -> dict[str, Any]:
    """For a row of the index."""
    grace = spec.termination_grace_period_seconds
    return {"pre_stop": pre_stop(container), "grace": GRACE if grace is None else grace}


def of_rows(containers: Iterable[Mapping[str, Any]]) -> tuple[float | None, int | None]:
    """(preStop, grace) of a Pod by its containers' rows: the first of those with ports to stop.

    The grace is None for rows that were written before this was kept.
    """
    known = [one for one in containers if "grace" in one]
    if not known:
        return None, None
    serving = [one for one in known if one.get("ports")] or known
    least = min((one["pre_stop"] for one in serving if one["pre_stop"] is not None), default=None)
    if any(one["pre_stop"] is None for one in serving):
        least = None
    return least, known[0]["grace"]
