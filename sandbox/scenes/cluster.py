"""Scenes of what holds for a cluster or the account."""

from sandbox.scenes.scene import (
    CILIUM,
    HEALED,
    OLD,
    PLAIN,
    ROUTER,
    VPC_CNI,
    Control,
    Scene,
    Told,
    forbidden,
    service,
    unread,
)

NO_BALANCER = service(claim="")
OWES = Control("arrears", {"on": True})
PAID = Control("arrears", {"on": False})
TKE = Told("binder", "tke", "the cluster is registered with binder = tke")
CONSOLE = Told("binder", "console", "with binder = console")


def says(cluster: str = VPC_CNI, **changes: str) -> Control:
    return Control("cluster", {"id": cluster, **changes})


SCENES = (
    Scene(
        "KubernetesVersionUnknown",
        broken=(Told("kubernetes_version", "", "the cluster was registered this moment"),),
        mended=(Told("kubernetes_version", "v1.30.0-tke.1", "its API server has answered"),),
        mode="VPC-CNI",
    ),
    Scene("KubernetesTooOld", OLD, PLAIN, mended_service=NO_BALANCER),
    Scene("CiliumOverlay", CILIUM, PLAIN, mended_service=NO_BALANCER),
    Scene(
        "AddOnUnsupported",
        service=PLAIN,
        broken=(says(network_type="CiliumBGP"),),
        mended=(says(network_type=""),),
    ),
    Scene(
        "AddOnUnknown",
        service=PLAIN,
        broken=(
            *forbidden("DescribeClusters"),
            Told("facts", {}, "the cluster was registered this moment"),
        ),
        mended=HEALED,
    ),
    Scene("NotVpcCni", ROUTER, mode="VPC-CNI", mended=(says(ROUTER, vpc_cni="on"),)),
    Scene("NotGlobalRouter", mode="GlobalRouter", mended_cluster=ROUTER),
    Scene("TkeControllerPresent", ROUTER, service(claim="class"), mended_service=service()),
    Scene(
        "ServerlessNotHeadless",
        service=PLAIN,
        broken=(says(type="EKS_CLUSTER"),),
        mended_service=service(headless=True),
        after=(says(type=""),),
    ),
    Scene("NotClaimed", service=service(claim="tke"), mended_service=service(claim="class")),
    Scene("TkeBinds", service=PLAIN, broken=(TKE,), mended=(CONSOLE,)),
    Scene(
        "ClusterIsolated",
        service=PLAIN,
        broken=(says(status="Isolated"),),
        mended=(says(status="Running"),),
    ),
    Scene("AccountInArrears", service=PLAIN, broken=(OWES,), mended=(PAID,)),
    Scene("AccountInArrearsSoon", service=PLAIN, broken=(OWES,), mended=(PAID,), bound=True),
    unread("ArrearsUnknown", "DescribeAccountBalance"),
)
