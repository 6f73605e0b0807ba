"""The gateway: authenticates, limits, validates, lets faults strike, runs the action, logs it."""

import asyncio
import time
import uuid
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from sandbox.faults import Fault
from sandbox.tencent import shapes
from sandbox.tencent.calls import CallLog, Logged
from sandbox.tencent.cloud import Cloud
from sandbox.tencent.errors import ApiError, in_operating, refuse
from sandbox.tencent.registry import SERVICES, Action, Answer, Call, Service
from sandbox.tencent.signing import Credential, Signed, verify
from sandbox.tencent.tasks import Started
from sandbox.tencent.wire import DROPPED, Reply, Request

PER_SECOND = 20
# What a call takes beside the work it does, in emulated seconds.
NETWORK_SECONDS = 0.02


class RateLimit:
    """20 requests per second and API, as CLB's documents say; in real seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._recent: dict[str, deque[float]] = defaultdict(deque)

    def check(self, action: str) -> None:
        now, recent = self._clock(), self._recent[action]
        while recent and recent[0] <= now - 1:
            recent.popleft()
        if len(recent) >= PER_SECOND:
            raise throttled()
        recent.append(now)


def throttled() -> ApiError:
    words = "Your current request times equals to `21` in a second, which exceeds the frequency "
    return ApiError("RequestLimitExceeded", f"{words}limit `20` for a second. Please retry later.")


class Gateway:
    def __init__(self, cloud: Cloud, keys: Mapping[str, Credential], log: CallLog) -> None:
        self.cloud = cloud
        self.log = log
        self._keys = keys
        self.limit = RateLimit()

    async def reset(self) -> None:
        """Back to the demo world, as if nobody had ever called."""
        await self.cloud.reset()
        self.log.clear()
        self.limit = RateLimit()

    async def answer(self, request: Request) -> Reply:
        """Every answer of the API is HTTP 200; the exceptions are faults."""
        id = str(uuid.uuid4())
        entry = Logged(id=id, time=time.time(), action=request.headers.get("x-tc-action", ""))
        try:
            return await self._answered(request, entry)
        except ApiError as error:
            entry.code = error.code
            refusal = {"Code": error.code, "Message": error.message}
            return Reply({"Response": {"Error": refusal, "RequestId": id}})
        finally:
            entry.took = time.time() - entry.time
            self.log.add(entry)

    async def _answered(self, request: Request, entry: Logged) -> Reply:
        signed = self._signer(request)
        entry.service = signed.service
        service, action = _addressed(request, signed)
        entry.action, entry.write = action.name, action.writes
        params = _params(request)
        entry.params = params
        self.limit.check(action.name)
        self._refuse_by_fault(action, params)
        may_not = action.writes and signed.credential.read_only
        if may_not or self._strike("forbidden", action, params):
            words = f"You are not authorized to perform operation ({service.name}:{action.name})."
            refuse("UnauthorizedOperation", words)
        region = self.cloud.world.tencent["region"]
        if request.headers.get("x-tc-region") != region:
            refuse("UnsupportedRegion", f"The sandbox's account lives in `{region}` only.")
        shapes.check(params, action.table)
        if fault := self._strike("timeout_before", action, params):
            return await self._lost(fault, entry)
        if self._strike("error_500", action, params):
            entry.code = "500"
            return Reply({"message": "Internal Server Error"}, status=500)
        uin = self.cloud.world.tencent["uin"]
        secret_id = signed.credential.secret_id
        call = Call(entry.id, service.name, action.name, params, uin, secret_id)
        answer = await self._run(action, call)
        if fault := self._strike("timeout_after", action, params):
            return await self._lost(fault, entry)
        return Reply({"Response": {**answer, "RequestId": entry.id}})

    def _signer(self, request: Request) -> Signed:
        if request.method != "POST" or request.path != "/":
            refuse("UnsupportedProtocol", "The sandbox takes POST requests to / only.")
        return verify(request.headers, request.body, keys=self._keys, now=time.time())

    async def _run(self, action: Action, call: Call) -> Answer:
        # A connection that breaks does not take back what was asked for: nothing here is cancelled
        # by the caller.
        result = action.run(self.cloud, call)
        if isinstance(result, Started):
            waiting = result.when_done
            result = result.answer if waiting is None else await asyncio.shield(waiting)
        await self.cloud.clock.sleep(NETWORK_SECONDS)
        return result

    def _strike(self, fault: str, action: Action, params: Mapping[str, Any]) -> Fault | None:
        return self.cloud.faults.strike(fault, action.name, params)

    def _refuse_by_fault(self, action: Action, params: Mapping[str, Any]) -> None:
        if self._strike("throttle", action, params):
            raise throttled()
        if action.writes and self._strike("busy", action, params):
            raise in_operating(str(params.get("LoadBalancerId", "The resource")))

    async def _lost(self, fault: Fault, entry: Logged) -> Reply:
        """The caller never learns the answer: a reset at once, or after a silence of `hang` s."""
        entry.code = fault.fault
        if hang := fault.options.get("hang"):
            await asyncio.sleep(hang)
        return DROPPED


def _addressed(request: Request, signed: Signed) -> tuple[Service, Action]:
    service = SERVICES.get(signed.service)
    name, version = request.headers.get("x-tc-action"), request.headers.get("x-tc-version")
    if service is None:
        refuse("InvalidAction", f"The sandbox does not emulate the service `{signed.service}`.")
    for header, value in (("X-TC-Action", name), ("X-TC-Version", version)):
        if not value:
            refuse("MissingParameter", f"The request is missing a required parameter `{header}`.")
    if version != service.version:
        refuse("NoSuchVersion", f"The version `{version}` of `{service.name}` does not exist.")
    action = service.actions.get(name or "")
    if action is None:
        refuse("InvalidAction", f"The action `{name}` of `{service.name}` is invalid.")
    return service, action


def _params(request: Request) -> dict[str, Any]:
    if not request.headers.get("content-type", "").startswith("application/json"):
        refuse("UnsupportedProtocol", "The Content-Type must be application/json.")
    try:
        params = msgspec.json.decode(request.body or b"{}")
    except msgspec.DecodeError:
        params = None
    if not isinstance(params, dict):
        refuse("InvalidParameter", "The request body is not a JSON object.")
    return params
