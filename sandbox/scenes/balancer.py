"""Scenes of the load balancer: quotas, its subnet, its state, its health check."""

from sandbox.scenes.scene import (
    PLAIN,
    ROUTER,
    Control,
    Object,
    Press,
    Scene,
    Step,
    service,
    unread,
)

PRIVATE = service(subnet="subnet-clb01")
HTTP = ("TCP", 80, 8080)
DATAGRAMS = ("UDP", 8125, 8125)
TELEMETRY = {"app": "telemetry"}


def limited(
    code: str, quota: str, few: int, enough: int, asked: tuple[Object, ...] = PLAIN
) -> Scene:
    """A quota that is too small, and raised."""
    broken, mended = Control("quota", {quota: few}), Control("quota", {quota: enough})
    return Scene(code, service=asked, broken=(broken,), mended=(mended,))


def marked(code: str, mark: str, fix: Step | None = None) -> Scene:
    """What the API says of a load balancer that is there, and says no more."""
    broken, healed = Control("lb/{lb}", {mark: True}), Control("lb/{lb}", {mark: False})
    return Scene(code, service=PLAIN, broken=(broken,), mended=(fix or healed,), bound=True)


SCENES = (
    unread("SubnetUnknown", "DescribeSubnets", service=PRIVATE),
    Scene("NoSuchSubnet", service=service(subnet="subnet-router-clb01"), mended_service=PRIVATE),
    Scene("SubnetFull", service=service(subnet="subnet-full01"), mended_service=PRIVATE),
    unread("QuotaUnknown", "DescribeQuota"),
    limited("TargetQuota", "TOTAL_TARGET_BIND_QUOTA", 2, 200),
    limited("TargetQuotaInRollouts", "TOTAL_TARGET_BIND_QUOTA", 3, 200),
    limited("ListenerQuota", "TOTAL_LISTENER_QUOTA", 1, 50, service(HTTP, ("TCP", 81, 9090))),
    limited("BalancerQuota", "TOTAL_OPEN_CLB_QUOTA", 0, 100),
    unread("BalancerQuotaUnknown", "DescribeLoadBalancers"),
    unread("BalancerUnknown", "DescribeLoadBalancers", bound=True),
    marked("DeletionProtected", "delete_protect", Press("turn-off-deletion-protection")),
    marked("BalancerIsolated", "isolated"),
    marked("BalancerBanned", "banned"),
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
