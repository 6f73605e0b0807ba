"""The control API of this half: faults, the call log, a new beginning. No password."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from sandbox.faults import Faults
from sandbox.kubernetes.calls import Calls
from sandbox.kubernetes.http import JSON, Request, Response
from sandbox.kubernetes.store import Store

PREFIX = "/_sandbox/"


@dataclass(frozen=True)
class Control:
    faults: Faults
    calls: Calls
    stores: tuple[Store, ...]
    reset: Callable[[], Awaitable[None]]

    async def handle(self, request: Request) -> Response:
        word, _, rest = request.path.removeprefix(PREFIX).partition("/")
        try:
            return _answer(await self._act(request.method, word, rest, request))
        except LookupError:
            return _answer({"message": "no such control"}, 404)
        except (ValueError, TypeError, msgspec.MsgspecError) as error:
            return _answer({"message": f"bad request: {error}"}, 400)

    async def _act(self, method: str, word: str, rest: str, request: Request) -> Any:
        match method, word:
            case "GET", "healthz":
                return {"ok": True}
            case "GET", "faults":
                return self.faults.listed()
            case "POST", "faults":
                fault = self.faults.switch_on(msgspec.json.decode(request.body))
                self._wake_watches()
                return {"id": fault.id}
            case "DELETE", "faults":
                self.faults.switch_off(rest or None)
                self._wake_watches()
                return {"ok": True}
            case "GET", "calls":
                return self.calls.since(float(request.query.get("since", 0)))
            case "POST", "reset":
                self.faults.switch_off()
                await self.reset()
                self.calls.clear()
                return {"ok": True}
        raise LookupError(word)

    def _wake_watches(self) -> None:
        for store in self.stores:
            store.hub.nudge()


def _answer(body: Any, code: int = 200) -> Response:
    return Response(code, msgspec.json.encode(body), JSON)
