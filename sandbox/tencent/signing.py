"""TC3-HMAC-SHA256: who signed this request, and was it them (docs: API 3.0 signature v3).

The canonical request is rebuilt from what came over the wire; nothing is taken on trust.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sandbox.tencent.errors import ApiError, refuse

ALGORITHM = "TC3-HMAC-SHA256"
TOLERANCE = 300
AUTHORIZATION = re.compile(
    rf"{ALGORITHM} Credential=(?P<id>[^/,\s]+)/(?P<date>\d{{4}}-\d\d-\d\d)/(?P<service>[a-z0-9]+)"
    r"/tc3_request, ?SignedHeaders=(?P<headers>[a-z0-9;-]+), ?Signature=(?P<signature>[0-9a-f]{64})"
)


@dataclass(frozen=True)
class Credential:
    """A key pair of the account, and whether it may change anything."""

    secret_id: str
    secret_key: str
    read_only: bool = False


@dataclass(frozen=True)
class Signed:
    """What a verified signature proves: whose key, for which service."""

    credential: Credential
    service: str


def verify(
    headers: Mapping[str, str],
    body: bytes,
    *,
    keys: Mapping[str, Credential],
    now: float,
) -> Signed:
    """The signer of this POST, or the AuthFailure the real gateway answers with."""
    parts = AUTHORIZATION.fullmatch(headers.get("authorization", ""))
    if not parts:
        refuse("AuthFailure.InvalidAuthorization", "The Authorization header is not valid.")
    timestamp = _timestamp(headers, now=now, date=parts["date"])
    credential = keys.get(parts["id"])
    if credential is None:
        refuse("AuthFailure.SecretIdNotFound", "The SecretId is not found, please check it.")
    canonical = _canonical(headers, parts["headers"], body)
    scope = f"{parts['date']}/{parts['service']}/tc3_request"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    to_sign = f"{ALGORITHM}\n{timestamp}\n{scope}\n{digest}"
    expected = _signature(credential.secret_key, parts["date"], parts["service"], to_sign)
    if not hmac.compare_digest(expected, parts["signature"]):
        refuse(
            "AuthFailure.SignatureFailure",
            "The provided credentials could not be validated. "
            "Please check your signature is correct.",
        )
    return Signed(credential, parts["service"])


def sign(host: str, service: str, body: bytes, *, credential: Credential, now: float) -> str:
    """The Authorization header of a caller's own request, whose other headers it names."""
    date = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%d")
    names = "content-type;host"
    headers = {"content-type": "application/json", "host": host}
    digest = hashlib.sha256(_canonical(headers, names, body).encode()).hexdigest()
    scope = f"{date}/{service}/tc3_request"
    to_sign = f"{ALGORITHM}\n{int(now)}\n{scope}\n{digest}"
    signature = _signature(credential.secret_key, date, service, to_sign)
    who = f"Credential={credential.secret_id}/{scope}"
    return f"{ALGORITHM} {who}, SignedHeaders={names}, Signature={signature}"


def _timestamp(headers: Mapping[str, str], *, now: float, date: str) -> int:
    value = headers.get("x-tc-timestamp")
    if value is None:
        raise ApiError(
            "MissingParameter", "The request is missing a required parameter `X-TC-Timestamp`."
        )
    if not value.isascii() or not value.isdigit():
        refuse("InvalidParameter", "The value type of parameter `X-TC-Timestamp` is not valid.")
    timestamp = int(value)
    if abs(now - timestamp) > TOLERANCE:
        refuse(
            "AuthFailure.SignatureExpire",
            "Signature expired. The difference between the timestamp and the server time "
            "is more than five minutes.",
        )
    if datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%d") != date:
        refuse("AuthFailure.InvalidAuthorization", "The date of the credential scope is not valid.")
    return timestamp


def _canonical(headers: Mapping[str, str], signed: str, body: bytes) -> str:
    names = signed.split(";")
    if not {"content-type", "host"} <= set(names) or any(name not in headers for name in names):
        refuse("AuthFailure.InvalidAuthorization", "`content-type` and `host` must be signed.")
    lines = "".join(f"{name}:{headers[name].strip().lower()}\n" for name in names)
    if headers.get("x-tc-content-sha256") == "UNSIGNED-PAYLOAD":
        body = b"UNSIGNED-PAYLOAD"
    return f"POST\n/\n\n{lines}\n{signed}\n{hashlib.sha256(body).hexdigest()}"


def _signature(secret_key: str, date: str, service: str, to_sign: str) -> str:
    key = f"TC3{secret_key}".encode()
    for part in (date, service, "tc3_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, to_sign.encode(), "sha256").hex()
