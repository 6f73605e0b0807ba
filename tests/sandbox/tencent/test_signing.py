"""API 3.0, signature v3 (TC3-HMAC-SHA256): who may come in, and with which code one may not."""

import http.client
import json
import time
from contextlib import closing
from urllib.parse import urlsplit

import pytest

from sandbox.tencent.errors import ApiError
from sandbox.tencent.signing import Credential, verify
from tests.sandbox.tencent.half import Document, Half, Refused, send

NOW = 1_700_000_000


def raw(cloud: Half, headers: dict[str, str], body: str = "{}") -> tuple[int, str | None, Document]:
    place = urlsplit(cloud.world.tencent["endpoint"])
    with closing(http.client.HTTPConnection(place.hostname or "", place.port)) as asked:
        asked.request("POST", "/", body, headers)
        answer = asked.getresponse()
        return answer.status, answer.headers["Content-Type"], json.loads(answer.read())["Response"]


def test_the_sdk_is_let_in_and_told_whose_account_it_is(cloud: Half) -> None:
    assert cloud.call("sts", "GetCallerIdentity")["AccountId"] == "100012345678"


def test_a_wrong_key_is_a_signature_failure(cloud: Half) -> None:
    with pytest.raises(Refused) as refused:
        send(cloud.client("clb", secret_key="wrong"), "DescribeQuota", {})
    assert refused.value.code == "AuthFailure.SignatureFailure"
    assert refused.value.request_id


def test_an_unknown_key_is_not_found(cloud: Half) -> None:
    with pytest.raises(Refused) as refused:
        send(cloud.client("clb", secret_id="AKIDnobody"), "DescribeQuota", {})
    assert refused.value.code == "AuthFailure.SecretIdNotFound"


def test_a_cam_user_without_the_right_is_not_authorized(cloud: Half) -> None:
    facts = cloud.world.tencent
    reader = cloud.client(
        "clb",
        secret_id=facts["readonly_secret_id"],
        secret_key=facts["readonly_secret_key"],
    )
    assert send(reader, "DescribeLoadBalancers", {})["TotalCount"] == 0
    with pytest.raises(Refused) as refused:
        send(reader, "CreateLoadBalancer", {"LoadBalancerType": "OPEN"})
    assert refused.value.code == "UnauthorizedOperation"


def test_errors_are_http_200_with_exactly_application_json(cloud: Half) -> None:
    """The SDK silently drops an error whose content type carries a charset."""
    status, content_type, response = raw(cloud, {"Content-Type": "application/json"})
    assert (status, content_type) == (200, "application/json")
    assert response["Error"]["Code"] == "AuthFailure.InvalidAuthorization"
    assert response["RequestId"]


def headers(timestamp: int) -> dict[str, str]:
    date = time.strftime("%Y-%m-%d", time.gmtime(timestamp))
    return {
        "host": "127.0.0.1",
        "content-type": "application/json",
        "x-tc-timestamp": str(timestamp),
        "authorization": f"TC3-HMAC-SHA256 Credential=AKID/{date}/clb/tc3_request,"
        f" SignedHeaders=content-type;host, Signature={'0' * 64}",
    }


@pytest.mark.parametrize("skew", [-301, 301])
def test_a_timestamp_more_than_five_minutes_off_has_expired(skew: int) -> None:
    keys = {"AKID": Credential("AKID", "key")}
    with pytest.raises(ApiError) as refused:
        verify(headers(NOW + skew), b"{}", keys=keys, now=NOW)
    assert refused.value.code == "AuthFailure.SignatureExpire"


def test_a_changed_body_breaks_the_signature() -> None:
    keys = {"AKID": Credential("AKID", "key")}
    with pytest.raises(ApiError) as refused:
        verify(headers(NOW), b'{"a": 1}', keys=keys, now=NOW)
    assert refused.value.code == "AuthFailure.SignatureFailure"


def test_a_missing_timestamp_is_a_missing_parameter() -> None:
    given = headers(NOW)
    del given["x-tc-timestamp"]
    with pytest.raises(ApiError) as refused:
        verify(given, b"{}", keys={}, now=NOW)
    assert refused.value.code == "MissingParameter"
