"""Whether a node can take a Pod, in the scheduler's own words when it cannot; pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.kubernetes.controllers.selectors import selects
from sandbox.kubernetes.kinds import Object

ENI_IP = "tke.cloud.tencent.com/eni-ip"


def refusal(pod: Object, node: Object, load: Mapping[str, int]) -> str | None:
    """Why not here, or None. `load`: what is taken on the node, "pods" and extended resources."""
    spec = pod["spec"]
    if not _wants(spec, node):
        return "node(s) didn't match Pod's node affinity/selector"
    tolerations = spec.get("tolerations") or ()
    for taint in _taints(node):
        if taint["effect"] != "PreferNoSchedule" and not _tolerates(tolerations, taint):
            if taint["key"] == "node.kubernetes.io/unschedulable":
                return "node(s) were unschedulable"
            return f"node(s) had untolerated taint {{{taint['key']}: {taint.get('value', '')}}}"
    room = (node.get("status") or {}).get("allocatable") or {}
    if load.get("pods", 0) >= int(room.get("pods", "110")):
        return "Too many pods"
    if (wanted := eni_ips(pod)) and load.get(ENI_IP, 0) + wanted > int(room.get(ENI_IP, "0")):
        return f"Insufficient {ENI_IP}"
    return None


def eni_ips(pod: Object) -> int:
    """ENI addresses the Pod requests (TKE's VPC-CNI counts them as a resource)."""
    requests = (
        ((container.get("resources") or {}).get("requests") or {}).get(ENI_IP, 0)
        for container in pod["spec"]["containers"]
    )
    return sum(int(request) for request in requests)


def _wants(spec: Object, node: Object) -> bool:
    labels = node["metadata"].get("labels") or {}
    if not (spec.get("nodeSelector") or {}).items() <= labels.items():
        return False
    affinity = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
    if not required:
        return True
    fields = {"metadata.name": node["metadata"]["name"]}
    return any(
        selects({"matchExpressions": term.get("matchExpressions") or ()}, labels)
        and selects({"matchExpressions": term.get("matchFields") or ()}, fields)
        for term in required["nodeSelectorTerms"]
    )


def _taints(node: Object) -> list[dict[str, Any]]:
    spec = node.get("spec") or {}
    taints = list(spec.get("taints") or ())
    if spec.get("unschedulable"):
        taints.append({"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"})
    return taints


def _tolerates(tolerations: Sequence[Mapping[str, Any]], taint: Mapping[str, Any]) -> bool:
    return any(
        tolerated.get("effect") in (None, "", taint["effect"])
        and (not tolerated.get("key") or tolerated["key"] == taint["key"])
        and (
            tolerated.get("operator") == "Exists"
            or tolerated.get("value", "") == taint.get("value", "")
        )
        for tolerated in tolerations
    )
