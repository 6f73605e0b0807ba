"""ClusterIPs and node ports: given out, kept, checked and taken back with a Service's type."""

from collections.abc import Iterator
from ipaddress import IPv4Network

from sandbox.kubernetes.errors import Cause, Invalid
from sandbox.kubernetes.kinds import KINDS, Object
from sandbox.kubernetes.store import Store

NODE_PORTS = range(30000, 32768)
_SERVICE = KINDS["Service"]


class Allocator:
    """The two ranges of one cluster. What is taken is read from the Services themselves."""

    def __init__(self, cidr: IPv4Network) -> None:
        self._cidr = cidr

    def allocate(self, store: Store, service: Object, old: Object | None) -> None:
        spec = service["spec"]
        others = [
            each["spec"]
            for each in store.list(_SERVICE)
            if each["metadata"]["uid"] != service["metadata"]["uid"]
        ]
        before = old["spec"] if old else {}
        if spec["type"] == "ExternalName":
            for name in ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"):
                spec.pop(name, None)
        else:
            self._cluster_ip(service, before, others)
        self._node_ports(service, before, others)

    def _cluster_ip(self, service: Object, before: Object, others: list[Object]) -> None:
        spec = service["spec"]
        kept = before.get("clusterIP", "") if before.get("type") != "ExternalName" else ""
        if spec.get("clusterIPs") and not spec.get("clusterIP"):
            spec["clusterIP"] = spec["clusterIPs"][0]
        wanted = spec.get("clusterIP") or kept
        taken = {each.get("clusterIP") for each in others}
        if wanted not in ("", "None", kept):
            self._check_ip(service, wanted, taken)
        spec["clusterIP"] = wanted or next(ip for ip in self._ips() if ip not in taken)
        spec["clusterIPs"] = [spec["clusterIP"]]
        spec.setdefault("ipFamilies", ["IPv4"])
        spec.setdefault("ipFamilyPolicy", "SingleStack")

    def _ips(self) -> Iterator[str]:
        """Beginning with the fourth: the first ones belong to kubernetes and DNS."""
        hosts = (str(ip) for ip in self._cidr.hosts())
        for _ in range(10):
            next(hosts)
        return hosts

    def _check_ip(self, service: Object, wanted: str, taken: set[str | None]) -> None:
        if wanted in taken:
            why = f"failed to allocate IP {wanted}: provided IP is already allocated"
        elif not any(wanted == str(ip) for ip in self._cidr.hosts()):
            why = (
                f"failed to allocate IP {wanted}: the provided IP ({wanted}) is not in the valid "
                f"range. The range of valid IPs is {self._cidr}"
            )
        else:
            return
        message = f'Invalid value: ["{wanted}"]: {why}'
        raise _invalid(service, Cause("FieldValueInvalid", "spec.clusterIPs", message))

    def _node_ports(self, service: Object, before: Object, others: list[Object]) -> None:
        spec = service["spec"]
        if not _has_node_ports(spec):
            return
        taken = {
            (port.get("protocol"), port["nodePort"])
            for each in others
            for port in each.get("ports", ())
            if port.get("nodePort")
        }
        kept = {
            (port["port"], port.get("protocol")): port.get("nodePort")
            for port in before.get("ports", ())
        }
        for index, port in enumerate(spec.get("ports", ())):
            if port.get("nodePort"):
                _check_node_port(service, index, taken)
            else:
                port["nodePort"] = kept.get((port["port"], port["protocol"])) or _free(
                    port["protocol"], taken
                )
            taken.add((port["protocol"], port["nodePort"]))


def _has_node_ports(spec: Object) -> bool:
    if spec["type"] == "LoadBalancer":
        wanted: bool = spec.get("allocateLoadBalancerNodePorts", True)
        return wanted
    return bool(spec["type"] == "NodePort")


def _free(protocol: str, taken: set[tuple[str | None, int]]) -> int:
    return next(port for port in NODE_PORTS if (protocol, port) not in taken)


def _check_node_port(service: Object, index: int, taken: set[tuple[str | None, int]]) -> None:
    port = service["spec"]["ports"][index]
    wanted = port["nodePort"]
    if wanted not in NODE_PORTS:
        why = (
            "provided port is not in the valid range. The range of valid ports is "
            f"{NODE_PORTS.start}-{NODE_PORTS.stop - 1}"
        )
    elif (port["protocol"], wanted) in taken:
        why = "provided port is already allocated"
    else:
        return
    field = f"spec.ports[{index}].nodePort"
    raise _invalid(service, Cause("FieldValueInvalid", field, f"Invalid value: {wanted}: {why}"))


def _invalid(service: Object, cause: Cause) -> Invalid:
    return Invalid.of(_SERVICE, service["metadata"]["name"], [cause])
