"""Why a Service does not carry traffic as it should: its load balancer, its Pods; pure."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from services.diagnosis import around
from services.diagnosis.facts import BindingFacts, Difference, ServiceFacts, Unread
from services.diagnosis.finding import Code, Finding, Proof, Ref, Sentence, Severity, ordered
from services.diagnosis.gates import of_problem
from services.diagnosis.many import gathered

# Problems that mean: somebody else works on the same thing.
OWNERS = {
    "TkeBinds",
    "TkeIsBinder",
    "AnotherInstallation",
    "AnotherCluster",
    "NotOurs",
    "ForeignListener",
    "ForeignTarget",
}
_SETTLED = {"Ready", "Degraded", "Checking"}


def diagnose_service(facts: ServiceFacts) -> tuple[Finding, ...]:
    """Empty when all is well; else the worst first."""
    return ordered(_findings(facts))


def _ref(facts: ServiceFacts) -> Ref:
    return Ref("Service", facts.namespace, facts.name)


def _findings(facts: ServiceFacts) -> Iterator[Finding]:
    if facts.unbound:
        words = Sentence("podgate does not bind this Service. %(why)s", why=facts.unbound)
        shown = (Proof(f"Service {facts.name}", "spec.loadBalancerClass", "", _ref(facts)),)
        yield Finding(Code.NOT_BOUND, Severity.INFORMS, words, shown)
    found: list[Finding] = []
    if facts.binding is not None:
        # Its processes matter to everything that is bound, stuck or not.
        yield from around.findings(facts.around)
        found += [*_problems(facts, facts.binding), *_gone(facts, facts.binding)]
        found += [*_changed(facts, facts.binding), *_standing(facts, facts.binding)]
    if facts.is_claimed:
        found += [*_selected(facts)]
        of_pods = [one for one in gathered(facts.pods, facts.more) if one.code is not Code.BLOCKED]
        if any(one.code is Code.REGISTERING for one in found):
            # Its load balancer is on its way: that is what they wait for.
            of_pods = [one for one in of_pods if one.code is not Code.REGISTERING]
        found += of_pods
    if facts.binding is not None and not any(one.code is Code.SECURITY_GROUP for one in found):
        found += _closed(facts, facts.binding)
    yield from found


def _problems(facts: ServiceFacts, binding: BindingFacts) -> Iterator[Finding]:
    for problem in binding.problems:
        code = Code.WARNING if problem.severity is not Severity.BLOCKS else Code.BLOCKED
        if problem.code in OWNERS:
            code = Code.TWO_OWNERS
        yield of_problem(code, problem, link=_ref(facts))


def _closed(facts: ServiceFacts, binding: BindingFacts) -> Iterator[Finding]:
    """What keeps clients away, where no Dead target has told it already."""
    if binding.phase in {"Ready", "Degraded"}:
        for problem in binding.closed:
            yield of_problem(Code.SECURITY_GROUP, problem, link=_ref(facts))


def _gone(facts: ServiceFacts, binding: BindingFacts) -> Iterator[Finding]:
    if binding.phase == "Deleting":
        return
    if binding.replaced_at is not None and binding.lb_status != "missing":
        yield _replaced(facts, binding, binding.replaced_at)
    if binding.lb_status != "missing":
        return
    words = Sentence(
        "%(lb)s is no longer there: somebody deleted it. podgate looks twice, then makes another "
        "one; its address will be another.",
        lb=binding.lb_id,
    )
    shown = Proof("DescribeLoadBalancers", f"LoadBalancerIds {binding.lb_id}", "none", _ref(facts))
    step = Sentence("Point whatever uses the old address to the new one.")
    yield Finding(Code.CLB_GONE, Severity.BLOCKS, words, (shown,), step, _ref(facts))


def _replaced(facts: ServiceFacts, binding: BindingFacts, at: datetime) -> Finding:
    words = Sentence(
        "Its load balancer was deleted outside podgate; %(lb)s took its place %(n)s s ago, at "
        "%(vip)s.",
        lb=binding.lb_id,
        n=round((facts.around.now - at).total_seconds()),
        vip=binding.vip or "-",
    )
    shown = Proof(f"Service {facts.name}", "steps", "CreateLoadBalancer", _ref(facts))
    step = Sentence("Point whatever uses the old address to the new one.")
    return Finding(Code.CLB_GONE, Severity.WARNS, words, (shown,), step, _ref(facts))


def _changed(facts: ServiceFacts, binding: BindingFacts) -> Iterator[Finding]:
    """Only of what had come to rest: else podgate itself is at it."""
    differences = facts.differences
    if isinstance(differences, Unread) or not differences or binding.phase not in _SETTLED:
        return
    words = Sentence(
        "%(lb)s was changed by hand: %(what)s podgate puts it back within a minute.",
        lb=binding.lb_id,
        what=_listed([one.what for one in differences]),
    )
    shown = tuple(_difference(facts, binding, one) for one in differences[:5])
    step = Sentence("Change the Service instead; what stands at the load balancer is its copy.")
    yield Finding(Code.CLB_CHANGED, Severity.WARNS, words, shown, step, _ref(facts))


def _listed(words: list[str]) -> Sentence:
    if len(words) == 1:
        return Sentence("%(first)s.", first=words[0])
    return Sentence("%(first)s, and %(n)s more differences.", first=words[0], n=len(words) - 1)


def _difference(facts: ServiceFacts, binding: BindingFacts, one: Difference) -> Proof:
    return Proof(f"CLB {binding.lb_id}", one.field, one.value, _ref(facts))


def _standing(facts: ServiceFacts, binding: BindingFacts) -> Iterator[Finding]:
    """A load balancer on its way, as long as no problem says it better."""
    if binding.problems or binding.phase not in {"Pending", "Provisioning", "Deleting"}:
        return
    if not facts.selected and binding.phase == "Pending":
        return
    words = Sentence("Its load balancer is on its way. %(what)s", what=binding.message)
    shown = Proof(f"Service {facts.name}", "Binding", binding.phase, _ref(facts))
    code = Code.TERMINATING if binding.phase == "Deleting" else Code.REGISTERING
    if binding.phase == "Deleting":
        words = Sentence("It is being taken down. %(what)s", what=binding.message)
    yield Finding(code, Severity.INFORMS, words, (shown,), "", _ref(facts))


def _selected(facts: ServiceFacts) -> Iterator[Finding]:
    if facts.selected or (facts.binding and facts.binding.phase == "Deleting"):
        return
    if facts.at_zero:
        yield _at_zero(facts)
        return
    selector = ",".join(f"{key}={value}" for key, value in sorted(facts.selector.items()))
    shown = Proof(f"Service {facts.name}", "spec.selector", selector, _ref(facts))
    words = Sentence("Its selector %(selector)s matches no Pod.", selector=selector)
    if not selector:
        words = Sentence("It has no selector, so no Pod is bound.")
    step = Sentence("Compare the selector with the labels of the Pod template.")
    if not selector:
        step = Sentence("Give it a selector, or delete it: its load balancer has no target.")
    finding = Finding(Code.NO_PODS, Severity.WARNS, words, (shown,), step)
    yield replace(finding, link=_ref(facts))


def _at_zero(facts: ServiceFacts) -> Finding:
    """It selects the right thing, which somebody scaled down."""
    names = ", ".join(f"{kind} {name}" for kind, name in facts.at_zero)
    words = Sentence("No Pod is behind it: %(who)s is scaled to 0.", who=names)
    refs = [Ref(kind, facts.namespace, name) for kind, name in facts.at_zero]
    shown = tuple(Proof(f"{ref.kind} {ref.name}", "spec.replicas", "0", ref) for ref in refs)
    step = Sentence("Scale it up when it shall serve again.")
    return Finding(Code.NO_PODS, Severity.WARNS, words, shown, step, refs[0])
