"""Defaults, as the real API server fills them in. They are set, never overwritten."""

import base64
from collections.abc import Callable
from typing import Any

from sandbox.kubernetes.kinds import Kind, Object


def fill(kind: Kind, obj: Object, old: Object | None) -> None:
    """Complete an object in place."""
    if kind.kind in _DEFAULTS:
        _DEFAULTS[kind.kind](obj)
    if kind.kind == "Pod" and old is None:
        _new_pod(obj)


def pod_spec(spec: Object) -> None:
    _default(
        spec,
        restartPolicy="Always",
        terminationGracePeriodSeconds=30,
        dnsPolicy="ClusterFirst",
        schedulerName="default-scheduler",
    )
    spec.setdefault("securityContext", {})
    if "serviceAccountName" in spec:
        spec.setdefault("serviceAccount", spec["serviceAccountName"])
    for group in ("initContainers", "containers"):
        for container in spec.get(group, ()):
            _container(container, host_network=bool(spec.get("hostNetwork")))
    for volume in spec.get("volumes", ()):
        _volume(volume)


def _container(container: Object, *, host_network: bool) -> None:
    image = container.get("image", "")
    tag = image.rsplit("/", 1)[-1]
    latest = ":" not in tag and "@" not in tag or tag.endswith(":latest")
    _default(
        container,
        imagePullPolicy="Always" if latest else "IfNotPresent",
        terminationMessagePath="/dev/termination-log",
        terminationMessagePolicy="File",
    )
    container.setdefault("resources", {})
    for port in container.get("ports", ()):
        _default(port, protocol="TCP")
        if host_network and isinstance(port.get("containerPort"), int):
            _default(port, hostPort=port["containerPort"])
    for name in ("livenessProbe", "readinessProbe", "startupProbe"):
        if name in container:
            _probe(container[name])
    _requests(container["resources"])


def _requests(resources: Object) -> None:
    """A limit without a request is also the request."""
    if limits := resources.get("limits"):
        resources["requests"] = {**limits, **resources.get("requests", {})}


def _probe(probe: Object) -> None:
    _default(probe, timeoutSeconds=1, periodSeconds=10, successThreshold=1, failureThreshold=3)
    if "httpGet" in probe:
        _default(probe["httpGet"], path="/", scheme="HTTP")


def _volume(volume: Object) -> None:
    for name in ("configMap", "secret", "projected", "downwardAPI"):
        if name in volume:
            _default(volume[name], defaultMode=420)
    if "hostPath" in volume:
        _default(volume["hostPath"], type="")


_EVICTING = ("not-ready", "unreachable")


def _new_pod(pod: Object) -> None:
    """What admission adds to a Pod: its service account, priority and the usual tolerations."""
    spec = pod["spec"]
    _default(spec, serviceAccountName="default", enableServiceLinks=True, priority=0)
    _default(
        spec, serviceAccount=spec["serviceAccountName"], preemptionPolicy="PreemptLowerPriority"
    )
    given = spec.get("tolerations") or []
    keys = {each.get("key") for each in given if each.get("effect") in (None, "", "NoExecute")}
    added = [
        {
            "key": f"node.kubernetes.io/{why}",
            "operator": "Exists",
            "effect": "NoExecute",
            "tolerationSeconds": 300,
        }
        for why in _EVICTING
        if f"node.kubernetes.io/{why}" not in keys and None not in keys
    ]
    # A new list: Pods of one template share the old one.
    spec["tolerations"] = [*given, *added]
    pod["status"] = pod.get("status") or {"phase": "Pending", "qosClass": qos(spec)}


def qos(spec: Object) -> str:
    """BestEffort without resources, Guaranteed with limits equal to requests, else Burstable."""
    every = [each.get("resources", {}) for each in spec.get("containers", ())]
    if not any(each.get("requests") or each.get("limits") for each in every):
        return "BestEffort"
    for each in every:
        limits = each.get("limits") or {}
        if set(limits) < {"cpu", "memory"} or limits != (each.get("requests") or limits):
            return "Burstable"
    return "Guaranteed"


def _pod(pod: Object) -> None:
    pod_spec(pod.setdefault("spec", {}))


def _template(obj: Object) -> Object:
    """The spec of a workload, its template completed."""
    spec: Object = obj.setdefault("spec", {})
    template = spec.setdefault("template", {})
    template.setdefault("metadata", {})
    if "spec" in template:
        pod_spec(template["spec"])
    return spec


def _deployment(obj: Object) -> None:
    spec = _template(obj)
    _default(spec, replicas=1, revisionHistoryLimit=10, progressDeadlineSeconds=600)
    strategy = spec.setdefault("strategy", {})
    _default(strategy, type="RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        rolling = strategy.setdefault("rollingUpdate", {})
        _default(rolling, maxSurge="25%", maxUnavailable="25%")


def _replicaset(obj: Object) -> None:
    _default(_template(obj), replicas=1)


def _statefulset(obj: Object) -> None:
    spec = _template(obj)
    _default(spec, replicas=1, revisionHistoryLimit=10, podManagementPolicy="OrderedReady")
    retention = spec.setdefault("persistentVolumeClaimRetentionPolicy", {})
    _default(retention, whenDeleted="Retain", whenScaled="Retain")
    strategy = spec.setdefault("updateStrategy", {})
    _default(strategy, type="RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        _default(strategy.setdefault("rollingUpdate", {}), partition=0)


def _daemonset(obj: Object) -> None:
    spec = _template(obj)
    _default(spec, revisionHistoryLimit=10)
    strategy = spec.setdefault("updateStrategy", {})
    _default(strategy, type="RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        _default(strategy.setdefault("rollingUpdate", {}), maxSurge=0, maxUnavailable=1)


def _service(obj: Object) -> None:
    spec = obj.setdefault("spec", {})
    _default(spec, type="ClusterIP", sessionAffinity="None")
    obj.setdefault("status", {}).setdefault("loadBalancer", {})
    if spec["sessionAffinity"] == "ClientIP":
        config = spec.setdefault("sessionAffinityConfig", {})
        _default(config.setdefault("clientIP", {}), timeoutSeconds=10800)
    for port in spec.get("ports", ()):
        _default(port, protocol="TCP")
        port["targetPort"] = port.get("targetPort") or port.get("port")
    if spec["type"] != "ExternalName":
        _service_policies(spec)


def service_status(obj: Object) -> None:
    """Since 1.30 an ingress IP says how traffic arrives: at the VIP, unless written otherwise."""
    for ingress in obj.get("status", {}).get("loadBalancer", {}).get("ingress", ()):
        if ingress.get("ip"):
            _default(ingress, ipMode="VIP")


def _service_policies(spec: Object) -> None:
    _default(spec, internalTrafficPolicy="Cluster")
    if spec["type"] in ("NodePort", "LoadBalancer"):
        _default(spec, externalTrafficPolicy="Cluster")
    if spec["type"] == "LoadBalancer":
        _default(spec, allocateLoadBalancerNodePorts=True)


def _namespace(obj: Object) -> None:
    labels = obj["metadata"].setdefault("labels", {})
    # Written over, so that a namespace cannot pass for another in a namespaceSelector.
    if name := obj["metadata"].get("name"):
        labels["kubernetes.io/metadata.name"] = name
    obj["spec"] = obj.get("spec") or {"finalizers": ["kubernetes"]}
    obj["status"] = obj.get("status") or {"phase": "Active"}


def _secret(obj: Object) -> None:
    _default(obj, type="Opaque")
    plain = obj.pop("stringData", None) or {}
    if plain:
        encoded = {key: base64.b64encode(each.encode()).decode() for key, each in plain.items()}
        obj["data"] = {**obj.get("data", {}), **encoded}


def _webhooks(obj: Object) -> None:
    for webhook in obj.get("webhooks", ()):
        _default(
            webhook,
            failurePolicy="Fail",
            matchPolicy="Equivalent",
            reinvocationPolicy="Never",
            timeoutSeconds=10,
        )
        webhook.setdefault("namespaceSelector", {})
        webhook.setdefault("objectSelector", {})
        for rule in webhook.get("rules", ()):
            _default(rule, scope="*")
        if service := webhook.get("clientConfig", {}).get("service"):
            _default(service, port=443)


def _endpoint_slice(obj: Object) -> None:
    for port in obj.get("ports", ()):
        _default(port, name="", protocol="TCP")


def _crd(obj: Object) -> None:
    names = obj.get("spec", {}).get("names", {})
    if "kind" in names:
        _default(names, singular=names["kind"].lower(), listKind=names["kind"] + "List")
    obj.get("spec", {}).setdefault("conversion", {"strategy": "None"})


def _default(obj: Object, **values: Any) -> None:
    for name, value in values.items():
        if obj.get(name) is None:
            obj[name] = value


_DEFAULTS: dict[str, Callable[[Object], None]] = {
    "Pod": _pod,
    "Deployment": _deployment,
    "ReplicaSet": _replicaset,
    "StatefulSet": _statefulset,
    "DaemonSet": _daemonset,
    "Service": _service,
    "Namespace": _namespace,
    "Secret": _secret,
    "MutatingWebhookConfiguration": _webhooks,
    "EndpointSlice": _endpoint_slice,
    "CustomResourceDefinition": _crd,
}
