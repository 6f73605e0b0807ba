"""What podgate needs to be allowed, as data: documented, and tried by `check_access`.

Cloud writes are not tried: there is no harmless way to. Reads are, with arguments that find
nothing; any answer but a refusal proves the permission.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from console import kube, tencent
from console.kube import Kube, KubeError
from console.models import Account, Cluster
from console.tencent import CloudError

READ = ("get", "list", "watch")


@dataclass(frozen=True)
class Rule:
    """One rule of the ClusterRole, or of a Role where it names a namespace."""

    group: str
    resource: str
    verbs: tuple[str, ...]
    why: str
    namespace: str = ""


RULES = (
    Rule("", "pods", READ, "the index, targets, selectors"),
    Rule("", "pods", ("delete",), "deleting a Pod on its page or from the list"),
    Rule("", "pods/eviction", ("create",), "the same, asking PodDisruptionBudgets first"),
    Rule("", "pods/log", ("get",), "container logs"),
    Rule("", "pods/status", ("patch",), "the readiness gate's condition"),
    Rule(
        "",
        "services",
        (*READ, "create", "update", "patch", "delete"),
        "the Create page, finalizer, VIP annotation, deletion",
    ),
    Rule("", "services/status", ("patch",), "the VIP of claims by class"),
    Rule("", "events", (*READ, "create", "patch"), "what podgate did, on the Service and its Pods"),
    Rule("", "nodes", READ, "node counts and health, and what a Pod's node suffers from"),
    Rule(
        "policy",
        "poddisruptionbudgets",
        READ,
        "which budget is in the way of a drain",
    ),
    Rule(
        "",
        "namespaces",
        (*READ, "create", "patch", "delete"),
        "pickers; podgate-system and podgate-probe; before 1.21 the label the webhook selects by",
    ),
    Rule(
        "admissionregistration.k8s.io",
        "mutatingwebhookconfigurations",
        (*READ, "create", "update", "delete"),
        "the webhook's registration, and its repair",
    ),
    Rule(
        "",
        "secrets",
        (*READ, "create", "update", "delete"),
        "podgate-webhook-tls: the webhook's serving pair",
        namespace="podgate-system",
    ),
    Rule(
        "",
        "pods",
        ("create",),
        "dry runs that prove the API server reaches the webhook",
        namespace="podgate-probe",
    ),
    Rule(
        "",
        "configmaps",
        ("get", "create", "update", "patch", "delete"),
        "podgate-owner: which installation writes here",
        namespace="podgate-system",
    ),
    Rule(
        "",
        "configmaps",
        ("get", "patch"),
        "tke-service-controller-config: whether TKE's controller runs, and how; its switch",
        namespace="kube-system",
    ),
    Rule("apps", "deployments", (*READ, "patch"), "workload pages, the picker, roll to inject"),
    Rule("apps", "replicasets", READ, "which Deployment a Pod belongs to; its revisions"),
    Rule("apps", "controllerrevisions", ("get", "list"), "revisions to roll back to"),
    Rule("apps", "statefulsets", (*READ, "patch"), "workload pages, the picker, roll to inject"),
    Rule("apps", "daemonsets", (*READ, "patch"), "workload pages, the picker, roll to inject"),
    Rule(
        "cloud.tencent.com",
        "tkeserviceconfigs",
        (*READ, "create", "update", "patch", "delete"),
        "health check and session settings of a Service",
    ),
)

_NOTHING = "lb-00000000"
# service -> read -> arguments that change nothing and find nothing, {cluster} filled in.
READS: dict[str, dict[str, dict[str, Any]]] = {
    "sts": {"GetCallerIdentity": {}},
    "tke": {
        "DescribeClusters": {"ClusterIds": ["{cluster}"]},
        "DescribeClusterStatus": {"ClusterIds": ["{cluster}"]},
        "DescribeClusterEndpoints": {"ClusterId": "{cluster}"},
        "DescribeClusterEndpointStatus": {"ClusterId": "{cluster}"},
        "DescribeIPAMD": {"ClusterId": "{cluster}"},
        "DescribeEnableVpcCniProgress": {"ClusterId": "{cluster}"},
    },
    "vpc": {
        "DescribeVpcs": {"Limit": "1"},
        "DescribeSubnets": {"Limit": "1"},
        "DescribeNetworkAccountType": {},
        "DescribeNetworkInterfaces": {"Limit": 1},
        "DescribeSecurityGroupPolicies": {"SecurityGroupId": "sg-00000000"},
        "DescribeAddressTemplates": {"Limit": "1"},
        "DescribeCcns": {"Limit": 1},
        "DescribeCcnAttachedInstances": {"Limit": 1},
        "DescribeCcnRoutes": {"CcnId": "ccn-00000000"},
    },
    "billing": {"DescribeAccountBalance": {}},
    "clb": {
        "DescribeLoadBalancers": {"Limit": 1},
        "DescribeListeners": {"LoadBalancerId": _NOTHING},
        "DescribeTargets": {"LoadBalancerId": _NOTHING},
        "DescribeTargetHealth": {"LoadBalancerIds": [_NOTHING]},
        "DescribeTaskStatus": {"TaskId": "00000000-0000-0000-0000-000000000000"},
        "DescribeQuota": {},
    },
}
WRITES: dict[str, tuple[str, ...]] = {
    "clb": (
        "CreateLoadBalancer",
        "DeleteLoadBalancer",
        "CreateListener",
        "ModifyListener",
        "DeleteLoadBalancerListeners",
        "BatchRegisterTargets",
        "BatchDeregisterTargets",
        "BatchModifyTargetWeight",
        # From here on: what fixes do that somebody confirms.
        "ModifyLoadBalancerAttributes",
    ),
    "vpc": (
        "CreateSecurityGroupPolicies",
        "CreateCcn",
        "AttachCcnInstances",
        "EnableCcnRoutes",
        "DisableCcnRoutes",
    ),
    "tke": ("AddClusterCIDRToCcn", "DeleteClusterCIDRFromCcn"),
    "tag": ("AddResourceTag",),
}


@dataclass(frozen=True)
class Finding:
    """One permission as it was found; `allowed` None: it could not be tried."""

    where: str
    what: str
    allowed: bool | None
    note: str = ""


def check(cluster: Cluster) -> Iterator[Finding]:
    """Try everything, one finding after the other."""
    door = kube.connect(cluster)
    for rule in RULES:
        for verb in rule.verbs:
            yield _kubernetes(door, rule, verb)
    for service, actions in READS.items():
        for action, params in actions.items():
            yield _cloud(cluster.account, service, action, _filled(params, cluster.cluster_id))
    for service, writes in WRITES.items():
        for action in writes:
            yield Finding("cloud", f"{service}:{action}", None, "not tried: it would change things")


def _kubernetes(door: Kube, rule: Rule, verb: str) -> Finding:
    resource, _, subresource = rule.resource.partition("/")
    attributes = {"verb": verb, "group": rule.group, "resource": resource}
    if subresource:
        attributes["subresource"] = subresource
    if rule.namespace:
        attributes["namespace"] = rule.namespace
    where = f" in {rule.namespace}" if rule.namespace else ""
    what = f"{verb} {rule.resource}{'.' + rule.group if rule.group else ''}{where}"
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": attributes},
    }
    try:
        status = door.create(kube.path("SelfSubjectAccessReview"), review).get("status", {})
    except KubeError as error:
        return Finding("kubernetes", what, None, str(error))
    return Finding("kubernetes", what, bool(status.get("allowed")), status.get("reason", ""))


_REFUSALS = ("UnauthorizedOperation", "AuthFailure", "CamNoAuth")


def _cloud(account: Account, service: str, action: str, params: dict[str, Any]) -> Finding:
    what = f"{service}:{action}"
    try:
        tencent.call(account, service, action, params)
    except CloudError as error:
        if error.code.startswith(_REFUSALS):
            return Finding("cloud", what, False, str(error))
        if error.code == "NetworkError" or isinstance(error, tencent.Throttled):
            return Finding("cloud", what, None, str(error))
    return Finding("cloud", what, True)


def _filled(params: dict[str, Any], cluster_id: str) -> dict[str, Any]:
    def fill(value: Any) -> Any:
        if isinstance(value, list):
            return [fill(item) for item in value]
        return cluster_id if value == "{cluster}" else value

    return {name: fill(value) for name, value in params.items()}


def roles() -> list[dict[str, Any]]:
    """The ClusterRole and the Roles that grant exactly this."""
    namespaces = dict.fromkeys(rule.namespace for rule in RULES)
    return [_role(namespace) for namespace in namespaces]


def _role(namespace: str) -> dict[str, Any]:
    rules: list[dict[str, Any]] = [
        {"apiGroups": [rule.group], "resources": [rule.resource], "verbs": list(rule.verbs)}
        for rule in RULES
        if rule.namespace == namespace
    ]
    if not namespace:
        rules.append({"nonResourceURLs": ["/version", "/version/"], "verbs": ["get"]})
    metadata = {"name": "podgate"} | ({"namespace": namespace} if namespace else {})
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "Role" if namespace else "ClusterRole",
        "metadata": metadata,
        "rules": rules,
    }


def cam_policy() -> dict[str, Any]:
    """The CAM policy that grants exactly this."""
    actions = [f"{service}:{action}" for service, reads in READS.items() for action in reads]
    actions += [f"{service}:{action}" for service, writes in WRITES.items() for action in writes]
    statement = {"effect": "allow", "action": sorted(actions), "resource": ["*"]}
    return {"version": "2.0", "statement": [statement]}
