"""Every annotation TKE or podgate knows on a Service, and what podgate does with it; pure.

The one source of `docs/annotations.md` (`python -m services.annotations` prints its table).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from services import spec

_K = "service.kubernetes.io/"
_C = "service.cloud.tencent.com/"


class Treatment(StrEnum):
    HONOURED = "honoured"
    INFORMATIONAL = "informational"
    REFUSED = "refused"


@dataclass(frozen=True)
class Annotation:
    name: str
    treatment: Treatment
    note: str
    # Values that ask for nothing podgate does not do anyway.
    harmless: frozenset[str] = frozenset()


def _honoured(name: str, note: str) -> Annotation:
    return Annotation(name, Treatment.HONOURED, note)


def _informational(name: str, note: str) -> Annotation:
    return Annotation(name, Treatment.INFORMATIONAL, note)


def _refused(name: str, note: str, *harmless: str) -> Annotation:
    return Annotation(name, Treatment.REFUSED, note, frozenset(harmless))


ANNOTATIONS: tuple[Annotation, ...] = (
    _honoured(spec.CLAIM, "`clb` on a ClusterIP Service: podgate binds it"),
    _honoured(spec.VIP, "written by podgate on annotation claims: the address of the CLB"),
    _informational("podgate.dev/submission", "one form, one Service: written by the create page"),
    _honoured(
        "podgate.dev/min-healthy-targets",
        "the traffic guard: a number of targets or a percentage of the wanted Pods; a rollout "
        "that leaves a listener with fewer healthy ones is paused",
    ),
    _honoured(spec.DESCRIPTION, "the description of the create page"),
    _honoured(spec.SUBNET, "private CLB in this subnet"),
    _honoured(
        spec.DIRECT, 'a claimed Service is always bound directly; `"true"` alone claims nothing'
    ),
    _honoured(spec.CONFIG, "health check settings of the listeners (TkeServiceConfig)"),
    _honoured(_C + "enable-grace-shutdown", "always on: a terminating Pod gets weight 0"),
    _honoured(_C + "enable-grace-shutdown-tkex", "always on: an unready Pod gets weight 0"),
    _informational(_K + "loadbalance-id", "written by TKE: podgate makes no CLB beside it"),
    _informational(_K + "loadbalance-nat-ipv6", "written by TKE"),
    _informational(_C + "sync-begin-time", "written by TKE: podgate makes no CLB beside it"),
    _informational(_C + "sync-end-time", "written by TKE"),
    _informational(
        _C + "client-token", "written by TKE; podgate's own token is not in the Service"
    ),
    _informational(_C + "loadbalancer-source-endpoints", "only on `kubernetes-intranet`"),
    _informational(_C + "status.conditions", "no such annotation is documented for Services"),
    _informational(_K + "topology-mode", "Kubernetes' own; a CLB's targets are no EndpointSlices"),
    _informational(_K + "topology-aware-hints", "Kubernetes' own, older name of topology-mode"),
    _informational(_K + "service-proxy-name", "Kubernetes' own; kube-proxy does not bind the VIP"),
    _refused(_K + "tke-existed-lbid", "podgate makes a CLB of its own for each Service"),
    _refused(_K + "qcloud-share-existed-lb", "podgate shares no CLB", "false"),
    _refused(_K + "qcloud-loadbalancer-internet-charge-type", "billed by traffic"),
    _refused(_K + "qcloud-loadbalancer-internet-max-bandwidth-out", "CLB's default bandwidth"),
    _refused(_K + "service.extensiveParameters", "no raw CreateLoadBalancer parameters"),
    _refused(_K + "service.listenerParameters", "not documented by TKE"),
    _refused(_K + "qcloud-loadbalancer-backends-label", "chooses nodes; podgate binds Pods"),
    _refused(
        _K + "local-svc-only-bind-node-with-pod", "chooses nodes; podgate binds Pods", "false"
    ),
    _refused(_C + "local-svc-weighted-balance", "weighs nodes; podgate binds Pods", "false"),
    _refused(_K + "loadbalance-type", "classic CLBs", "yunapiv3_forward_clb"),
    _refused(_K + "qcloud-clusterip-loadbalancer-subnetid", "Serverless clusters only"),
    _refused(_C + "tke-service-config-auto", "name a TkeServiceConfig instead", "false"),
    _refused(_C + "specify-protocol", "layer-4 listeners with the port's own protocol"),
    _refused(_C + "enable-grace-deletion", "needs TKE's kubelet Pod deletion protection", "false"),
    _refused(_C + "security-groups", "set them at the CLB"),
    _refused(_C + "pass-to-target", "set it at the CLB", "false"),
    _refused(_C + "modification-protection", "podgate changes its CLB", "false"),
    _refused(_C + "cross-region-id", "the CLB is made in the cluster's region"),
    _refused(_C + "cross-vpc-id", "the CLB is made in the cluster's VPC"),
    _refused(_C + "prevent-loopback", "kube-proxy does not bind the VIP", "false"),
    _refused(_C + "lb-rs-weight", "podgate sets weights"),
    _refused(_C + "target-groups", "podgate binds targets, not target groups"),
    _refused(_C + "hybrid-type", "registered nodes"),
    _refused(_C + "snat-pro-info", "registered nodes"),
    _refused(_C + "discard-loadbalancer-ip", "Serverless clusters only", "false"),
    _refused(_C + "deletion-protection", "not documented for Services", "false"),
    _refused(_C + "loadbalance-retain", "the CLB goes with its Service", "false"),
    _refused(_C + "mode", "not documented for Services"),
)
_BY_NAME = {annotation.name: annotation for annotation in ANNOTATIONS}
_PREFIXES = (_K, _C, "podgate.dev/")


def unsupported(annotations: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """(name, why) of the annotations on a claimed Service that podgate would have to ignore."""
    return tuple(
        (name, why)
        for name, value in sorted(annotations.items())
        if name.startswith(_PREFIXES) and (why := _why_not(name, value))
    )


def table() -> str:
    """The table of `docs/annotations.md`."""
    lines = ["| annotation | podgate | note |", "|---|---|---|"]
    lines += [f"| `{a.name}` | {a.treatment} | {_note(a)} |" for a in ANNOTATIONS]
    return "\n".join(lines) + "\n"


def _why_not(name: str, value: str) -> str:
    known = _BY_NAME.get(name)
    if known is None:
        return "podgate does not know it" if name.startswith((_K, _C)) else ""
    return (
        known.note if known.treatment is Treatment.REFUSED and value not in known.harmless else ""
    )


def _note(annotation: Annotation) -> str:
    fine = ", ".join(f'`"{value}"`' for value in sorted(annotation.harmless))
    return f"{annotation.note} ({fine} is accepted)" if fine else annotation.note


if __name__ == "__main__":
    print(table(), end="")
