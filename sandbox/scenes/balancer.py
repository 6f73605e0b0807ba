"""Scenes of the load balancer: quotas, its subnet, its state, its health check."""

from typing import Any

from sandbox.scenes.scene import (
    HEALED,
    PLAIN,
    ROUTER,
    Control,
    Press,
    Scene,
    forbidden,
    service,
)

PRIVATE = service(subnet="subnet-clb01")
DATAGRAMS = ("UDP", 8125, 8125)
TELEMETRY = {"app": "telemetry"}


def quota(**limits: int) -> tuple[Control, ...]:
    return (Control("quota", limits),)


def marked(**body: Any) -> tuple[Control, ...]:
    return (Control("lb/{lb}", body),)


SCENES = (
    Scene("SubnetUnknown", service=PRIVATE, broken=forbidden("DescribeSubnets"), mended=HEALED),
    Scene("NoSuchSubnet", service=service(subnet="subnet-router-clb01"), mended_service=PRIVATE),
    Scene("SubnetFull", service=service(subnet="subnet-full01"), mended_service=PRIVATE),
    Scene("QuotaUnknown", service=PLAIN, broken=forbidden("DescribeQuota"), mended=HEALED),
    Scene(
        "TargetQuota",
        service=PLAIN,
        broken=quota(TOTAL_TARGET_BIND_QUOTA=2),
        mended=quota(TOTAL_TARGET_BIND_QUOTA=200),
    ),
    Scene(
        "TargetQuotaInRollouts",
        service=PLAIN,
        broken=quota(TOTAL_TARGET_BIND_QUOTA=3),
        mended=quota(TOTAL_TARGET_BIND_QUOTA=200),
    ),
    Scene(
        "ListenerQuota",
        service=service(("TCP", 80, 8080), ("TCP", 81, 9090)),
        broken=quota(TOTAL_LISTENER_QUOTA=1),
        mended=quota(TOTAL_LISTENER_QUOTA=50),
    ),
    Scene(
        "BalancerQuota",
        service=PLAIN,
        broken=quota(TOTAL_OPEN_CLB_QUOTA=0),
        mended=quota(TOTAL_OPEN_CLB_QUOTA=100),
    ),
    Scene(
        "BalancerQuotaUnknown",
        service=PLAIN,
        broken=forbidden("DescribeLoadBalancers"),
        mended=HEALED,
    ),
    Scene(
        "BalancerUnknown",
        service=PLAIN,
        broken=forbidden("DescribeLoadBalancers"),
        mended=HEALED,
        bound=True,
    ),
    Scene(
        "DeletionProtected",
        service=PLAIN,
        broken=marked(delete_protect=True),
        mended=(Press("turn-off-deletion-protection"),),
        bound=True,
    ),
    Scene(
        "BalancerIsolated",
        service=PLAIN,
        broken=marked(isolated=True),
        mended=marked(isolated=False),
        bound=True,
    ),
    Scene(
        "BalancerBanned",
        service=PLAIN,
        broken=marked(banned=True),
        mended=marked(banned=False),
        bound=True,
    ),
    Scene(
        "UdpPing",
        ROUTER,
        service(DATAGRAMS, selector=TELEMETRY),
        mended_service=service(DATAGRAMS, selector=TELEMETRY, check={"checkType": "CUSTOM"}),
    ),
    Scene(
        "HealthCheckOff",
        service=service(check={"enable": False}),
        mended_service=PLAIN,
    ),
)
