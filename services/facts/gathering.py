"""The cloud's facts for one Service: what is needed, and in which order it can be asked for."""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from console.models import Cluster
from services.facts import asking, cloud, inside
from services.facts.asking import Question
from services.limits import Facts, PodFacts, Unread, is_direct
from services.limits.facts import Interface
from services.limits.modes import modes
from services.limits.security import SecurityGroup
from services.spec import Access, ServiceSpec

# What depends on an answer that was late is asked for all the same: the next look finds it.
LEAST_SECONDS = 0.1


@dataclass
class Patience:
    """How old answers may be, and how long one waits in all for those that are missing."""

    fresh: float
    seconds: float
    # How many addresses' interfaces are looked at.
    sample: int = cloud.FEW
    began: float = field(default_factory=time.monotonic)

    def ask(self, questions: Mapping[str, Question]) -> asking.Answers:
        left = self.seconds - (time.monotonic() - self.began)
        return asking.ask(questions, seconds=max(left, LEAST_SECONDS), fresh=self.fresh)


def with_cloud(
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
    most = patience.sample
    pods = [pod for pod in known.pods or () if pod.runs and not pod.host_network]
    eni = _of_each_node([pod for pod in pods if pod.network_mode == "eni" and pod.ip])
    routed = list(
        dict.fromkeys(pod.node for pod in pods if pod.network_mode == "route" and pod.node)
    )
    if not routed:
        return tuple(eni[:most]), None
    ips, missing = _node_ips(cluster, routed, patience)
    return (*eni[: most // 2], *ips[: most - most // 2]), missing


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
