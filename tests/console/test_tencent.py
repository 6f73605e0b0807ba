import json
import time
from typing import Any

import pytest

from console import doors, secrets, tencent
from console.models import Account
from console.tencent import Busy, CloudError, NotFound, QuotaExceeded, Throttled
from tests.console.servers import Server, hangs_up, is_silent, says, serving

KEY = "hush-hush"


def account(server: Server, uin: str = "1") -> Account:
    return Account(
        name="shop",
        uin=f"{uin}-{server.url}",
        region="ap-guangzhou",
        endpoint=server.url,
        secret_id=secrets.encrypt("AKIDexample"),
        secret_key=secrets.encrypt(KEY),
    )


def response(**fields: Any) -> Any:
    return says({"Response": {"RequestId": "req-1", **fields}})


def failure(code: str, message: str = "because") -> Any:
    return response(Error={"Code": code, "Message": message})


def test_a_call_is_signed_and_returns_the_response() -> None:
    with serving(response(TotalCount=2)) as server:
        answer = tencent.call(account(server), "clb", "DescribeLoadBalancers", {"Limit": 5})
        request = server.asked[0]
    assert answer == {"RequestId": "req-1", "TotalCount": 2}
    assert request.json == {"Limit": 5}
    assert request.headers["X-TC-Action"] == "DescribeLoadBalancers"
    assert request.headers["X-TC-Version"] == "2018-03-17"
    assert request.headers["X-TC-Region"] == "ap-guangzhou"
    assert request.headers["Authorization"].startswith("TC3-HMAC-SHA256 Credential=AKIDexample/")
    assert "/clb/tc3_request" in request.headers["Authorization"]


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("FailedOperation.ResourceInOperating", Busy),
        ("FailedOperation", CloudError),
        ("RequestLimitExceeded", Throttled),
        ("RequestLimitExceeded.UinLimitExceeded", Throttled),
        ("InvalidParameter.LBIdNotFound", NotFound),
        ("InvalidParameter.ListenerIdNotFound", NotFound),
        ("ResourceNotFound", NotFound),
        ("InvalidParameter.FormatError", CloudError),
        ("LimitExceeded", QuotaExceeded),
        ("LimitExceeded.Something", QuotaExceeded),
        ("ResourceInsufficient", QuotaExceeded),
        ("FailedOperation.InsufficientBalance", QuotaExceeded),
        ("AuthFailure.SignatureFailure", CloudError),
        ("UnauthorizedOperation", CloudError),
    ],
)
def test_errors_are_told_apart_by_code_never_by_text(code: str, error: type[CloudError]) -> None:
    answer = failure(code, "LB not exist, quota, busy")
    with serving(answer) as server, pytest.raises(error) as caught:
        tencent.call(account(server), "clb", "CreateListener")
    assert type(caught.value) is error
    assert (caught.value.code, caught.value.request_id) == (code, "req-1")


@pytest.mark.parametrize(
    "lost",
    [hangs_up, says(b"oops", 500), says(b"{"), says({"Nothing": 1}), says(b"[]")],
    ids=["hung up", "status 500", "no json", "no Response", "a list"],
)
def test_a_write_without_a_usable_answer_is_never_sent_again(lost: Any) -> None:
    with serving(lost) as server:
        with pytest.raises(CloudError) as caught:
            tencent.call(account(server), "clb", "CreateLoadBalancer")
        assert len(server.asked) == 1
    assert caught.value.code == "NetworkError"


@pytest.mark.parametrize("code", ["InternalError", "RequestLimitExceeded", "FailedOperation"])
def test_a_write_that_failed_is_never_sent_again(code: str) -> None:
    with serving(failure(code)) as server:
        with pytest.raises(CloudError):
            tencent.call(account(server), "clb", "BatchRegisterTargets")
        assert len(server.asked) == 1


def test_a_read_is_tried_again_after_a_passing_error() -> None:
    with serving(hangs_up, failure("InternalError"), response(TotalCount=1)) as server:
        answer = tencent.call(account(server), "clb", "DescribeLoadBalancers")
        assert len(server.asked) == 3
    assert answer["TotalCount"] == 1


def test_a_read_gives_up_after_three_attempts() -> None:
    with serving(failure("InternalError")) as server:
        with pytest.raises(CloudError):
            tencent.call(account(server), "clb", "DescribeTargets")
        assert len(server.asked) == 3


def test_a_read_that_is_wrong_is_not_tried_again() -> None:
    with serving(failure("InvalidParameter")) as server:
        with pytest.raises(CloudError):
            tencent.call(account(server), "clb", "DescribeTargets")
        assert len(server.asked) == 1


def test_nobody_there_is_a_network_error() -> None:
    with serving(says({})) as server:
        gone = account(server)
    with pytest.raises(CloudError) as caught:
        tencent.call(gone, "clb", "CreateListener")
    assert caught.value.code == "NetworkError"


def test_an_answer_that_is_none_of_the_apis_is_said_in_words() -> None:
    with serving(says({"message": "Internal Server Error"}, 502)) as server:
        with pytest.raises(CloudError) as caught:
            tencent.call(account(server), "clb", "CreateListener")
        gone = account(server)
    assert caught.value.message == "Tencent Cloud answers HTTP 502 (Bad Gateway)."
    with pytest.raises(CloudError) as caught:
        tencent.call(gone, "clb", "CreateListener")
    assert caught.value.message == "Tencent Cloud cannot be reached."


def test_a_write_gives_up_within_the_time_a_lease_counts_on() -> None:
    with serving(response(), is_silent) as server:
        # The SDK is read at the first call.
        tencent.call(account(server), "clb", "DescribeQuota")
        started = time.monotonic()
        with pytest.raises(CloudError) as caught:
            tencent.call(account(server), "clb", "CreateListener")
        assert time.monotonic() - started < tencent.REQUEST_SECONDS + 1
        assert len(server.asked) == 2
    assert caught.value.code == "NetworkError"
    assert caught.value.message == "Tencent Cloud has not answered within 5 s."


def test_no_secret_is_in_any_error() -> None:
    answer = failure("AuthFailure", f'{{"secret_key": "{KEY}"}} AKIDexample99')
    with serving(answer) as server, pytest.raises(CloudError) as caught:
        tencent.call(account(server), "clb", "CreateListener")
    assert KEY not in str(caught.value)
    assert "AKIDexample99" not in str(caught.value)


def test_calls_are_told_with_their_request_ids_failed_ones_too() -> None:
    with serving(response(), failure("LimitExceeded")) as server, doors.recording() as calls:
        tencent.call(account(server), "clb", "DescribeQuota")
        with pytest.raises(QuotaExceeded):
            tencent.call(account(server), "clb", "CreateListener")
    assert [(c.door, c.action, c.write, c.ok, c.code, c.request_id) for c in calls] == [
        ("tencent", "DescribeQuota", False, True, "", "req-1"),
        ("tencent", "CreateListener", True, False, "LimitExceeded", "req-1"),
    ]


def test_a_crash_after_a_write_comes_through_as_it_is() -> None:
    class Crash(BaseException):
        pass

    def crash(call: doors.Call) -> None:
        raise Crash

    with serving(response()) as server:
        with pytest.raises(Crash), doors.listening(crash):
            tencent.call(account(server), "clb", "CreateListener")
        assert len(server.asked) == 1


def test_calls_above_the_rate_are_held_back_before_the_cloud_sees_them() -> None:
    with serving(response()) as server:
        caller = account(server, uin=f"rate-{time.monotonic()}")
        started = time.monotonic()
        throttled: Throttled | None = None
        while throttled is None and time.monotonic() < started + 20:
            try:
                tencent.call(caller, "clb", "DeleteListener", priority=tencent.Priority.WEIGHT_ZERO)
            except Throttled as error:
                throttled = error
            if len(server.asked) >= 30:
                break
        passed = time.monotonic() - started
        assert len(server.asked) <= 3 + 16 * passed + 1


def test_the_body_is_json_as_the_api_expects_it() -> None:
    with serving(response()) as server:
        tencent.call(account(server), "clb", "CreateListener", {"Ports": [80], "Name": "α"})
        assert json.loads(server.asked[0].body) == {"Ports": [80], "Name": "α"}
        assert server.asked[0].headers["Content-Type"] == "application/json"
