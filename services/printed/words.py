"""Words and tones of what the pages of Services show."""

from django.utils.translation import gettext as _

from console.models import Binder, Cluster
from services.models import Binding, Phase
from services.spec import DIRECT, SUBNET, claimed_by
from services.words import stored

PHASE_TONES: dict[str, str] = {
    Phase.PENDING: "info",
    Phase.PROVISIONING: "info",
    Phase.REGISTERING: "info",
    Phase.CHECKING: "info",
    Phase.READY: "success",
    Phase.DEGRADED: "warning",
    Phase.BLOCKED: "error",
    Phase.DELETING: "info",
}
# CLB's own words.
HEALTH_TONES = {"Alive": "success", "Dead": "error", "Unknown": "info", "Close": "idle"}
GATE_TONES = {"True": "success", "False": "info", "missing": "info"}


def phase_word(phase: str) -> str:
    return str(Phase(phase).label)


def is_called_out(binding: Binding) -> bool:
    """Whether a callout on its page says already what the binding waits for."""
    if binding.phase == Phase.BLOCKED:
        return bool(binding.problems)
    return any(problem["message"] == binding.message for problem in binding.problems)


def message_words(binding: Binding) -> str:
    """What a binding waits for; of a blocked one the problem and its fix."""
    if binding.phase == Phase.BLOCKED:
        for problem in binding.problems:
            if problem["severity"] == "blocks":
                parts = (problem["message"], problem.get("fix", ""))
                return " ".join(stored(part) for part in parts if part)
    return stored(binding.message)


def method_words(manifest: dict[str, object]) -> str:
    """The access method in the words of the create page, from a manifest."""
    spec = manifest["spec"]
    assert isinstance(spec, dict)
    if not is_load_balanced(manifest):
        return str(spec.get("type", "ClusterIP"))
    if _annotations(manifest).get(SUBNET):
        return _("Private Network CLB Access")
    return _("Public Network CLB Access")


def access_words(manifest: dict[str, object]) -> str:
    where = method_words(manifest)
    return _("%(where)s, direct to Pods") % {"where": where} if is_direct(manifest) else where


def is_load_balanced(manifest: dict[str, object]) -> bool:
    spec = manifest["spec"]
    assert isinstance(spec, dict)
    return spec.get("type") == "LoadBalancer" or bool(claimed_by(manifest))


def is_direct(manifest: dict[str, object]) -> bool:
    """Whether its CLB would send traffic straight to the Pods."""
    wanted = bool(claimed_by(manifest)) or _annotations(manifest).get(DIRECT) == "true"
    return is_load_balanced(manifest) and wanted


def _annotations(manifest: dict[str, object]) -> dict[str, str]:
    metadata = manifest["metadata"]
    assert isinstance(metadata, dict)
    return metadata.get("annotations") or {}


def who_would_bind(manifest: dict[str, object], cluster: Cluster) -> str:
    """Of a Service nobody here claims: whose work it is, or why nobody will bind it."""
    spec, metadata = manifest["spec"], manifest["metadata"]
    assert isinstance(spec, dict)
    assert isinstance(metadata, dict)
    direct = (metadata.get("annotations") or {}).get(DIRECT) == "true"
    kind, by_class = spec.get("type", "ClusterIP"), spec.get("loadBalancerClass")
    if claimed_by(manifest) and cluster.binder == Binder.TKE:
        return _(
            "This Service claims podgate’s binder, but this cluster is set to binder tke: nobody "
            "binds it. Set the cluster to binder console, or take the claim away."
        )
    if kind == "LoadBalancer" and not by_class:
        if cluster.binder == Binder.TKE:
            return _(
                "TKE’s service-controller binds it. podgate reads its load balancer and shows what "
                "it has; it writes nothing."
            )
        if "tke_controller" in (cluster.facts or {}):
            who = _("TKE’s service-controller binds it, if it runs in this cluster.")
        else:
            who = _("The cluster’s own load balancer controller would bind it.")
        return f"{who} {_('podgate leaves it alone: it carries no claim.')}"
    if kind == "LoadBalancer":
        words = _("The controller of class %(name)s binds it; podgate leaves it alone.")
        return words % {"name": by_class}
    if direct:
        return _(
            'direct-access: "true" alone makes no load balancer: TKE’s service-controller acts on '
            "type LoadBalancer only, and podgate on Services that claim it (class podgate.dev/clb, "
            "or podgate.dev/claim: clb). Nobody binds this Service."
        )
    return ""
