"""Limits of the cluster: its Kubernetes version, its network add-on, who else binds; pure."""

from services.limits.facts import BalancerFacts, Facts, Unread
from services.limits.modes import modes
from services.limits.problem import (
    Evidence,
    Limit,
    Outcome,
    Passed,
    Sentence,
    Severity,
    is_direct,
)
from services.spec import ClaimBy, ServiceSpec

# Add-on names as `console.network.AddOn` has them, and how people call them.
ADD_ON_WORDS = {
    "GLOBAL_ROUTER": "GlobalRouter",
    "VPC_CNI_SHARED": Sentence("VPC-CNI, shared ENI"),
    "VPC_CNI_EXCLUSIVE": Sentence("VPC-CNI, exclusive ENI"),
    "MIXED": "GlobalRouter + VPC-CNI",
    "CILIUM_OVERLAY": "Cilium-Overlay",
}
PROPERTY = ("tke DescribeClusters", "Property.NetworkType")
# DescribeClusters' words for a cluster whose account is in arrears.
IN_ARREARS = {"Isolated", "ResourceIsolate", "ResourceIsolated", "Idling"}

KUBERNETES_UNKNOWN = Limit(
    "KubernetesVersionUnknown",
    Severity.INFORMS,
    Sentence("The Kubernetes version is unknown: the API server has not answered yet."),
    source="API server GET /version gitVersion",
)
KUBERNETES_TOO_OLD = Limit(
    "KubernetesTooOld",
    Severity.BLOCKS,
    Sentence(
        "%(why)s needs Kubernetes %(need)s or later. This cluster runs %(have)s.",
    ),
    Sentence("Upgrade the cluster, or choose ClusterIP or NodePort."),
    source="API server GET /version gitVersion",
    link="https://console.cloud.tencent.com/tke2/cluster",
)
CILIUM_OVERLAY = Limit(
    "CiliumOverlay",
    Severity.BLOCKS,
    Sentence(
        "Cilium-Overlay gives Pods addresses that the VPC does not know, so a CLB cannot "
        "reach them."
    ),
    Sentence("Use a cluster with VPC-CNI, or choose ClusterIP or NodePort."),
    source="tke DescribeClusters Property.NetworkType",
)
ADD_ON_UNSUPPORTED = Limit(
    "AddOnUnsupported",
    Severity.BLOCKS,
    Sentence(
        "The container network add-on %(word)s is not known to give Pods addresses that a CLB "
        "reaches: only VPC-CNI and GlobalRouter are."
    ),
    Sentence("Use a cluster with VPC-CNI, or choose ClusterIP or NodePort."),
    source="tke DescribeClusters Property.NetworkType",
)
ADD_ON_UNKNOWN = Limit(
    "AddOnUnknown",
    Severity.INFORMS,
    Sentence("The container network add-on is unknown: DescribeClusters could not be read."),
    source="tke DescribeClusters Property.NetworkType",
)
NOT_VPC_CNI = Limit(
    "NotVpcCni",
    Severity.BLOCKS,
    Sentence("Pods of this cluster have no address on an ENI: its add-on is %(words)s."),
    Sentence(
        "TKE console, Basic Information, Container network add-on: enable VPC-CNI with subnets "
        "for Pods."
    ),
    source="tke DescribeClusters Property.VpcCniType",
    link="https://console.cloud.tencent.com/tke2/cluster",
)
NOT_GLOBAL_ROUTER = Limit(
    "NotGlobalRouter",
    Severity.BLOCKS,
    Sentence("This cluster has no GlobalRouter Pods: its add-on is %(words)s."),
    source="tke DescribeClusters Property.NetworkType",
)
TWO_CONTROLLERS = Limit(
    "TkeControllerPresent",
    Severity.WARNS,
    Sentence(
        "TKE's service-controller runs here. It should ignore the class podgate.dev/clb, "
        "but Tencent does not document this."
    ),
    Sentence("Set the cluster's claim to annotation to be safe."),
    source="ConfigMap kube-system/tke-service-controller-config",
)
SERVERLESS_CLUSTER_IP = Limit(
    "ServerlessNotHeadless",
    Severity.BLOCKS,
    Sentence(
        "A serverless cluster makes a CLB of its own for a ClusterIP Service that is not "
        "headless: there would be two load balancers."
    ),
    Sentence("Make the Service headless (clusterIP: None); the claim stays the same."),
    source="tke DescribeClusters ClusterType",
)
NOT_CLAIMED = Limit(
    "NotClaimed",
    Severity.INFORMS,
    Sentence(
        "The Service carries no claim, so podgate does not bind it; what TKE's service-controller "
        "does with it is not podgate's to say."
    ),
    Sentence(
        "Claim it: loadBalancerClass podgate.dev/clb, or type ClusterIP with the annotation "
        "podgate.dev/claim: clb."
    ),
    source="Service spec.loadBalancerClass, annotation podgate.dev/claim",
)
TKE_BINDS = Limit(
    "TkeBinds",
    Severity.INFORMS,
    Sentence(
        "TKE's service-controller binds in this cluster: it makes the CLB, registers the Pods "
        "and opens its gate cloud.tencent.com/load-balancer-backendgroup-ready. podgate writes "
        "the Service, then only watches: it never writes to the CLB or to gates."
    ),
    source="podgate: the cluster's binder",
)
CLUSTER_ISOLATED = Limit(
    "ClusterIsolated",
    Severity.BLOCKS,
    Sentence(
        "TKE reports the cluster as %(status)s: the account is in arrears, and nothing new can "
        "be bought."
    ),
    Sentence("Top up the account."),
    source="tke DescribeClusters ClusterStatus",
    link="https://console.cloud.tencent.com/expense/recharge",
)
ACCOUNT_OWES = Limit(
    "AccountInArrears",
    Severity.BLOCKS,
    Sentence("The account owes %(amount)s yuan: Tencent Cloud creates no load balancer for it."),
    Sentence("Top up the account."),
    source="billing DescribeAccountBalance RealBalance",
    link="https://console.cloud.tencent.com/expense/recharge",
)
ACCOUNT_OWES_ALREADY = Limit(
    "AccountInArrearsSoon",
    Severity.WARNS,
    Sentence(
        "The account owes %(amount)s yuan: its load balancers are isolated, and forward nothing, "
        "if that lasts."
    ),
    Sentence("Top up the account."),
    source="billing DescribeAccountBalance RealBalance",
    link="https://console.cloud.tencent.com/expense/recharge",
)
BALANCE_UNKNOWN = Limit(
    "ArrearsUnknown",
    Severity.INFORMS,
    Sentence("Whether the account is in arrears is unknown: %(why)s."),
    source="billing DescribeAccountBalance",
)


def kubernetes_version(spec: ServiceSpec, facts: Facts) -> Outcome:
    """Direct access needs 1.12, readiness gates 1.14 and loadBalancerClass 1.24."""
    if not is_direct(spec):
        return None
    if not facts.kubernetes:
        return KUBERNETES_UNKNOWN()
    need, why = (1, 12), Sentence("CLB-to-Pod direct access")
    if facts.console_binds:
        need, why = (1, 14), Sentence("The readiness gate")
    if spec.claim is ClaimBy.CLASS:
        need, why = (1, 24), Sentence("A Service claimed by loadBalancerClass")
    have = "{}.{}".format(*facts.kubernetes)
    if facts.kubernetes < need:
        seen = Evidence("GET /version", "gitVersion", have)
        return KUBERNETES_TOO_OLD(seen, why=why, need="{}.{}".format(*need), have=have)
    return Passed(Sentence("Kubernetes %(have)s", have=have))


def network_add_on(spec: ServiceSpec, facts: Facts) -> Outcome:
    """Only addresses that the VPC knows can be CLB targets."""
    if not is_direct(spec):
        return None
    seen = Evidence(*PROPERTY, facts.add_on_word or facts.add_on)
    if facts.add_on == "CILIUM_OVERLAY":
        return CILIUM_OVERLAY(seen)
    words = ADD_ON_WORDS.get(facts.add_on, "")
    if words:
        return Passed(Sentence("Container network: %(words)s", words=words))
    if facts.add_on_word:
        return ADD_ON_UNSUPPORTED(seen, word=facts.add_on_word)
    return ADD_ON_UNKNOWN()


def has_mode(spec: ServiceSpec, facts: Facts) -> Outcome:
    """Of readiness: whether Pods can be in the mode that is asked for at all."""
    if facts.add_on not in ADD_ON_WORDS or facts.add_on in {"CILIUM_OVERLAY", "MIXED"}:
        return None
    seen = Evidence(*PROPERTY, facts.add_on_word or facts.add_on)
    is_router, words = facts.add_on == "GLOBAL_ROUTER", ADD_ON_WORDS[facts.add_on]
    asked = "route" in modes(facts)
    if asked is is_router:
        return None
    return (NOT_GLOBAL_ROUTER if asked else NOT_VPC_CNI)(seen, words=words)


def two_controllers(spec: ServiceSpec, facts: Facts) -> Outcome:
    """Whether TKE's service-controller leaves a foreign class alone is documented nowhere."""
    if spec.claim is not ClaimBy.CLASS or not facts.tke_controller or not facts.console_binds:
        return None
    where = "ConfigMap kube-system/tke-service-controller-config"
    version = (facts.controller or {}).get("VERSION", "?")
    return TWO_CONTROLLERS(Evidence(where, "VERSION", version))


def serverless(spec: ServiceSpec, facts: Facts) -> Outcome:
    if not facts.serverless or spec.claim is not ClaimBy.ANNOTATION or spec.headless:
        return None
    return SERVERLESS_CLUSTER_IP(Evidence("Service", "spec.clusterIP", "not None"))


def claimed(spec: ServiceSpec, facts: Facts) -> Outcome:
    if not facts.console_binds or not spec.has_load_balancer or spec.claim or not spec.name:
        return None
    return NOT_CLAIMED(Evidence("Service", "spec.loadBalancerClass", "-"))


def binder(spec: ServiceSpec, facts: Facts) -> Outcome:
    if facts.console_binds or not spec.has_load_balancer:
        return None
    return TKE_BINDS(Evidence("podgate", "binder", "tke"))


def arrears(spec: ServiceSpec, facts: Facts) -> Outcome:
    """As TKE says of the cluster, or billing of the account."""
    if not spec.has_load_balancer:
        return None
    if facts.cluster_status in IN_ARREARS:
        seen = Evidence("tke DescribeClusters", "ClusterStatus", facts.cluster_status)
        return CLUSTER_ISOLATED(seen, status=facts.cluster_status)
    if facts.balance is None:
        return None
    if isinstance(facts.balance, Unread):
        return BALANCE_UNKNOWN(why=facts.balance.why)
    if facts.balance >= 0:
        return Passed(Sentence("The account is not in arrears"))
    seen = Evidence("billing DescribeAccountBalance", "RealBalance", str(facts.balance))
    has_one = isinstance(facts.balancer, BalancerFacts)
    limit = ACCOUNT_OWES_ALREADY if has_one else ACCOUNT_OWES
    return limit(seen, amount=f"{-facts.balance / 100:.2f}")
