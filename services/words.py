"""The texts of the pure rooms in the reader's language."""

import re
from functools import cache, lru_cache

from django.utils.translation import gettext, gettext_noop

from services.admission.damage import WORDS
from services.limits import Sentence
from services.limits.catalogue import TEMPLATES


def said(text: str) -> str:
    """A Sentence translated, its values in place; any other text as it is."""
    if not isinstance(text, Sentence):
        return text
    template = gettext(text.template)
    values = {
        name: said(value) if isinstance(value, str) else value
        for name, value in text.values.items()
    }
    return template % values if values else template


def stored(text: str) -> str:
    """A text kept on a row, translated where it follows one of the templates below.

    A problem and its fix may stand behind one another: then sentence by sentence.
    """
    # No template is a single word: names and addresses need no look at all of them.
    if " " not in text:
        return text
    whole = _translated(text)
    if whole is not None:
        return whole
    # A condition's reason in front of its message, or what is damaged behind how.
    head, colon, rest = text.partition(": ")
    if colon and (" " not in head or _translated(head) is not None):
        return f"{stored(head)}: {stored(rest)}"
    for end in re.finditer(r"(?<=[.!?]) ", text):
        first = _translated(text[: end.start()])
        if first is not None:
            between = "" if first.endswith("。") else " "
            return f"{first}{between}{stored(text[end.end() :])}"
    return text


def _translated(text: str) -> str | None:
    found = _template_of(text)
    if found is None:
        return None
    template, values = found
    return gettext(template) % {name: stored(value) for name, value in values.items()}


@lru_cache(maxsize=4096)
def _template_of(text: str) -> tuple[str, dict[str, str]] | None:
    """The template a text was made from, and the values in it."""
    for template, pattern in _patterns():
        if found := pattern.fullmatch(text):
            return template, found.groupdict()
    return None


# What the traffic guard did, for Events and the audit trail.
PAUSED = gettext_noop(
    "Paused the rollout of %(kind)s %(workload)s: healthy targets on listener %(listener)s of "
    "Service %(service)s: %(n)s, the floor is %(least)s (%(floor)s). Resume it or roll it back."
)
CANNOT = gettext_noop(
    "The rollout of %(kind)s %(workload)s cannot be paused: healthy targets on listener "
    "%(listener)s of Service %(service)s: %(n)s, the floor is %(least)s (%(floor)s). Roll it back "
    "or repair it."
)

# What the engine writes down: phases, problems and steps, in English with their values in place.
# The first that fits is taken, so whole sentences stand before their beginnings.
KEPT = (
    # What remedies warn of.
    gettext_noop("%(lb)s has no security group: everybody reaches the listeners' ports then."),
    gettext_noop("Targets whose groups are closed to health checks turn Dead."),
    gettext_noop("The rule holds for everything that this security group is in front of."),
    gettext_noop("0.0.0.0/0 is everybody: the port is open to the Internet then."),
    gettext_noop("1 target of this cluster loses its route and turns Dead."),
    gettext_noop("%(n)s targets of this cluster lose their route and turn Dead."),
    gettext_noop("A CCN costs by the traffic or bandwidth that leaves the region."),
    gettext_noop("No API shows a route that a ticket made: podgate takes your word for it."),
    gettext_noop(
        "The CLB does not verify addresses behind such a route: a target with a wrong IP is "
        "taken, and traffic for it goes wherever that IP is."
    ),
    # What a Pod's gate says.
    gettext_noop("a load balancer to come"),
    gettext_noop("%(listener)s of %(lb)s (%(service)s) says Dead."),
    gettext_noop("%(listener)s of %(lb)s (%(service)s) says Dead: %(why)s"),
    gettext_noop("%(listener)s of %(lb)s (%(service)s) has no target for this Pod yet."),
    gettext_noop("%(listener)s of %(lb)s (%(service)s) has no target for this Pod yet: %(why)s"),
    gettext_noop("%(listener)s of %(lb)s (%(service)s) is still checking this Pod (Unknown)."),
    gettext_noop(
        "%(listener)s of %(lb)s (%(service)s) has no health check; the target is registered."
    ),
    gettext_noop("The CLB says Alive on %(said)s."),
    gettext_noop("No claimed Service selects this Pod any more."),
    gettext_noop("The gate stays open for the life of the Pod."),
    PAUSED,
    CANNOT,
    # What podgate itself got of a Dead target.
    gettext_noop("connection refused on %(address)s."),
    gettext_noop("no answer on %(address)s in %(n)s s, from podgate either."),
    gettext_noop("%(address)s cannot be reached (%(error)s), from podgate either."),
    gettext_noop(
        "%(address)s takes connections from podgate: look at the security groups and the health "
        "check's settings."
    ),
    gettext_noop("GET %(path)s on %(address)s answers HTTP %(status)s."),
    gettext_noop("Its overlay address cannot be reached from the VPC."),
    gettext_noop("It has ended (%(phase)s)."),
    gettext_noop("None of its containers has a %(protocol)s port %(port)s."),
    gettext_noop("%(key)s has as many targets as the account's quota allows."),
    gettext_noop("%(what)s: the CLB refuses (%(said)s)."),
    gettext_noop("Tencent Cloud refuses (%(said)s)."),
    gettext_noop("The API server refuses: %(error)s."),
    gettext_noop("Free addresses in the subnet, or choose another one."),
    gettext_noop("Raise the account's quota, or delete what is not needed."),
    gettext_noop("Top up the account."),
    gettext_noop("Choose another zone or type, or wait until there are some again."),
    gettext_noop("Give the account's keys the rights in docs/permissions.md."),
    gettext_noop("Give the account valid keys with `manage.py add_account`."),
    gettext_noop("Take the load balancer's protection away."),
    gettext_noop(
        "Give podgate's user the rights in docs/permissions.md (see `manage.py check_access`)."
    ),
    gettext_noop("Change what the CLB names; the step below carries the request id."),
    gettext_noop("Somebody else's listener has %(key)s of %(lb)s."),
    gettext_noop("Delete it at the CLB, or give the Service another port."),
    gettext_noop("Somebody else registered %(what)s; podgate leaves it alone."),
    gettext_noop("%(lb)s stays: somebody else's listeners are on it."),
    gettext_noop("The Service's access method or subnet changed; a load balancer keeps both."),
    gettext_noop("Change it back, or make the Service anew."),
    gettext_noop("TkeServiceConfig %(name)s cannot be read: %(error)s."),
    gettext_noop("The Service asks for something a CLB has not: %(error)s."),
    gettext_noop("%(ids)s also carries podgate's tags for this Service; podgate uses %(lb)s."),
    gettext_noop("Delete it at the CLB, or take its tags away."),
    gettext_noop(
        "The Service carries the marks of both controllers: podgate's %(ours)s and TKE's "
        "%(theirs)s. Each would undo what the other binds."
    ),
    gettext_noop(
        "Let one of the two bind it: take podgate's class, annotation or finalizer away, or make"
        " the Service anew so that TKE has never touched it."
    ),
    gettext_noop(
        "%(n)s of its Pods are also selected by Service %(other)s, which claims podgate's "
        "binder; in this cluster TKE binds, so nobody binds that one."
    ),
    gettext_noop("Take the claim off that Service, or let it select other Pods."),
    gettext_noop("TKE names %(lb)s, which the account does not have."),
    gettext_noop(
        "If it was deleted by hand, TKE makes another one once the annotation is taken away."
    ),
    gettext_noop("TKE's service-controller has not named a load balancer yet."),
    gettext_noop("TKE's service-controller takes its load balancer away."),
    gettext_noop("Create it."),
    gettext_noop("Mend it."),
    gettext_noop("Remove it."),
    gettext_noop("The CLB API asks to slow down."),
    gettext_noop("The load balancer is in another task."),
    gettext_noop("Making sure that %(lb)s is gone."),
    gettext_noop("Set the clock of podgate's machine right."),
    gettext_noop("Take it out."),
    gettext_noop("The CLB says done, but it is not."),
    gettext_noop("Waiting for its turn."),
    gettext_noop("Another worker is at it."),
    gettext_noop("Another worker took over."),
    gettext_noop("More steps are left."),
    gettext_noop("What was refused is tried again."),
    gettext_noop("Pods wait for room in the account's quota."),
    gettext_noop("Somebody else's listener appeared on the load balancer."),
    gettext_noop("The load balancer is gone; another one is made."),
    gettext_noop("The Service changed meanwhile."),
    gettext_noop("Found %(lb)s."),
    gettext_noop("podgate looks again."),
    gettext_noop("Everything is gone."),
    gettext_noop("Draining %(n)s targets at weight 0."),
    gettext_noop("No target yet: the selector matches no Pod whose containers are ready."),
    gettext_noop("The CLB says Dead of %(dead)s of %(n)s targets."),
    gettext_noop("%(good)s of %(n)s targets are Alive."),
    gettext_noop("All %(n)s targets are %(words)s."),
    gettext_noop("Next: %(step)s."),
    gettext_noop("%(what)s podgate tries again by itself, within %(seconds)s s."),
    gettext_noop("Tencent Cloud answers HTTP %(status)s."),
    gettext_noop("Tencent Cloud has not answered within %(seconds)s s."),
    gettext_noop("Tencent Cloud's answer cannot be read."),
    gettext_noop("Tencent Cloud says %(said)s."),
    gettext_noop("The API server cannot be reached: %(error)s."),
    gettext_noop("The API server did not answer in time: %(error)s."),
    gettext_noop("%(lb)s is being created."),
    gettext_noop("%(lb)s is not there: looking again."),
    gettext_noop("%(step)s: still under way at the CLB."),
    gettext_noop("Wrote the finalizer and read it back"),
    gettext_noop("Wrote the address %(address)s to the Service"),
    gettext_noop("Opened the gate of %(whose)s"),
    gettext_noop("Opened the gates of %(whose)s"),
    gettext_noop("Created a private load balancer"),
    gettext_noop("Created a public load balancer"),
    gettext_noop("Create a private load balancer"),
    gettext_noop("Create a public load balancer"),
    gettext_noop("Created %(what)s"),
    gettext_noop("Create %(what)s"),
    gettext_noop("Changed %(what)s"),
    gettext_noop("Change %(what)s"),
    gettext_noop("Set the weights of %(what)s"),
    gettext_noop("Set %(what)s to weight %(weight)s"),
    gettext_noop("Registered %(what)s"),
    gettext_noop("Register %(what)s"),
    gettext_noop("Deregistered %(what)s"),
    gettext_noop("Deregister %(what)s"),
    gettext_noop("Deleted the load balancer"),
    gettext_noop("Delete the load balancer"),
    gettext_noop("Deleted %(what)s"),
    gettext_noop("Delete %(what)s"),
    gettext_noop("listeners %(keys)s"),
    gettext_noop("listener %(keys)s"),
    gettext_noop("%(n)s targets (%(pods)s Pods) on %(keys)s"),
    gettext_noop("%(pod)s at %(address)s on %(keys)s"),
    gettext_noop("%(address)s on %(keys)s"),
    gettext_noop("%(n)s Pods"),
    gettext_noop("TKE's service-controller binds in this cluster."),
    gettext_noop("%(lb)s does not carry podgate's tags for this Service."),
    gettext_noop("TKE's service-controller works on this Service (%(mark)s)."),
    gettext_noop("Let one of the two bind it: remove TKE's mark, or podgate's claim."),
    gettext_noop("TkeServiceConfig %(name)s does not exist."),
    gettext_noop("Annotation %(name)s is not supported: %(why)s."),
    gettext_noop("It uses the host's network, so it has no address of its own."),
    gettext_noop("Its containers are not ready yet."),
    gettext_noop("It is terminating."),
    gettext_noop(
        "Kubernetes %(version)s knows no readiness gates: they come with 1.14. Pods of this "
        "cluster become Ready without asking a load balancer."
    ),
    gettext_noop(
        "Kubernetes %(version)s is older than 1.16 and has no admissionregistration.k8s.io/v1. "
        "Put the gate into the Pod template."
    ),
    gettext_noop("Nobody said where API servers reach the webhook: set PODGATE_WEBHOOK_ADDRESS."),
    gettext_noop("The Services of this cluster have not been read yet."),
    gettext_noop("Another podgate installation (%(id)s) owns this cluster."),
    gettext_noop(
        "%(manager)s damages %(field)s again and again. podgate repairs it once a minute until "
        "that stops."
    ),
    gettext_noop(
        "The API server took the dry-run Pod without calling probe.podgate.dev: it has not read "
        "the webhook configuration yet."
    ),
)


# What a value looks like, where that is known: "a on b" is not two addresses.
SHAPES = {
    **dict.fromkeys(("n", "pods", "good", "dead", "weight", "seconds", "least"), r"[\d.,]+"),
    **dict.fromkeys(("address", "listener", "service", "key", "kind", "workload"), r"\S+"),
    "keys": r"\S+(?:, \S+)*",
}


@cache
def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    """Each template as a pattern of the texts made from it."""
    found = []
    for template in (*KEPT, *TEMPLATES, *(words.template for words in WORDS.values())):
        parts = re.split(r"%\((\w+)\)s", template)
        literal = [re.escape(part) for part in parts[::2]]
        named = [f"(?P<{name}>{SHAPES.get(name, '.+?')})" for name in parts[1::2]]
        pattern = "".join(a + b for a, b in zip(literal, [*named, ""], strict=True))
        found.append((template, re.compile(pattern)))
    return found
