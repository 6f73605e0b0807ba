"""Objects as the tables kubectl prints: the columns of Kubernetes' own printers."""

from sandbox.kubernetes.kinds import Kind, Object
from sandbox.kubernetes.tables import cluster, pods, workloads
from sandbox.kubernetes.tables.column import NAME, Column, age

_PLAIN = (NAME, Column("Age", age))
_COLUMNS: dict[str, tuple[Column, ...]] = {
    "Pod": pods.POD,
    "Deployment": workloads.DEPLOYMENT,
    "ReplicaSet": workloads.REPLICASET,
    "StatefulSet": workloads.STATEFULSET,
    "DaemonSet": workloads.DAEMONSET,
    "ControllerRevision": workloads.CONTROLLERREVISION,
    "PodDisruptionBudget": workloads.PODDISRUPTIONBUDGET,
    "Service": cluster.SERVICE,
    "Endpoints": cluster.ENDPOINTS,
    "EndpointSlice": cluster.ENDPOINTSLICE,
    "Node": cluster.NODE,
    "Namespace": cluster.NAMESPACE,
    "Event": cluster.EVENT,
    "ConfigMap": cluster.CONFIGMAP,
    "Secret": cluster.SECRET,
    "ServiceAccount": cluster.SERVICEACCOUNT,
    "Lease": cluster.LEASE,
    "MutatingWebhookConfiguration": cluster.WEBHOOKS,
    "CustomResourceDefinition": cluster.CUSTOMRESOURCEDEFINITION,
}


def wanted(accept: str) -> str | None:
    """The meta.k8s.io version of the Table a client prefers, None when it wants plain objects."""
    first = accept.split(",")[0]
    asked = dict(part.strip().split("=", 1) for part in first.split(";")[1:] if "=" in part)
    if asked.get("as") == "Table" and asked.get("v") in ("v1", "v1beta1"):
        return asked["v"]
    return None


def table(
    kind: Kind, objects: list[Object], version: str, include: str, *, columns: bool = True
) -> Object:
    """`include` says how much of each object rides along: None, Metadata or Object."""
    printed = _COLUMNS.get(kind.kind, _PLAIN)
    newest = objects[0]["metadata"].get("resourceVersion", "") if len(objects) == 1 else ""
    return {
        "kind": "Table",
        "apiVersion": f"meta.k8s.io/{version}",
        "metadata": {"resourceVersion": newest} if newest else {},
        "columnDefinitions": [column.definition() for column in printed] if columns else None,
        "rows": [
            {
                "cells": [column.cell(obj) for column in printed],
                **({"object": _riding(obj, version, include)} if include != "None" else {}),
            }
            for obj in objects
        ],
    }


def _riding(obj: Object, version: str, include: str) -> Object:
    if include == "Object":
        return obj
    return {
        "kind": "PartialObjectMetadata",
        "apiVersion": f"meta.k8s.io/{version}",
        "metadata": obj["metadata"],
    }
