"""What the limits need to know: from the index for pages, read live for decisions.

Whatever cannot be read becomes `Unread`, which the checks call unknown; nothing is guessed.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import batched
from typing import Any

from console import facts as stored
from console.models import Binder, Cluster
from services.facts import asking, cloud, inside
from services.facts.asking import Question, forget
from services.facts.inside import add_on, matching, pod_facts
from services.limits import BalancerFacts, Facts, PodFacts, SubnetFacts, Unread, is_direct
from services.limits.facts import Interface
from services.limits.modes import modes
from services.limits.security import SecurityGroup
from services.limits.sentence import Sentence
from services.spec import Access, ServiceSpec
from workloads.models import Pod

__all__ = [
    "LIVE_SECONDS",
    "PAGE_SECONDS",
    "add_on",
    "balancers",
    "forget",
    "from_index",
    "live",
    "matching",
    "namespaces",
    "of_cluster",
    "pod_facts",
    "subnet_facts",
    "subnets",
    "version",
]

# A page waits this long for what it has not got yet; a decision longer.
PAGE_SECONDS, LIVE_SECONDS = 0.8, 8.0
# A page may show what is this old; a decision asks again.
PAGE_FRESH, LIVE_FRESH = asking.FRESH_SECONDS, 0.0
SUBNET_FRESH = 30.0
VERSION = re.compile(r"v?(\d+)\.(\d+)")


@dataclass
class Patience:
    """How old answers may be, and how long one waits for those that are missing."""

    fresh: float
    seconds: float

    def ask(self, questions: Mapping[str, Question]) -> asking.Answers:
        return asking.ask(questions, seconds=self.seconds, fresh=self.fresh)


def from_index(
    cluster: Cluster,
    spec: ServiceSpec,
    *,
    balancer: BalancerFacts | Unread | None = None,
    seconds: float = PAGE_SECONDS,
) -> Facts:
    """For pages: the index, and the cloud as it was some seconds ago.

    `balancer` is the load balancer the Service has already.
    """
    known = replace(
        _of_cluster(cluster),
        kubernetes=_version(cluster.kubernetes_version),
        controller=_stored_controller(cluster),
        pods=tuple(pod_facts(cluster, matching(cluster, spec.namespace, spec.selector))),
        workloads=inside.workloads(cluster, spec.namespace, spec.selector),
        services=inside.services(cluster, spec.namespace),
        balancer=balancer,
    )
    return _with_cloud(cluster, spec, known, Patience(PAGE_FRESH, seconds))


def live(cluster: Cluster, spec: ServiceSpec, *, lb_id: str = "") -> Facts:
    """For the decision at submit: the cluster and the cloud as they are now.

    `lb_id` names the load balancer the Service has already.
    """
    patience = Patience(LIVE_FRESH, LIVE_SECONDS)
    if add_on(cluster) == "UNKNOWN":
        stored.refresh(cluster)
    known = replace(_of_cluster(cluster), **_inside(cluster, spec, patience))
    return _with_cloud(cluster, spec, known, patience, lb_id=lb_id)


def of_cluster(cluster: Cluster, *, is_live: bool = False, seconds: float = PAGE_SECONDS) -> Facts:
    """What readiness is judged by: the cluster without any Service."""
    patience = Patience(PAGE_FRESH, seconds)
    known = replace(
        _of_cluster(cluster),
        kubernetes=_version(cluster.kubernetes_version),
        controller=_stored_controller(cluster),
    )
    if is_live:
        patience = Patience(LIVE_FRESH, LIVE_SECONDS)
        if add_on(cluster) == "UNKNOWN":
            stored.refresh(cluster)
        spec = ServiceSpec(namespace="", name="", access=Access.PUBLIC, ports=())
        found = _inside(cluster, spec, patience)
        known = replace(
            _of_cluster(cluster), kubernetes=found["kubernetes"], controller=found["controller"]
        )
    questions = cloud.questions(cluster, Access.PUBLIC)
    if known.add_on in {"VPC_CNI_SHARED", "VPC_CNI_EXCLUSIVE", "MIXED"}:
        questions |= cloud.of_eni(cluster)
    if known.add_on in {"GLOBAL_ROUTER", "MIXED"}:
        questions |= cloud.of_router(cluster)
    answers = patience.ask(questions)
    return replace(known, **answers.found, age=answers.age)


def _of_cluster(cluster: Cluster) -> Facts:
    """What the stored facts say; read every half a minute."""
    network = cloud.network(cluster)
    kind = str(cluster.facts.get("type") or "")
    return Facts(
        kubernetes=None,
        add_on=add_on(cluster),
        add_on_word=str((network.get("property") or {}).get("NetworkType") or ""),
        console_binds=cluster.binder == Binder.CONSOLE,
        gate_type=cluster.gate_type,
        cluster_status=str(cluster.facts.get("status") or ""),
        serverless=kind.startswith("EKS"),
        vpc_id=str(network.get("vpc_id") or ""),
        ticket_route=bool(getattr(cluster, "ticket_route", False)),
    )


def _inside(cluster: Cluster, spec: ServiceSpec, patience: Patience) -> dict[str, Any]:
    """Fields of the cluster's own side, asked of the API server now."""
    where = f"in {spec.namespace}"
    questions = {
        "kubernetes": Question("get /version", lambda: inside.live_version(cluster)),
        "controller": Question(
            "get configmaps in kube-system", lambda: inside.live_controller(cluster)
        ),
    }
    if spec.namespace:
        questions |= {
            "pods": Question(f"list pods {where}", lambda: inside.live_pods(cluster, spec)),
            "workloads": Question(
                f"list deployments {where}", lambda: inside.live_workloads(cluster, spec)
            ),
            "services": Question(
                f"list services {where}", lambda: inside.live_services(cluster, spec.namespace)
            ),
        }
    found = dict(patience.ask(questions).found)
    if not isinstance(found["kubernetes"], Unread):
        found["kubernetes"] = _version(found["kubernetes"])
    elif cluster.kubernetes_version:
        found["kubernetes"] = _version(cluster.kubernetes_version)
    return found


def _with_cloud(
    cluster: Cluster, spec: ServiceSpec, known: Facts, patience: Patience, *, lb_id: str = ""
) -> Facts:
    """First all that nothing depends on, then addresses' interfaces, then their groups' rules."""
    if not spec.has_load_balancer:
        return known
    ways = modes(known) if is_direct(spec) else frozenset()
    questions = cloud.questions(cluster, spec.access)
    if lb_id:
        questions["balancer"] = cloud.of_balancer(cluster, lb_id)
    if "eni" in ways:
        questions |= cloud.of_eni(cluster)
    if "route" in ways:
        questions |= cloud.of_router(cluster)
    if spec.access is Access.PRIVATE:
        questions |= cloud.of_private(cluster)
    sample, missing = _sample(cluster, known, patience) if ways else ((), None)
    asked = cloud.of_addresses(cluster, sample)
    answers = patience.ask(questions | asked)
    found = {name: value for name, value in answers.found.items() if name in questions}
    interfaces: tuple[Interface, ...] | Unread | None = missing
    if missing is None and sample:
        interfaces = _joined([answers[name] for name in asked])
    return _with_groups(
        cluster,
        replace(
            known,
            **_fields(found),
            interfaces=interfaces,
            sample=frozenset(sample),
            age=answers.age,
        ),
        patience,
    )


def _fields(found: Mapping[str, Any]) -> dict[str, Any]:
    """Answers as fields of Facts."""
    fields = dict(found)
    if isinstance(subnets := fields.get("subnets"), list):
        fields["subnets"] = cloud.subnet_facts(subnets)
    if isinstance(fields.get("vpc_cidr"), Unread):
        fields["vpc_cidr"] = ""
    return fields


def _joined(parts: list[Any]) -> tuple[Interface, ...] | Unread:
    # An Unread counts as nothing, so it is never asked for its truth.
    unread = next((one for one in parts if isinstance(one, Unread)), None)
    if unread is not None:
        return unread
    return tuple(interface for part in parts for interface in part)


def _sample(
    cluster: Cluster, known: Facts, patience: Patience
) -> tuple[tuple[str, ...], Unread | None]:
    """Addresses whose interfaces are looked at: Pods of different nodes, or the nodes' own."""
    pods = [pod for pod in known.pods or () if pod.runs and not pod.host_network]
    eni = _of_each_node([pod for pod in pods if pod.network_mode == "eni" and pod.ip])
    routed = list(
        dict.fromkeys(pod.node for pod in pods if pod.network_mode == "route" and pod.node)
    )
    if not routed:
        return tuple(eni[: cloud.SAMPLE]), None
    ips, missing = _node_ips(cluster, routed, patience)
    return (*eni[: cloud.SAMPLE // 2], *ips[: cloud.SAMPLE // 2]), missing


def _of_each_node(pods: list[PodFacts]) -> list[str]:
    """One address of each node first: a node's Pods share its ENIs, and these their groups."""
    first = {pod.node: pod.ip for pod in reversed(pods)}
    rest = [pod.ip for pod in pods if pod.ip not in first.values()]
    return [*first.values(), *rest]


def _node_ips(
    cluster: Cluster, names: list[str], patience: Patience
) -> tuple[list[str], Unread | None]:
    """TKE names nodes by their addresses; others are asked for."""
    if all(re.fullmatch(r"\d+(\.\d+){3}", name) for name in names):
        return names, None
    asked = cloud.question(cluster, "list nodes", lambda: inside.node_ips(cluster))
    found = patience.ask({"nodes": asked})["nodes"]
    if isinstance(found, Unread):
        return [], found
    return [found[name] for name in names if name in found] or list(found.values()), None


def _with_groups(cluster: Cluster, known: Facts, patience: Patience) -> Facts:
    """The rules of every security group that has a say."""
    ids = {id for one in known.interfaces or () for id in one.groups}
    if known.balancer:
        ids |= set(known.balancer.groups)
    if not ids:
        return known
    answers = patience.ask(cloud.of_groups(cluster, sorted(ids)))
    groups: dict[str, SecurityGroup | Unread] = {id: answers[id] for id in ids}
    return replace(known, groups=groups, age=max(known.age, answers.age))


def version(text: str) -> tuple[int, int] | None:
    found = VERSION.match(text)
    return (int(found[1]), int(found[2])) if found else None


def _version(text: str) -> tuple[int, int] | Unread:
    return version(text) or Unread()


def _stored_controller(cluster: Cluster) -> Mapping[str, str] | Unread | None:
    errors = cluster.facts.get("errors") or {}
    if not cluster.facts or "kubernetes" in errors:
        said = str(errors.get("kubernetes") or "").rstrip(".")
        return Unread(Sentence("%(said)s", said=said)) if said else Unread()
    return inside.controller(cluster)


def subnets(cluster: Cluster) -> list[dict[str, Any]] | None:
    """All subnets of the cluster's VPC with their free IPs, not older than half a minute."""
    asked = {"subnets": cloud.of_private(cluster)["subnets"]}
    found = asking.ask(asked, seconds=PAGE_SECONDS, fresh=SUBNET_FRESH)["subnets"]
    return None if isinstance(found, Unread) else found or None


def balancers(cluster: Cluster, ids: Sequence[str]) -> dict[str, BalancerFacts | Unread]:
    """Many load balancers with few calls; listeners are not looked at."""
    asked = {
        str(number): cloud.of_balancers(cluster, some)
        for number, some in enumerate(batched(sorted(ids), cloud.BALANCERS_PER_CALL))
    }
    found: dict[str, BalancerFacts | Unread] = {}
    answers = asking.ask(asked, seconds=LIVE_SECONDS, fresh=PAGE_FRESH)
    for number, some in enumerate(batched(sorted(ids), cloud.BALANCERS_PER_CALL)):
        answer = answers[str(number)]
        if isinstance(answer, Unread):
            found |= dict.fromkeys(some, answer)
        else:
            found |= answer
    return found


def subnet_facts(found: list[dict[str, Any]] | None) -> tuple[SubnetFacts, ...] | Unread:
    return Unread() if found is None else cloud.subnet_facts(found)


def namespaces(cluster: Cluster) -> tuple[list[str], bool]:
    """Names of the namespaces, and whether the API server itself was asked."""
    asked = {"names": Question("list namespaces", lambda: inside.live_namespaces(cluster))}
    found = asking.ask(asked, seconds=2 * PAGE_SECONDS, fresh=0)["names"]
    if isinstance(found, Unread):
        rows = Pod.objects.filter(cluster=cluster).values_list("namespace", flat=True).distinct()
        return sorted(set(rows)), False
    return found, True
