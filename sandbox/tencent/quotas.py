"""Quotas as DescribeQuota names them; settable, because accounts have theirs raised by ticket."""

from typing import TYPE_CHECKING

from sandbox.tencent.errors import ApiError
from sandbox.tencent.registry import CLB, Answer, Call
from sandbox.tencent.store import Store

if TYPE_CHECKING:
    from sandbox.tencent.cloud import Cloud

OPEN = "TOTAL_OPEN_CLB_QUOTA"
INTERNAL = "TOTAL_INTERNAL_CLB_QUOTA"
LISTENERS = "TOTAL_LISTENER_QUOTA"
TARGETS = "TOTAL_TARGET_BIND_QUOTA"

DEFAULTS = {
    OPEN: 100,
    INTERNAL: 100,
    LISTENERS: 50,
    "TOTAL_LISTENER_RULE_QUOTA": 50,
    TARGETS: 200,
    "TOTAL_SNAT_IP_QUOTA": 10,
    "TOTAL_ISP_CLB_QUOTA": 15,
    "TOTAL_FULL_PORT_RANGE_LISTENER_QUOTA": 1,
}


class Quotas:
    def __init__(self, store: Store) -> None:
        self._store = store
        self.limits: dict[str, int] = {**DEFAULTS, **store.setting("quota", {})}

    def set(self, changes: dict[str, int]) -> None:
        """Raise or lower quotas; ValueError for one that does not exist."""
        if unknown := set(changes) - set(DEFAULTS):
            raise ValueError(f"unknown quota {', '.join(sorted(unknown))}")
        self.limits |= changes
        self._store.set("quota", self.limits)

    def check(self, quota: str, wanted: int, what: str) -> None:
        if wanted > self.limits[quota]:
            words = f"{what}: {wanted} would exceed the quota {quota} of {self.limits[quota]}."
            raise ApiError("LimitExceeded", words)


@CLB.action("DescribeQuota", {})
def describe_quota(cloud: "Cloud", call: Call) -> Answer:
    quotas = cloud.quotas.limits.items()
    return {
        "QuotaSet": [
            {"QuotaId": quota, "QuotaCurrent": None, "QuotaLimit": limit} for quota, limit in quotas
        ]
    }
