"""The only builder of Tencent Cloud clients: one `call`, our own retry, the shared limiter.

The SDK's retryer is not used: it sends again after a success whose answer was lost, which for a
write means doing it twice.
"""

import logging
import threading
import time
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from console import doors, secrets
from console.addresses import is_loopback
from console.limiter import Priority, limiter
from console.models import Account

__all__ = [
    "Busy",
    "CloudError",
    "NotFound",
    "Priority",
    "QuotaExceeded",
    "Throttled",
    "call",
    "is_read",
]

logger = logging.getLogger(__name__)
NO_ANSWER = "Tencent Cloud's answer cannot be read."
# Connecting and waiting for the answer together: the lease of a load balancer counts on it.
REQUEST_SECONDS = 5.0
CONNECT_SECONDS = 1.5
# How long a call may wait for its turn before it is told to come back.
PATIENCE_SECONDS = 1.0
# Waits between the attempts of a read; one attempt more than there are waits.
RETRY_WAITS = (0.1, 0.4)
POOL_SIZE = 32

VERSIONS = {
    "clb": "2018-03-17",
    "tke": "2018-05-25",
    "vpc": "2017-03-12",
    "cvm": "2017-03-12",
    "billing": "2018-07-09",
    "sts": "2018-08-13",
}


class CloudError(Exception):
    """What the cloud answered, by its code; code NetworkError when no answer came."""

    def __init__(self, code: str, message: str, request_id: str = "") -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.request_id = request_id


class Busy(CloudError):
    """The load balancer is in another task: come back."""


class Throttled(CloudError):
    """Too many requests, ours or the cloud's verdict: come back after `retry_after` seconds."""

    def __init__(
        self, code: str, message: str, request_id: str = "", retry_after: float = 1.0
    ) -> None:
        super().__init__(code, message, request_id)
        self.retry_after = retry_after


class NotFound(CloudError):
    pass


class QuotaExceeded(CloudError):
    """A quota, the balance, or a subnet's addresses are used up."""


_CODES: dict[str, type[CloudError]] = {
    "FailedOperation.ResourceInOperating": Busy,
    "FailedOperation.InvalidLBStatus": Busy,
    "ResourceInUse": Busy,
    "ResourceNotFound": NotFound,
    "InvalidParameter.LBIdNotFound": NotFound,
    "InvalidParameter.ListenerIdNotFound": NotFound,
    "InvalidParameter.LocationNotFound": NotFound,
    "InvalidParameter.ClusterNotFound": NotFound,
    "InternalError.ClusterNotFound": NotFound,
    "FailedOperation.InsufficientBalance": QuotaExceeded,
    "LimitExceeded": QuotaExceeded,
    "ResourceInsufficient": QuotaExceeded,
    "ResourcesSoldOut": QuotaExceeded,
    "RequestLimitExceeded": Throttled,
}
# No word on what was asked: worth asking again at once, when asking changes nothing.
NO_VERDICT = {"NetworkError", "InternalError"}
_READS = ("Describe", "Get", "List", "Check", "Query", "Inquiry")


def is_read(action: str) -> bool:
    return action.startswith(_READS)


def error_for(code: str, message: str, request_id: str = "") -> CloudError:
    """The error of a code; a subcode (`LimitExceeded.X`) falls under its main code."""
    kind = _CODES.get(code) or _CODES.get(code.partition(".")[0], CloudError)
    return kind(code, message, request_id)


def call(
    account: Account,
    service: str,
    action: str,
    params: dict[str, Any] | None = None,
    *,
    priority: Priority = Priority.INVENTORY,
) -> dict[str, Any]:
    """The `Response` of one API call, with its RequestId.

    Reads are tried again after a passing error; a write is sent exactly once, whatever happens.
    """
    waits = RETRY_WAITS if is_read(action) else ()
    started = time.monotonic()
    for wait in waits:
        try:
            return _once(account, service, action, params or {}, priority)
        except CloudError as error:
            passing = error.code.partition(".")[0] in NO_VERDICT
            if not passing or time.monotonic() - started >= REQUEST_SECONDS:
                raise
        time.sleep(wait)
    return _once(account, service, action, params or {}, priority)


def caller_uin(account: Account) -> str:
    """Uin of the main account these keys belong to, as the cloud itself says."""
    return str(call(account, "sts", "GetCallerIdentity").get("AccountId", ""))


def _once(
    account: Account, service: str, action: str, params: dict[str, Any], priority: Priority
) -> dict[str, Any]:
    _wait_for_turn(f"{account.uin}:{service}:{action}", priority)
    started = time.monotonic()
    failure: CloudError | None = None
    answer: dict[str, Any] = {}
    try:
        answer = _send(account, service, action, params)
    except CloudError as error:
        failure = error
    doors.tell(
        doors.Call(
            door="tencent",
            action=action,
            write=not is_read(action),
            request_id=failure.request_id if failure else str(answer.get("RequestId", "")),
            took=time.monotonic() - started,
            ok=failure is None,
            code=failure.code if failure else "",
        )
    )
    if failure:
        raise failure
    return answer


def _wait_for_turn(key: str, priority: Priority) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        turn = limiter().turn(key, priority)
        if turn.granted:
            time.sleep(turn.seconds)
            return
        if time.monotonic() + turn.seconds > deadline:
            raise Throttled(
                "RequestLimitExceeded.Local",
                f"{key.rpartition(':')[2]} waits for its turn within the account's rate limit",
                retry_after=turn.seconds,
            )
        time.sleep(turn.seconds)


def _send(account: Account, service: str, action: str, params: dict[str, Any]) -> dict[str, Any]:
    with doors.importing:
        from requests import RequestException
        from tencentcloud.common.exception import TencentCloudSDKException

    keys = account.secret_id, account.secret_key
    try:
        client = _client(service, account.region, account.endpoint, *keys)
    except secrets.Unreadable as error:
        raise CloudError("UnreadableSecret", str(error)) from None
    try:
        answer: dict[str, Any] = client.call_json(action, params)["Response"]
    except TencentCloudSDKException as error:
        code = error.get_code() or "NetworkError"
        message = secrets.scrub(_text(error.get_message()))
        if code in {"ClientNetworkError", "ServerNetworkError"}:
            logger.info("%s: %s", action, message)
            code, message = "NetworkError", _unanswered(code, error.__context__)
        raise error_for(code, message, error.get_request_id() or "") from None
    except (RequestException, ValueError, KeyError, TypeError) as error:
        # The answer broke off, or is not what the API's answers look like.
        logger.info("%s: %s", action, secrets.scrub(str(error)))
        raise CloudError("NetworkError", NO_ANSWER) from None
    return answer


def _unanswered(code: str, cause: BaseException | None) -> str:
    """Why there is no answer of the API, in words; the cause is `requests`' own."""
    with doors.importing:
        from requests import ConnectTimeout, Timeout

    if code == "ServerNetworkError":
        return f"Tencent Cloud answers HTTP {_last.status}."
    if isinstance(cause, Timeout) and not isinstance(cause, ConnectTimeout):
        return f"Tencent Cloud has not answered within {REQUEST_SECONDS:.0f} s."
    return "Tencent Cloud cannot be reached."


class _Last(threading.local):
    """The status line of this thread's last answer: the SDK keeps it to itself."""

    status = ""

    def note(self, response: Any, **_: Any) -> None:
        self.status = f"{response.status_code} ({response.reason})"


_last = _Last()


def _text(message: object) -> str:
    return message.decode(errors="replace") if isinstance(message, bytes) else str(message or "")


@lru_cache(maxsize=256)
def _client(service: str, region: str, endpoint: str, secret_id: str, secret_key: str) -> Any:
    """One client per service, account and region; the secrets come encrypted, as they are kept."""
    # Imported when first needed: the SDK is large, and most processes' pages do without it.
    with doors.importing:
        from requests.adapters import HTTPAdapter
        from tencentcloud.common.common_client import CommonClient
        from tencentcloud.common.credential import Credential
        from tencentcloud.common.profile.client_profile import ClientProfile
        from tencentcloud.common.profile.http_profile import HttpProfile

    address = urlsplit(endpoint)
    http = HttpProfile(
        protocol=address.scheme or "https",
        endpoint=address.netloc or None,
        reqTimeout=(CONNECT_SECONDS, REQUEST_SECONDS - CONNECT_SECONDS),
        keepAlive=True,
    )
    credential = Credential(secrets.decrypt(secret_id), secrets.decrypt(secret_key))
    profile = ClientProfile(httpProfile=http, language="en-US")
    client = CommonClient(service, VERSIONS[service], credential, region, profile)
    session = client.request.conn._session
    adapter = HTTPAdapter(pool_connections=4, pool_maxsize=POOL_SIZE)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    session.hooks["response"].append(_last.note)
    if is_loopback(address.hostname or ""):
        # The sandbox is never behind the environment's proxy.
        session.trust_env = False
        client.request.conn.proxy = None
    return client
