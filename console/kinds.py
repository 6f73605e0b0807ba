"""The Kubernetes objects podgate reads: small structs of the fields it uses, nothing else.

Every field has a default, because a watch's bookmark carries only `metadata.resourceVersion`.
"""

from datetime import datetime
from typing import Any
from urllib.parse import quote

import msgspec
from msgspec import field

Quantity = str | int | float


class Struct(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True, kw_only=True):
    """Camel-case on the wire; unknown fields are skipped while decoding."""


class OwnerReference(Struct, frozen=True):
    api_version: str = ""
    kind: str = ""
    name: str = ""
    uid: str = ""
    controller: bool = False


class ObjectMeta(Struct, frozen=True):
    name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    generation: int = 0
    creation_timestamp: datetime | None = None
    deletion_timestamp: datetime | None = None
    deletion_grace_period_seconds: int | None = None
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    owner_references: list[OwnerReference] = []
    finalizers: list[str] = []


class ListMeta(Struct, frozen=True):
    resource_version: str = ""
    continue_: str = field(default="", name="continue")
    remaining_item_count: int | None = None


class Condition(Struct, frozen=True):
    type: str = ""
    status: str = ""
    reason: str = ""
    message: str = ""
    last_transition_time: datetime | None = None
    last_probe_time: datetime | None = None
    last_update_time: datetime | None = None


class LabelSelectorRequirement(Struct, frozen=True):
    key: str = ""
    operator: str = ""
    values: list[str] = []


class LabelSelector(Struct, frozen=True):
    match_labels: dict[str, str] = {}
    match_expressions: list[LabelSelectorRequirement] = []


class ContainerPort(Struct, frozen=True):
    name: str = ""
    container_port: int = 0
    protocol: str = "TCP"


class ResourceRequirements(Struct, frozen=True):
    requests: dict[str, Quantity] = {}
    limits: dict[str, Quantity] = {}


class Container(Struct, frozen=True):
    name: str = ""
    image: str = ""
    ports: list[ContainerPort] = []
    resources: ResourceRequirements = ResourceRequirements()
    readiness_probe: dict[str, Any] | None = None
    lifecycle: dict[str, Any] | None = None


class PodReadinessGate(Struct, frozen=True):
    condition_type: str = ""


class PodSpec(Struct, frozen=True):
    node_name: str = ""
    host_network: bool = False
    containers: list[Container] = []
    init_containers: list[Container] = []
    readiness_gates: list[PodReadinessGate] = []
    termination_grace_period_seconds: int | None = None
    restart_policy: str = ""


class ContainerStateRunning(Struct, frozen=True):
    started_at: datetime | None = None


class ContainerStateWaiting(Struct, frozen=True):
    reason: str = ""
    message: str = ""


class ContainerStateTerminated(Struct, frozen=True):
    reason: str = ""
    message: str = ""
    exit_code: int = 0
    signal: int = 0
    started_at: datetime | None = None
    finished_at: datetime | None = None


class ContainerState(Struct, frozen=True):
    running: ContainerStateRunning | None = None
    waiting: ContainerStateWaiting | None = None
    terminated: ContainerStateTerminated | None = None


class ContainerStatus(Struct, frozen=True):
    name: str = ""
    image: str = ""
    ready: bool = False
    started: bool | None = None
    restart_count: int = 0
    state: ContainerState = ContainerState()
    last_state: ContainerState = ContainerState()


class PodIP(Struct, frozen=True):
    ip: str = ""


class PodStatus(Struct, frozen=True):
    phase: str = ""
    reason: str = ""
    message: str = ""
    pod_ip: str = field(default="", name="podIP")
    pod_ips: list[PodIP] = field(default_factory=list, name="podIPs")
    host_ip: str = field(default="", name="hostIP")
    start_time: datetime | None = None
    conditions: list[Condition] = []
    container_statuses: list[ContainerStatus] = []
    init_container_statuses: list[ContainerStatus] = []


class Pod(Struct, frozen=True):
    metadata: ObjectMeta = ObjectMeta()
    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()


class PodTemplateSpec(Struct, frozen=True):
    metadata: ObjectMeta = ObjectMeta()
    spec: PodSpec = PodSpec()


class ServicePort(Struct, frozen=True):
    name: str = ""
    protocol: str = "TCP"
    port: int = 0
    target_port: int | str | None = None
    node_port: int | None = None


class ClientIPConfig(Struct, frozen=True):
    timeout_seconds: int | None = None


class SessionAffinityConfig(Struct, frozen=True):
    client_ip: ClientIPConfig | None = field(default=None, name="clientIP")


class ServiceSpec(Struct, frozen=True):
    type: str = "ClusterIP"
    cluster_ip: str = field(default="", name="clusterIP")
    selector: dict[str, str] = {}
    ports: list[ServicePort] = []
    load_balancer_class: str | None = None
    allocate_load_balancer_node_ports: bool | None = None
    external_traffic_policy: str = ""
    session_affinity: str = "None"
    session_affinity_config: SessionAffinityConfig | None = None
    publish_not_ready_addresses: bool = False
    external_name: str = ""


class LoadBalancerIngress(Struct, frozen=True):
    ip: str = ""
    hostname: str = ""
    ip_mode: str | None = None


class LoadBalancerStatus(Struct, frozen=True):
    ingress: list[LoadBalancerIngress] = []


class ServiceStatus(Struct, frozen=True):
    load_balancer: LoadBalancerStatus = LoadBalancerStatus()
    conditions: list[Condition] = []


class Service(Struct, frozen=True):
    metadata: ObjectMeta = ObjectMeta()
    spec: ServiceSpec = ServiceSpec()
    status: ServiceStatus = ServiceStatus()


class WorkloadSpec(Struct, frozen=True):
    """Deployment, ReplicaSet, StatefulSet and DaemonSet: each leaves what it lacks at default."""

    replicas: int | None = None
    selector: LabelSelector = LabelSelector()
    template: PodTemplateSpec = PodTemplateSpec()
    paused: bool = False
    min_ready_seconds: int = 0
    progress_deadline_seconds: int | None = None
    # `strategy` is a Deployment's, `updateStrategy` a StatefulSet's or DaemonSet's.
    strategy: dict[str, Any] | None = None
    update_strategy: dict[str, Any] | None = None
    service_name: str = ""
    pod_management_policy: str = ""


class WorkloadStatus(Struct, frozen=True):
    observed_generation: int = 0
    replicas: int = 0
    ready_replicas: int = 0
    updated_replicas: int = 0
    available_replicas: int = 0
    unavailable_replicas: int = 0
    current_replicas: int = 0
    current_revision: str = ""
    update_revision: str = ""
    desired_number_scheduled: int = 0
    current_number_scheduled: int = 0
    number_ready: int = 0
    updated_number_scheduled: int = 0
    number_available: int = 0
    number_unavailable: int = 0
    conditions: list[Condition] = []


class Workload(Struct, frozen=True):
    metadata: ObjectMeta = ObjectMeta()
    spec: WorkloadSpec = WorkloadSpec()
    status: WorkloadStatus = WorkloadStatus()


Deployment = ReplicaSet = StatefulSet = DaemonSet = Workload


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


_CORE = "/api/v1"
_APPS = "/apis/apps/v1"
# Kind -> group and version, plural, namespaced.
WHERE = {
    "Namespace": (_CORE, "namespaces", False),
    "Node": (_CORE, "nodes", False),
    "Pod": (_CORE, "pods", True),
    "Service": (_CORE, "services", True),
    "ConfigMap": (_CORE, "configmaps", True),
    "Secret": (_CORE, "secrets", True),
    "Event": (_CORE, "events", True),
    "Endpoints": (_CORE, "endpoints", True),
    "Deployment": (_APPS, "deployments", True),
    "ReplicaSet": (_APPS, "replicasets", True),
    "StatefulSet": (_APPS, "statefulsets", True),
    "DaemonSet": (_APPS, "daemonsets", True),
    "ControllerRevision": (_APPS, "controllerrevisions", True),
    "EndpointSlice": ("/apis/discovery.k8s.io/v1", "endpointslices", True),
    "TkeServiceConfig": ("/apis/cloud.tencent.com/v1alpha1", "tkeserviceconfigs", True),
    "SelfSubjectAccessReview": (
        "/apis/authorization.k8s.io/v1",
        "selfsubjectaccessreviews",
        False,
    ),
    "MutatingWebhookConfiguration": (
        "/apis/admissionregistration.k8s.io/v1",
        "mutatingwebhookconfigurations",
        False,
    ),
}


def path(kind: str, namespace: str = "", name: str = "", subresource: str = "") -> str:
    """Where a kind lives; without a namespace all of them, without a name the collection."""
    base, plural, namespaced = WHERE[kind]
    parts = [base]
    if namespaced and namespace:
        parts += ["namespaces", quote(namespace, safe="")]
    parts.append(plural)
    if name:
        parts.append(quote(name, safe=""))
    if subresource:
        parts.append(subresource)
    return "/".join(parts)
