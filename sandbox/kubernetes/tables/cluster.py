"""The columns of Services, Nodes, Events and the rest."""

from sandbox.kubernetes.kinds import Object
from sandbox.kubernetes.tables.column import (
    AGE,
    NAME,
    NONE,
    Column,
    at,
    count,
    label_text,
    since,
    wide,
)


def _external_ip(service: Object) -> str:
    spec, ingress = (
        service["spec"],
        service.get("status", {}).get("loadBalancer", {}).get("ingress"),
    )
    found = [each.get("ip") or each.get("hostname", "") for each in ingress or ()]
    match spec.get("type"):
        case "LoadBalancer":
            return ",".join(found + spec.get("externalIPs", [])) or "<pending>"
        case "ExternalName":
            return str(spec.get("externalName", NONE))
    return ",".join(spec.get("externalIPs", [])) or NONE


def _ports(service: Object) -> str:
    shown = []
    for port in service["spec"].get("ports", []):
        node = f":{port['nodePort']}" if port.get("nodePort") else ""
        shown.append(f"{port['port']}{node}/{port.get('protocol', 'TCP')}")
    return ",".join(shown) or NONE


SERVICE = (
    NAME,
    Column("Type", at("spec", "type")),
    Column("Cluster-IP", at("spec", "clusterIP")),
    Column("External-IP", _external_ip),
    Column("Port(s)", _ports),
    AGE,
    wide("Selector", lambda service: label_text(service["spec"].get("selector"))),
)


def _first_three(found: list[str]) -> str:
    if not found:
        return NONE
    rest = f" + {len(found) - 3} more..." if len(found) > 3 else ""
    return ",".join(found[:3]) + rest


def _endpoints(obj: Object) -> str:
    return _first_three(
        [
            f"{address['ip']}:{port['port']}"
            for subset in obj.get("subsets", [])
            for port in subset.get("ports", [])
            for address in subset.get("addresses", [])
        ]
    )


ENDPOINTS = (NAME, Column("Endpoints", _endpoints), AGE)


def _slice_addresses(obj: Object) -> str:
    ips = [ip for endpoint in obj.get("endpoints") or () for ip in endpoint["addresses"]]
    return _first_three(ips) if ips else "<unset>"


ENDPOINTSLICE = (
    NAME,
    Column("AddressType", at("addressType")),
    Column(
        "Ports", lambda obj: _first_three([str(p.get("port", "*")) for p in obj.get("ports") or ()])
    ),
    Column("Endpoints", _slice_addresses),
    AGE,
)


def _node_status(node: Object) -> str:
    conditions = node.get("status", {}).get("conditions") or ()
    ready = {each["type"]: each["status"] for each in conditions}.get("Ready")
    words = {"True": "Ready", "False": "NotReady"}
    found = words.get(ready or "", "NotReady" if ready else "Unknown")
    return f"{found},SchedulingDisabled" if node["spec"].get("unschedulable") else found


def _roles(node: Object) -> str:
    mark = "node-role.kubernetes.io/"
    labels = node["metadata"].get("labels", {})
    return ",".join(sorted(key[len(mark) :] for key in labels if key.startswith(mark))) or NONE


def _address(of: str) -> Column:
    def cell(node: Object) -> str:
        addresses = node.get("status", {}).get("addresses") or ()
        return next((str(each["address"]) for each in addresses if each["type"] == of), NONE)

    return wide("Internal-IP" if of == "InternalIP" else "External-IP", cell)


_INFO = ("status", "nodeInfo")
NODE = (
    NAME,
    Column("Status", _node_status),
    Column("Roles", _roles),
    AGE,
    Column("Version", at(*_INFO, "kubeletVersion")),
    _address("InternalIP"),
    _address("ExternalIP"),
    wide("OS-Image", at(*_INFO, "osImage")),
    wide("Kernel-Version", at(*_INFO, "kernelVersion")),
    wide("Container-Runtime", at(*_INFO, "containerRuntimeVersion")),
)
NAMESPACE = (NAME, Column("Status", at("status", "phase")), AGE)


def _last_seen(event: Object) -> str:
    series = event.get("series") or {}
    return since(
        series.get("lastObservedTime")
        or event.get("lastTimestamp")
        or event.get("firstTimestamp")
        or event.get("eventTime")
    )


def _object(event: Object) -> str:
    about = event["involvedObject"]
    return f"{about.get('kind', '').lower()}/{about.get('name', '')}"


EVENT = (
    Column("Last Seen", _last_seen),
    Column("Type", at("type")),
    Column("Reason", at("reason")),
    Column("Object", _object),
    wide("Subobject", at("involvedObject", "fieldPath", default="")),
    wide("Source", at("source", "component", default="")),
    Column("Message", lambda event: str(event.get("message", "")).strip()),
    wide("First Seen", lambda event: since(event.get("firstTimestamp") or event.get("eventTime"))),
    wide("Count", at("count", default=1)),
    wide("Name", at("metadata", "name")),
)
CONFIGMAP = (NAME, Column("Data", count("data"), "integer"), AGE)
SECRET = (NAME, Column("Type", at("type")), Column("Data", count("data"), "integer"), AGE)
SERVICEACCOUNT = (NAME, Column("Secrets", count("secrets"), "integer"), AGE)
LEASE = (NAME, Column("Holder", at("spec", "holderIdentity", default="")), AGE)
WEBHOOKS = (NAME, Column("Webhooks", count("webhooks"), "integer"), AGE)
CUSTOMRESOURCEDEFINITION = (NAME, Column("Created At", at("metadata", "creationTimestamp")))
