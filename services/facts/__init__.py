"""What the limits need to know: from the index for pages, read live for decisions.

Whatever cannot be read becomes `Unread`, which the checks call unknown; nothing is guessed.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import batched
from typing import Any

from console import facts as stored
from console.models import Binder, Cluster
from services.facts import asking, cloud, gathering, inside
from services.facts.asking import Question, forget
from services.facts.gathering import Patience
from services.facts.inside import add_on, matching, pod_facts
from services.limits import BalancerFacts, Facts, SubnetFacts, Unread
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
    return gathering.with_cloud(cluster, spec, known, Patience(PAGE_FRESH, seconds))


def live(cluster: Cluster, spec: ServiceSpec, *, lb_id: str = "") -> Facts:
    """For the decision at submit: the cluster and the cloud as they are now.

    `lb_id` names the load balancer the Service has already.
    """
    patience = Patience(LIVE_FRESH, LIVE_SECONDS, cloud.MANY)
    if add_on(cluster) == "UNKNOWN":
        stored.refresh(cluster)
    known = replace(_of_cluster(cluster), **_inside(cluster, spec, patience))
    return gathering.with_cloud(cluster, spec, known, patience, lb_id=lb_id)


def of_cluster(cluster: Cluster, *, is_live: bool = False, seconds: float = PAGE_SECONDS) -> Facts:
    """What readiness is judged by: the cluster without any Service."""
    patience = Patience(PAGE_FRESH, seconds)
    known = replace(
        _of_cluster(cluster),
        kubernetes=_version(cluster.kubernetes_version),
        controller=_stored_controller(cluster),
    )
    if is_live:
        patience = Patience(LIVE_FRESH, LIVE_SECONDS, cloud.MANY)
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
