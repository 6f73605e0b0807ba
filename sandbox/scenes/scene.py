"""A scene and its steps: data that is played (`stage`) and printed (`page`); pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.kubernetes.demo.manifests import App, config_map, deployment

Object = dict[str, Any]
VPC_CNI, ROUTER, CILIUM, OLD = "cls-vpccni01", "cls-router01", "cls-cilium01", "cls-oldk8s01"
SHOP = "shop"
CLAIM = "podgate.dev/claim"
CLASS = "podgate.dev/clb"
SUBNET = "service.kubernetes.io/qcloud-loadbalancer-internal-subnetid"
CONFIG = "service.cloud.tencent.com/tke-service-config"
DIRECT = "service.cloud.tencent.com/direct-access"
SWITCHES = "tke-service-controller-config"


@dataclass(frozen=True)
class Control:
    """A call of the sandbox's control API; `{lb}` in its path is the Service's load balancer."""

    path: str
    body: Mapping[str, Any] = field(default_factory=dict, hash=False)
    method: str = "POST"
    half: str = "tencent"


@dataclass(frozen=True)
class Apply:
    """An object written into the scene's cluster; `words` say what is special about it."""

    manifest: Mapping[str, Any] = field(hash=False)
    words: str


@dataclass(frozen=True)
class Delete:
    kind: str
    name: str
    namespace: str = SHOP


@dataclass(frozen=True)
class Press:
    """podgate's own button: the fix of the problem, with what has to be chosen."""

    name: str
    chosen: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Told:
    """What podgate is told of the cluster by whoever runs it."""

    field: str
    value: Any
    words: str


type Step = Control | Apply | Delete | Press | Told


@dataclass(frozen=True)
class Scene:
    """`service` is what podgate is asked to judge; nothing: the cluster, for `mode`.

    `mended_service` is another Service, `mended_cluster` another cluster, where that is the fix.
    """

    code: str
    cluster: str = VPC_CNI
    service: tuple[Object, ...] = ()
    broken: tuple[Step, ...] = ()
    mended: tuple[Step, ...] = ()
    # Back to the demo world, where the fix leaves something else than it.
    after: tuple[Step, ...] = ()
    mended_service: tuple[Object, ...] = ()
    mended_cluster: str = ""
    mode: str = ""
    # The Service has its load balancer already.
    bound: bool = False


def service(
    *ports: tuple[str, int, int | str],
    selector: Mapping[str, str] | None = None,
    claim: str = "annotation",
    subnet: str = "",
    headless: bool = False,
    direct: bool = False,
    check: Mapping[str, Any] | None = None,
) -> tuple[Object, ...]:
    """A Service and the TkeServiceConfig it names; `claim`: annotation, class, tke or nothing."""
    chosen = {"app": "storefront"} if selector is None else dict(selector)
    wanted = ports or (("TCP", 80, 8080),)
    said = {
        CLAIM: "clb" if claim == "annotation" else "",
        SUBNET: subnet,
        DIRECT: "true" if direct else "",
        CONFIG: "seen-config" if check else "",
    }
    spec: Object = {
        "type": "LoadBalancer" if claim in ("class", "tke") else "ClusterIP",
        "selector": chosen,
        "ports": [
            {
                "name": f"{protocol.lower()}-{target}-{port}-{number}",
                "protocol": protocol,
                "port": port,
                "targetPort": target,
            }
            for number, (protocol, port, target) in enumerate(wanted)
        ],
        **({"loadBalancerClass": CLASS} if claim == "class" else {}),
        **({"clusterIP": "None"} if headless else {}),
    }
    found: Object = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": "seen",
            "namespace": SHOP,
            "annotations": {name: value for name, value in said.items() if value},
        },
        "spec": spec,
    }
    return (found, _config(wanted, check)) if check else (found,)


def _config(ports: tuple[tuple[str, int, int | str], ...], check: Mapping[str, Any]) -> Object:
    return {
        "apiVersion": "cloud.tencent.com/v1alpha1",
        "kind": "TkeServiceConfig",
        "metadata": {"name": "seen-config", "namespace": SHOP},
        "spec": {
            "loadBalancer": {
                "l4Listeners": [
                    {"protocol": protocol, "port": port, "healthCheck": dict(check)}
                    for protocol, port, _ in ports
                ]
            }
        },
    }


PLAIN = service()


def workload(name: str, **changes: Any) -> tuple[Object, Object]:
    """A Deployment that differs from a good one in `changes`, and its Pod template to change."""
    good = {"ports": (("http", 8080),), "eni": True, "gated": True, "labels": {"seen": name}}
    found = deployment(App(name, "shop/seen:1.0.0", **{**good, **changes}), SHOP)
    # What is mended replaces what was broken at once.
    found["spec"]["strategy"] = {
        "type": "RollingUpdate",
        "rollingUpdate": {"maxUnavailable": "100%", "maxSurge": "100%"},
    }
    made = {"apiVersion": "apps/v1", "kind": "Deployment", **found}
    return made, found["spec"]["template"]


def on(name: str) -> tuple[Object, ...]:
    """The Service of such Deployments."""
    return service(selector={"seen": name})


def switches(**changes: str) -> Apply:
    """The settings of TKE's service-controller."""
    settings = {"GlobalRouteDirectAccess": "true", "VERSION": "v2.3.1"} | changes
    made = config_map(SWITCHES, "kube-system", settings)
    words = ", ".join(f"{name} = {value}" for name, value in settings.items())
    return Apply({"apiVersion": "v1", "kind": "ConfigMap", **made}, words)


def forbidden(action: str) -> tuple[Control, ...]:
    return (Control("faults", {"fault": "forbidden", "action": action}),)


def refused(verb: str, kind: str) -> tuple[Control, ...]:
    """By the API servers."""
    body = {"fault": "forbidden", "action": verb, "match": {"kind": kind}}
    return (Control("faults", body, half="kubernetes"),)


HEALED = (Control("faults", method="DELETE"),)
HEALED_KUBERNETES = (Control("faults", method="DELETE", half="kubernetes"),)


def unread(
    code: str,
    action: str,
    *,
    cluster: str = VPC_CNI,
    service: tuple[Object, ...] = PLAIN,
    bound: bool = False,
) -> Scene:
    """What is not known while the account may not call one action."""
    return Scene(code, cluster, service, forbidden(action), HEALED, bound=bound)
