"""Services: types, ports, and the rules of loadBalancerClass."""

from ipaddress import ip_address, ip_network
from typing import Any

from sandbox.kubernetes.errors import Cause
from sandbox.kubernetes.kinds import Object
from sandbox.kubernetes.rules.checks import words

_TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
_PROTOCOLS = ("SCTP", "TCP", "UDP")
_MOST_AFFINITY = 86400


def problems(obj: Object, old: Object | None) -> list[Cause]:
    spec = obj["spec"]
    before = old["spec"] if old else None
    if spec["type"] not in _TYPES:
        return [words.unsupported("spec.type", spec["type"], _TYPES)]
    return [
        *_ports(spec),
        *_affinity(spec),
        *words.labels("spec.selector", spec.get("selector") or {}),
        *_policies(spec),
        *_load_balancer_class(spec, before),
        *_load_balancer_only(spec),
        *_cluster_ip(spec, before),
        *_external_name(spec),
    ]


def _ports(spec: Object) -> list[Cause]:
    ports = spec.get("ports") or []
    if not ports:
        headless = spec.get("clusterIP") == "None" or spec["type"] == "ExternalName"
        return [] if headless else [words.required("spec.ports")]
    found: list[Cause] = []
    names: set[str] = set()
    taken: set[tuple[Any, str]] = set()
    node_ports: set[tuple[Any, str]] = set()
    for index, port in enumerate(ports):
        field = f"spec.ports[{index}]"
        found += _port(field, port, many=len(ports) > 1)
        name = port.get("name", "")
        if name and name in names:
            found.append(words.duplicate(f"{field}.name", name))
        names.add(name)
        found += _node_port(field, port, spec, node_ports)
        identity = (port.get("port"), port["protocol"])
        if identity in taken:
            found.append(words.duplicate(field, _go_port(*identity)))
        taken.add(identity)
    return found


def _go_port(port: Any, protocol: str) -> words.Go:
    """The key of a port as the real message shows it, a struct with little in it."""
    return words.Go(
        f'core.ServicePort{{Name:"", Protocol:"{protocol}", AppProtocol:(*string)(nil), '
        f'Port:{port}, TargetPort:intstr.IntOrString{{Type:0, IntVal:0, StrVal:""}}, NodePort:0}}'
    )


def _port(field: str, port: Object, *, many: bool) -> list[Cause]:
    found: list[Cause] = []
    name = port.get("name", "")
    if name:
        found += words.dns_label(f"{field}.name", name)
    elif many:
        found.append(words.required(f"{field}.name"))
    found += words.port_number(f"{field}.port", port.get("port"))
    if port["protocol"] not in _PROTOCOLS:
        found.append(words.unsupported(f"{field}.protocol", port["protocol"], _PROTOCOLS))
    target = port.get("targetPort")
    if isinstance(target, str):
        found += words.port_name(f"{field}.targetPort", target)
    elif target is not None:
        found += words.port_number(f"{field}.targetPort", target)
    return found


def _node_port(field: str, port: Object, spec: Object, taken: set[tuple[Any, str]]) -> list[Cause]:
    wanted = port.get("nodePort")
    if not wanted:
        return []
    if spec["type"] not in ("NodePort", "LoadBalancer"):
        why = f"may not be used when `type` is '{spec['type']}'"
        return [words.forbidden(f"{field}.nodePort", why)]
    identity = (wanted, port["protocol"])
    if identity in taken:
        return [words.duplicate(f"{field}.nodePort", wanted)]
    taken.add(identity)
    return []


def _affinity(spec: Object) -> list[Cause]:
    affinity = spec["sessionAffinity"]
    if affinity not in ("ClientIP", "None"):
        return [words.unsupported("spec.sessionAffinity", affinity, ("ClientIP", "None"))]
    config = spec.get("sessionAffinityConfig")
    if affinity == "None":
        if config:
            why = "must not be set when session affinity is None"
            return [words.forbidden("spec.sessionAffinityConfig", why)]
        return []
    seconds = (config or {}).get("clientIP", {}).get("timeoutSeconds")
    if not isinstance(seconds, int) or not 0 < seconds <= _MOST_AFFINITY:
        field = "spec.sessionAffinityConfig.clientIP.timeoutSeconds"
        return [
            words.invalid(field, seconds, f"must be greater than 0 and less than {_MOST_AFFINITY}")
        ]
    return []


def _policies(spec: Object) -> list[Cause]:
    found: list[Cause] = []
    external = spec.get("externalTrafficPolicy")
    is_external = spec["type"] in ("NodePort", "LoadBalancer")
    if external and not is_external and not spec.get("externalIPs"):
        why = "may only be set for externally-accessible services"
        found.append(words.invalid("spec.externalTrafficPolicy", external, why))
    for name, value in (
        ("externalTrafficPolicy", external),
        ("internalTrafficPolicy", spec.get("internalTrafficPolicy")),
    ):
        if value and value not in ("Cluster", "Local"):
            found.append(words.unsupported(f"spec.{name}", value, ("Cluster", "Local")))
    return found


def _load_balancer_class(spec: Object, before: Object | None) -> list[Cause]:
    """May only be set with type LoadBalancer, and only when the Service becomes one."""
    field, wanted = "spec.loadBalancerClass", spec.get("loadBalancerClass")
    is_balanced = spec["type"] == "LoadBalancer"
    if wanted and not is_balanced:
        return [words.forbidden(field, "may only be used when `type` is 'LoadBalancer'")]
    was_balanced = before is not None and before["type"] == "LoadBalancer"
    if is_balanced and was_balanced and before and wanted != before.get("loadBalancerClass"):
        return [words.invalid(field, wanted, "may not change once set")]
    return words.qualified_name(field, wanted) if wanted else []


def _load_balancer_only(spec: Object) -> list[Cause]:
    found: list[Cause] = []
    is_balanced = spec["type"] == "LoadBalancer"
    if spec.get("allocateLoadBalancerNodePorts") is not None and not is_balanced:
        field = "spec.allocateLoadBalancerNodePorts"
        found.append(words.forbidden(field, "may only be used when `type` is 'LoadBalancer'"))
    for index, source in enumerate(spec.get("loadBalancerSourceRanges") or ()):
        if not is_balanced:
            field = "spec.loadBalancerSourceRanges"
            found.append(words.forbidden(field, "may only be used when `type` is 'LoadBalancer'"))
            break
        try:
            ip_network(source.strip())
        except ValueError:
            why = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"
            found.append(words.invalid(f"spec.loadBalancerSourceRanges[{index}]", source, why))
    return found


def _cluster_ip(spec: Object, before: Object | None) -> list[Cause]:
    wanted = spec.get("clusterIP", "")
    if spec["type"] == "ExternalName":
        if wanted:
            return [
                words.forbidden("spec.clusterIPs", "may not be set when `type` is 'ExternalName'")
            ]
        return []
    if wanted == "None":
        if spec["type"] != "ClusterIP":
            why = f"may not be set to 'None' for {spec['type']} services"
            return [words.invalid("spec.clusterIPs[0]", wanted, why)]
    elif wanted:
        try:
            ip_address(wanted)
        except ValueError:
            why = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
            return [words.invalid("spec.clusterIPs[0]", wanted, why)]
    had = before.get("clusterIP", "") if before and before["type"] != "ExternalName" else ""
    if had and wanted and wanted != had:
        why = "may not change once set"
        return [words.invalid("spec.clusterIPs[0]", wanted, why)]
    return []


def _external_name(spec: Object) -> list[Cause]:
    if spec["type"] != "ExternalName":
        return []
    name = str(spec.get("externalName", "")).rstrip(".")
    return (
        words.dns_subdomain("spec.externalName", name)
        if name
        else [words.required("spec.externalName")]
    )


def status_problems(obj: Object, old: Object | None) -> list[Cause]:
    """status.loadBalancer belongs to Services of type LoadBalancer."""
    ingress = obj.get("status", {}).get("loadBalancer", {}).get("ingress") or []
    if ingress and obj["spec"]["type"] != "LoadBalancer":
        why = 'may only be used when `spec.type` is "LoadBalancer"'
        return [words.forbidden("status.loadBalancer.ingress", why)]
    found: list[Cause] = []
    for index, each in enumerate(ingress):
        found += _ingress(f"status.loadBalancer.ingress[{index}]", each)
    return found


def _ingress(field: str, ingress: Object) -> list[Cause]:
    found: list[Cause] = []
    ip, mode = ingress.get("ip"), ingress.get("ipMode")
    if ip:
        try:
            ip_address(ip)
        except ValueError:
            why = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
            found.append(words.invalid(f"{field}.ip", ip, why))
    if mode and not ip:
        found.append(
            words.forbidden(f"{field}.ipMode", "may not be specified when `ip` is not set")
        )
    if mode and mode not in ("Proxy", "VIP"):
        found.append(words.unsupported(f"{field}.ipMode", mode, ("Proxy", "VIP")))
    return found
