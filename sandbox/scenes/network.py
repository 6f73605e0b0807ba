"""Scenes of VPC-CNI, GlobalRouter and security groups."""

from sandbox.kubernetes.demo.manifests import ENI_IP
from sandbox.scenes.balancer import marked
from sandbox.scenes.cluster import TKE, says
from sandbox.scenes.scene import (
    HEALED,
    HEALED_KUBERNETES,
    PLAIN,
    ROUTER,
    SWITCHES,
    Apply,
    Control,
    Delete,
    Press,
    Scene,
    Step,
    Told,
    forbidden,
    on,
    refused,
    switches,
    unread,
    workload,
)

ENIS = ("eni-eni01", "eni-eni02")
DEMO = {"ccn": "ccn-shop0001", "of": ROUTER}
OURS = DEMO | {"instance": "vpc-router01", "type": "VPC"}
THEIRS = DEMO | {"instance": "dcg-office01"}
MIXED, UNMIXED = says(network_type="GR"), says(network_type="")
OPEN = Press("open-security-group")
REGISTER = Press("register-ccn")


def every(path: str, ids: tuple[str, ...], **body: bool) -> tuple[Control, ...]:
    return tuple(Control(path, {"id": id, **body}) for id in ids)


def _half_asked(words: str, *, complete: bool) -> Apply:
    """A Pod of a mixed cluster with the annotation, and with or without the resource."""
    made, template = workload("half-asked")
    if not complete:
        for part in template["spec"]["containers"][0]["resources"].values():
            part.pop(ENI_IP)
    return Apply(made, words)


VPC_CNI_SCENES = (
    Scene("VpcCniOff", service=PLAIN, broken=(says(vpc_cni="off"),), mended=(says(vpc_cni="on"),)),
    Scene(
        "VpcCniEnabling",
        service=PLAIN,
        broken=(says(vpc_cni="enabling"),),
        mended=(says(vpc_cni="on"),),
    ),
    Scene(
        "VpcCniFailed",
        service=PLAIN,
        broken=(says(vpc_cni="failed", error="the subnets have too few IPs"),),
        mended=(says(vpc_cni="on", error=""),),
    ),
    unread("VpcCniUnknown", "DescribeIPAMD"),
    Scene(
        "EniRequestIncomplete",
        service=on("half-asked"),
        broken=(MIXED, _half_asked("the annotation without the resource eni-ip", complete=False)),
        mended=(_half_asked("with the resource too", complete=True),),
        after=(UNMIXED,),
    ),
    Scene(
        "PodNotOnEni",
        service=PLAIN,
        broken=every("interface", ENIS, attached=False),
        mended=every("interface", ENIS, attached=True),
    ),
    Scene(
        "NodeAddress",
        service=PLAIN,
        broken=every("interface", ENIS, primary=True),
        mended=every("interface", ENIS, primary=False),
    ),
    unread("EniUnknown", "DescribeNetworkInterfaces"),
    Scene(
        "EniSubnetsFull",
        service=PLAIN,
        broken=every("subnet", ("subnet-eni01", "subnet-eni02"), used_up=True),
        mended=every("subnet", ("subnet-eni01", "subnet-eni02"), used_up=False),
    ),
)


def router(code: str, *broken: Step, mended: tuple[Step, ...], bound: bool = False) -> Scene:
    return Scene(code, ROUTER, PLAIN, broken, mended, bound=bound)


SWITCH_OFF = switches(GlobalRouteDirectAccess="false")
SWITCH = Press("enable-global-route-direct-access")
ROUTER_SCENES = (
    router(
        "LegacyAccount",
        Control("account_type", {"type": "LEGACY"}),
        mended=(Control("account_type", {"type": "STANDARD"}),),
    ),
    unread("AccountTypeUnknown", "DescribeNetworkAccountType", cluster=ROUTER),
    router("GlobalRouteSwitchOff", SWITCH_OFF, TKE, mended=(SWITCH,)),
    router("GlobalRouteSwitchOffForTke", SWITCH_OFF, mended=(SWITCH,)),
    router(
        "GlobalRouteSwitchMissing",
        Delete("ConfigMap", SWITCHES, "kube-system"),
        mended=(switches(),),
    ),
    router("GlobalRouteSwitchUnknown", *refused("get", "ConfigMap"), mended=HEALED_KUBERNETES),
    router(
        "TkeControllerTooOld",
        TKE,
        switches(VERSION="v1.5.9"),
        mended=(switches(),),
    ),
    router(
        "CcnNotAttached",
        Control("ccn", {"id": "ccn-shop0001", "detach": "vpc-router01"}),
        mended=(Press("attach-ccn", {"ccn": "ccn-shop0001"}),),
    ),
    router(
        "CcnNotReady",
        Control("ccn", {"id": "ccn-shop0001", "state": "ISOLATED"}),
        mended=(Control("ccn", {"id": "ccn-shop0001", "state": "AVAILABLE"}),),
    ),
    unread("CcnUnknown", "DescribeCcnRoutes", cluster=ROUTER),
    router(
        "TicketRoute",
        Told("ticket_route", True, "Basic Information, CCN: declare the route by ticket"),
        mended=(REGISTER, Told("ticket_route", False, "withdraw the declaration")),
    ),
    router("CcnNotRegistered", Control("ccn_route", OURS, "DELETE"), mended=(REGISTER,)),
    router(
        "CcnRouteDisabled",
        Control("ccn_route", OURS | {"enabled": False}),
        mended=(REGISTER,),
    ),
    router(
        "CcnRouteConflict",
        Control("ccn_route", OURS | {"enabled": False}),
        Control("ccn_route", THEIRS),
        mended=(Control("ccn_route", THEIRS, "DELETE"), REGISTER),
    ),
    router("SnatPro", mended=(Control("lb/{lb}", {"snat_pro": True}),), bound=True),
)
OFFICE = {"protocol": "TCP", "port": "8080", "template": "ipm-office01", "action": "DROP"}
GROUP_SCENES = (
    Scene(
        "BalancerSecurityGroup",
        service=PLAIN,
        broken=(Control("lb/{lb}", {"security_groups": ["sg-strict01"]}),),
        mended=(OPEN,),
        bound=True,
    ),
    # The rule for everybody would let the health checks in as well.
    router("HealthCheckSecurityGroup", mended=(OPEN,)),
    router("ClientsSecurityGroup", mended=(OPEN,)),
    unread("SecurityGroupsUnknown", "DescribeSecurityGroupPolicies"),
    marked("AllowsByDefault", "pass_to_target", Press("withdraw-pass-to-target")),
    Scene(
        "SecurityGroupUnclear",
        service=PLAIN,
        broken=(
            Control("rule", {"of": "sg-nodes001", "at": 0, **OFFICE}),
            *forbidden("DescribeAddressTemplates"),
        ),
        mended=HEALED,
        after=(Control("rule", {"of": "sg-nodes001", "at": 0}, "DELETE"),),
    ),
)
SCENES = (*VPC_CNI_SCENES, *ROUTER_SCENES, *GROUP_SCENES)
