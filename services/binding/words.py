"""Steps in plain sentences: what a call will do (previews) and what it has done (the timeline)."""

from collections.abc import Mapping, Sequence

from services.binding.plan import Batch, CreateLoadBalancer, DeleteLoadBalancer, SetWeight, Step
from services.limits import Sentence

DONE = {
    "CreateLoadBalancer": "Created a %s load balancer",
    "CreateListener": "Created %s",
    "ModifyListener": "Changed %s",
    "BatchModifyTargetWeight": "Set %s",
    "BatchRegisterTargets": "Registered %s",
    "BatchDeregisterTargets": "Deregistered %s",
    "DeleteLoadBalancerListeners": "Deleted %s",
    "DeleteLoadBalancer": "Deleted the load balancer%s",
}


def describe(batch: Batch, names: Mapping[str, str] | None = None) -> Sentence:
    """What the call will do, to be translated by pages; `names` of Pods by address."""
    what = _what(batch.steps, names)
    match batch.action:
        case "CreateLoadBalancer":
            return Sentence("Create a %(what)s load balancer", what=what)
        case "CreateListener":
            return Sentence("Create %(what)s", what=what)
        case "ModifyListener":
            return Sentence("Change %(what)s", what=what)
        case "BatchModifyTargetWeight":
            return Sentence("Set %(what)s", what=what)
        case "BatchRegisterTargets":
            return Sentence("Register %(what)s", what=what)
        case "BatchDeregisterTargets":
            return Sentence("Deregister %(what)s", what=what)
        case "DeleteLoadBalancerListeners":
            return Sentence("Delete %(what)s", what=what)
    return Sentence("Delete the load balancer")


def told(batch: Batch, names: Mapping[str, str]) -> str:
    """What the call did; `names` of Pods by address."""
    return DONE[batch.action] % _what(batch.steps, names)


def _what(steps: Sequence[Step], names: Mapping[str, str] | None = None) -> str:
    first = steps[0]
    if isinstance(first, CreateLoadBalancer):
        return "private" if first.load_balancer.type == "INTERNAL" else "public"
    if isinstance(first, DeleteLoadBalancer):
        return ""
    keyed = [s for s in steps if not isinstance(s, CreateLoadBalancer | DeleteLoadBalancer)]
    listeners = ", ".join(sorted({str(step.key) for step in keyed}))
    targets = [step.target for step in keyed if hasattr(step, "target")]
    if not targets:
        return f"listener{'s' if len(keyed) > 1 else ''} {listeners}"
    weights = {step.weight for step in keyed if isinstance(step, SetWeight)}
    before = "the weights of " if len(weights) > 1 else ""
    weight = f" to weight {weights.pop()}" if len(weights) == 1 else ""
    if len(targets) == 1:
        pod = (names or {}).get(targets[0].ip)
        return f"{pod + ' at ' if pod else ''}{targets[0]} on {listeners}{weight}"
    pods = len({target.ip for target in targets})
    return f"{before}{len(targets)} targets ({pods} Pods) on {listeners}{weight}"
