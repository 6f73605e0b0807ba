"""Who am I: the account behind the keys."""

from sandbox.tencent.cloud import Cloud
from sandbox.tencent.registry import STS, Answer, Call


@STS.action("GetCallerIdentity", {})
def get_caller_identity(cloud: Cloud, call: Call) -> Answer:
    return {
        "Arn": f"qcs::cam::uin/{call.uin}:uin/{call.uin}",
        "AccountId": call.uin,
        "UserId": call.uin,
        "PrincipalId": call.uin,
        "Type": "CAMUser",
    }
