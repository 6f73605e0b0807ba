"""What a Service loses by itself when its type changes, unless the same write changed it too."""

from sandbox.kubernetes.kinds import Object

_BALANCED = ("loadBalancerClass", "allocateLoadBalancerNodePorts")
_EXTERNAL = ("NodePort", "LoadBalancer")


def drop_left_overs(service: Object, old: Object) -> None:
    """Remove what only the old type could have (dropTypeDependentFields of the real strategy)."""
    spec, before = service["spec"], old["spec"]
    now, was = spec.get("type", "ClusterIP"), before["type"]
    if now == was:
        return
    if was == "LoadBalancer":
        _drop_same(spec, before, _BALANCED)
        service["status"] = {"loadBalancer": {}}
    if was in _EXTERNAL and now not in _EXTERNAL:
        _drop_same(spec, before, ("externalTrafficPolicy", "healthCheckNodePort"))
        _drop_same_node_ports(spec, before)
    if now == "ExternalName":
        _drop_same(spec, before, ("clusterIP", "clusterIPs", "internalTrafficPolicy"))


def _drop_same(spec: Object, before: Object, names: tuple[str, ...]) -> None:
    for name in names:
        if name in spec and spec[name] == before.get(name):
            del spec[name]


def _drop_same_node_ports(spec: Object, before: Object) -> None:
    had = {port.get("nodePort") for port in before.get("ports", ())}
    if {port["nodePort"] for port in spec.get("ports", ()) if port.get("nodePort")} <= had:
        for port in spec.get("ports", ()):
            port.pop("nodePort", None)
