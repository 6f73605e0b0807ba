"""Events, nodes, namespaces, configuration, and lists of anything."""

from datetime import datetime
from typing import Any

from msgspec import field

from console.kinds.meta import Condition, ListMeta, ObjectMeta, Struct
from console.kinds.pods import Pod
from console.kinds.services import Service
from console.kinds.workloads import Workload


class ObjectReference(Struct, frozen=True):
    kind: str = ""
    namespace: str = ""
    name: str = ""
    uid: str = ""


class EventSource(Struct, frozen=True):
    component: str = ""
    host: str = ""


class Event(Struct, frozen=True):
    metadata: ObjectMeta = ObjectMeta()
    involved_object: ObjectReference = ObjectReference()
    type: str = ""
    reason: str = ""
    message: str = ""
    count: int | None = None
    first_timestamp: datetime | None = None
    last_timestamp: datetime | None = None
    event_time: datetime | None = None
    source: EventSource | None = None
    reporting_component: str = ""


class NodeStatus(Struct, frozen=True):
    conditions: list[Condition] = []
    addresses: list[dict[str, str]] = []


class NodeSpec(Struct, frozen=True):
    pod_cidr: str = field(default="", name="podCIDR")
    provider_id: str = field(default="", name="providerID")
    unschedulable: bool = False


class Node(Struct, frozen=True):
    metadata: ObjectMeta = ObjectMeta()
    spec: NodeSpec = NodeSpec()
    status: NodeStatus = NodeStatus()


class NamespaceStatus(Struct, frozen=True):
    phase: str = ""


class Namespace(Struct, frozen=True):
    metadata: ObjectMeta = ObjectMeta()
    status: NamespaceStatus = NamespaceStatus()


class ConfigMap(Struct, frozen=True):
    metadata: ObjectMeta = ObjectMeta()
    data: dict[str, str] = {}


class TkeServiceConfig(Struct, frozen=True):
    metadata: ObjectMeta = ObjectMeta()
    spec: dict[str, Any] | None = None


class Named(Struct, frozen=True):
    """Any object of which only the metadata matters."""

    metadata: ObjectMeta = ObjectMeta()


class List[T](Struct, frozen=True):
    """A page of a list: `List[Pod]`."""

    metadata: ListMeta = ListMeta()
    items: list[T] = []


PodList = List[Pod]
ServiceList = List[Service]
WorkloadList = List[Workload]
EventList = List[Event]
NodeList = List[Node]
NamespaceList = List[Namespace]
NamedList = List[Named]
