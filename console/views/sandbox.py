"""The sandbox's switchboard: faults on and off, what was called; only beside a sandbox."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from console import access, activity, faults, sandbox_control
from console.forms import FaultForm, SandboxAccountForm
from console.sandbox_control import SandboxError

CALLS_SHOWN = 25
READS = ("", "get", "list", "watch")
CALLS_SINCE = 600  # seconds


@dataclass(frozen=True)
class FaultRow:
    """A fault as the page shows it: what it does, and how it is switched on now."""

    name: str
    text: str
    on: bool
    detail: str


@dataclass(frozen=True)
class CallRow:
    """A call the sandbox answered, of either half."""

    at: datetime
    what: str
    where: str
    answer: str
    failed: bool
    took_ms: int
    request_id: str


@dataclass(frozen=True)
class Half:
    """One half of the sandbox; `trouble` where it does not answer."""

    name: str
    title: str
    faults: tuple[FaultRow, ...] = ()
    calls: tuple[CallRow, ...] = ()
    quotas: tuple[tuple[str, int], ...] = ()
    account: dict[str, Any] | None = None
    trouble: str = ""


def _only_beside_a_sandbox[**P](view: Callable[P, HttpResponse]) -> Callable[P, HttpResponse]:
    @wraps(view)
    def checked(*args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not sandbox_control.halves():
            raise Http404(_("There is no sandbox beside this podgate."))
        return view(*args, **kwargs)

    return checked


@require_GET
@access.require_role(access.Role.VIEWER)
@_only_beside_a_sandbox
def sandbox(request: HttpRequest) -> HttpResponse:
    everything = request.GET.get("calls") == "all"
    context = {
        "section": "sandbox",
        "everything": everything,
        "halves": [_half(name, everything=everything) for name in sandbox_control.halves()],
        "may_switch": access.has_role(request.user, access.Role.OPERATOR),
    }
    return render(request, "console/sandbox.html", context)


@require_POST
@access.require_role(access.Role.OPERATOR)
@_only_beside_a_sandbox
def fault_on(request: HttpRequest) -> HttpResponse:
    form = FaultForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("This fault cannot be switched on: check what you typed."))
        return redirect("sandbox")
    half, body = form.cleaned_data["half"], form.body()
    return _tell(request, half, "POST", body, verb="fault_on", name=body["fault"])


@require_POST
@access.require_role(access.Role.OPERATOR)
@_only_beside_a_sandbox
def faults_off(request: HttpRequest) -> HttpResponse:
    """Switch off one fault of a half, or all of them."""
    name = request.POST.get("fault", "")[:64]
    body = {"fault": name} if name else None
    half = request.POST.get("half", "")
    verb = "fault_off" if name else "faults_off"
    return _tell(request, half, "DELETE", body, verb=verb, name=name or "all")


@require_POST
@access.require_role(access.Role.OPERATOR)
@_only_beside_a_sandbox
def sandbox_account(request: HttpRequest) -> HttpResponse:
    """Another kind of account, arrears, other quotas: what stands in the way of direct access."""
    form = SandboxAccountForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("This cannot be set: check what you typed."))
        return redirect("sandbox")
    setting, body = form.cleaned_data["setting"], form.body()
    return _tell(request, "tencent", "POST", body, verb="change", name=setting, path=setting)


def _tell(
    request: HttpRequest,
    half: str,
    method: str,
    body: object,
    *,
    verb: str,
    name: str,
    path: str = "faults",
) -> HttpResponse:
    assert request.user.is_authenticated
    try:
        sandbox_control.ask(half, method, path, body)
    except SandboxError as error:
        messages.error(request, str(error))
    else:
        activity.record(request.user, verb, kind="Sandbox", name=name, after=body)
        messages.success(request, _("The sandbox now does as you asked."))
    return redirect("sandbox")


def _half(name: str, *, everything: bool) -> Half:
    title = str(faults.HALVES.get(name, name))
    since = f"calls?since={time.time() - CALLS_SINCE:.0f}"
    try:
        on = {fault["fault"]: fault for fault in sandbox_control.ask(name, "GET", "faults")}
        answered = sandbox_control.ask(name, "GET", since)
        calls = [call for call in answered if everything or _is_write(call)]
        newest = tuple(_call(call) for call in calls[-CALLS_SHOWN:][::-1])
        account = sandbox_control.ask(name, "GET", "account") if name == "tencent" else None
        return Half(name, title, _rows(name, on), newest, _quotas(name), account)
    except SandboxError as error:
        return Half(name, title, trouble=str(error))


def _rows(half: str, on: dict[str, dict[str, Any]]) -> tuple[FaultRow, ...]:
    known = dict(faults.of(half))
    known.update({name: "" for name in on if name not in known})
    return tuple(
        FaultRow(name, str(text), name in on, _detail(on.get(name, {})))
        for name, text in known.items()
    )


def _detail(fault: dict[str, Any]) -> str:
    """ "BatchRegisterTargets, 3 left, struck 2 times"."""
    parts = [str(fault["action"])] if fault.get("action") else []
    if fault.get("times") is not None:
        parts.append(_("%(n)s left") % {"n": fault["times"]})
    if fault.get("seconds") is not None:
        parts.append(_("%(n)s s left") % {"n": round(fault["seconds"])})
    if fault:
        parts.append(_("struck %(n)s times") % {"n": fault.get("struck", 0)})
    return ", ".join(parts)


def _is_write(call: dict[str, Any]) -> bool:
    return bool(call.get("write", call.get("verb", "") not in READS))


def _call(call: dict[str, Any]) -> CallRow:
    """Tencent calls have service and action, Kubernetes ones method, path and cluster."""
    code = call.get("code", "")
    of_tencent = "action" in call
    return CallRow(
        at=datetime.fromtimestamp(call["time"], UTC),
        what=call["action"] if of_tencent else f"{call['method']} {call['path']}",
        where=call.get("service" if of_tencent else "cluster", ""),
        answer=str(code or "OK"),
        failed=bool(code) if of_tencent else int(code) >= 400,
        took_ms=round(call.get("took", 0) * 1000),
        request_id=call.get("id" if of_tencent else "request_id", ""),
    )


def _quotas(half: str) -> tuple[tuple[str, int], ...]:
    if half != "tencent":
        return ()
    try:
        answer = sandbox_control.ask(half, "GET", "quota")
    except SandboxError:
        return ()
    return tuple(sorted(answer.items())) if isinstance(answer, dict) else ()
