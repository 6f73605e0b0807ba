"""The containers of a Pod: images, starts, crashes and probes; pure."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from services.diagnosis.facts import EventFacts, PodFacts
from services.diagnosis.finding import Code, Finding, Proof, Ref, Sentence, Severity
from workloads.rollouts import KINDS

PULLS = {"ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName"}
ERRORS = {"CreateContainerConfigError", "CreateContainerError", "RunContainerError"}
# A container that has run for so long should be ready, or have said why not.
PATIENCE = timedelta(seconds=15)
# An Event that was last seen longer ago is about something else.
STALE = timedelta(minutes=5)
_STEPS = (
    ("not found", Sentence("Correct the image's name or tag in the workload, or push the image.")),
    (
        "pull access denied",
        Sentence("Correct the image's name, or give the Pod an imagePullSecret that may pull it."),
    ),
    ("unauthorized", Sentence("Give the Pod an imagePullSecret that may pull the image.")),
    ("invalid reference", Sentence("Correct the image's name: it is none a registry can have.")),
    ("timeout", Sentence("See why the node does not reach the registry.")),
    ("dial tcp", Sentence("See why the node does not reach the registry.")),
)


def findings(facts: PodFacts) -> Iterator[Finding]:
    """Of each container the one thing that holds it back."""
    status = facts.pod.status
    if status.startswith("Init:") and not status.removeprefix("Init:")[:1].isdigit():
        yield _init(facts)
    for container in facts.pod.containers:
        found = _one(facts, container)
        if found is not None:
            yield found


def _one(facts: PodFacts, container: Mapping[str, Any]) -> Finding | None:
    state, reason = container["state"], container["reason"]
    if state == "Waiting":
        if reason in PULLS:
            return _pull(facts, container)
        if reason in ERRORS:
            return _error(facts, container)
        if reason == "CrashLoopBackOff":
            return _crash(facts, container)
    if state == "Terminated" and container["restarts"] and not container["ready"]:
        return _crash(facts, container)
    if state == "Running" and not container["ready"]:
        return _unready(facts, container)
    return None


def pod_ref(facts: PodFacts) -> Ref:
    return Ref("Pod", facts.pod.namespace, facts.pod.name)


def owner_ref(facts: PodFacts) -> Ref:
    """The workload whose template makes such Pods; the Pod itself where there is none."""
    pod = facts.pod
    if pod.workload_kind not in KINDS:
        return pod_ref(facts)
    return Ref(pod.workload_kind, pod.namespace, pod.workload_name)


def proof(facts: PodFacts, field: str, value: str) -> Proof:
    return Proof(f"Pod {facts.pod.name}", field, value, pod_ref(facts))


def said(facts: PodFacts, *reasons: str, having: str = "") -> EventFacts | None:
    """The newest Event of these reasons that is not about long ago."""
    for event in facts.events or ():
        is_old = event.at is not None and facts.around.now - event.at > STALE
        if event.reason in reasons and having in event.message and not is_old:
            return event
    return None


def event_proof(facts: PodFacts, event: EventFacts) -> Proof:
    times = f" ({event.count}x)" if event.count > 1 else ""
    return Proof(f"Event {event.reason}", "message", f"{event.message}{times}", pod_ref(facts))


def _init(facts: PodFacts) -> Finding:
    words = Sentence(
        "An init container does not get through: %(reason)s.",
        reason=facts.pod.status.removeprefix("Init:"),
    )
    step = Sentence("Read the init container's log and its Events.")
    shown = proof(facts, "status.initContainerStatuses", facts.pod.status)
    return Finding(Code.INIT_CONTAINER, Severity.BLOCKS, words, (shown,), step, pod_ref(facts))


def _pull(facts: PodFacts, container: Mapping[str, Any]) -> Finding:
    """While it backs off only an Event still has the registry's own words."""
    event = said(facts, "Failed", having=f'"{container["image"]}"')
    why = container["message"]
    if container["reason"] == "ImagePullBackOff" and event:
        why = event.message.partition(": ")[2] or event.message
    words = Sentence(
        "Image %(image)s cannot be pulled: %(why)s", image=container["image"], why=_end(why)
    )
    state = proof(facts, f"containerStatuses[{container['name']}].state", container["reason"])
    shown = (state, *([event_proof(facts, event)] if event else ()))
    step = next(
        (step for word, step in _STEPS if word in why),
        Sentence("Correct the image in the workload, or see why the registry does not give it."),
    )
    return Finding(Code.IMAGE_PULL, Severity.BLOCKS, words, shown, step, owner_ref(facts))


def _error(facts: PodFacts, container: Mapping[str, Any]) -> Finding:
    words = Sentence(
        "Container %(name)s cannot be started: %(reason)s: %(why)s",
        name=container["name"],
        reason=container["reason"],
        why=_end(container["message"]) if container["message"] else Sentence("no details."),
    )
    field = f"containerStatuses[{container['name']}].state"
    shown = proof(facts, field, f"{container['reason']}: {container['message']}")
    step = Sentence("Correct what the message names: a ConfigMap, Secret, command or volume.")
    return Finding(Code.CONTAINER_ERROR, Severity.BLOCKS, words, (shown,), step, pod_ref(facts))


def _crash(facts: PodFacts, container: Mapping[str, Any]) -> Finding:
    """With the last exit: its code, its reason, how long it had run."""
    ended: Mapping[str, Any] = container.get("exit") or {}
    name, times = container["name"], container["restarts"]
    words = Sentence(
        "Container %(name)s ends again and again: %(times)s restarts, the last exit was %(exit)s.",
        name=name,
        times=times,
        exit=_exit_words(ended, container),
    )
    field = f"containerStatuses[{name}].lastState.terminated"
    shown = [proof(facts, field, container["last"] or container["reason"])]
    if container["message"]:
        shown.append(proof(facts, f"containerStatuses[{name}].state.waiting", container["message"]))
    step = _crash_step(ended, container)
    return Finding(Code.CRASH_LOOP, Severity.BLOCKS, words, tuple(shown), step, pod_ref(facts))


def _exit_words(ended: Mapping[str, Any], container: Mapping[str, Any]) -> str:
    if not ended:
        return str(container["last"] or container["reason"] or "?")
    code, reason = ended["code"], ended["reason"] or "Error"
    if ended.get("ran") is None:
        return Sentence("code %(code)s (%(reason)s)", code=code, reason=reason)
    return Sentence(
        "code %(code)s (%(reason)s) after %(ran)s s", code=code, reason=reason, ran=ended["ran"]
    )


def _crash_step(ended: Mapping[str, Any], container: Mapping[str, Any]) -> Sentence:
    if ended.get("reason") == "OOMKilled" or "OOMKilled" in container["last"]:
        return Sentence("It ran out of memory: raise its memory limit, or let it use less.")
    if ended.get("code") == 137:
        return Sentence("It was killed: see whether its liveness probe or the node did that.")
    if ended.get("code") == 0:
        return Sentence("It ends by itself with success: a server has to stay; check its command.")
    return Sentence("Read the log of its last run: it says why it ended.")


def _unready(facts: PodFacts, container: Mapping[str, Any]) -> Finding | None:
    for word, code in (("Readiness", Code.READINESS_PROBE), ("Startup", Code.READINESS_PROBE)):
        if event := said(facts, "Unhealthy", having=f"{word} probe failed"):
            return _probe(facts, container, event, code)
    if event := said(facts, "Unhealthy", having="Liveness probe failed"):
        return _probe(facts, container, event, Code.LIVENESS_PROBE)
    started = _moment(container["since"])
    if started is None or facts.around.now - started < PATIENCE:
        return None
    words = Sentence(
        "Container %(name)s has run for %(n)s s and is not ready.",
        name=container["name"],
        n=round((facts.around.now - started).total_seconds()),
    )
    shown = proof(facts, f"containerStatuses[{container['name']}].ready", "false")
    step = Sentence("Read its log, and ask what its readiness probe asks.")
    return Finding(Code.NOT_READY, Severity.WARNS, words, (shown,), step, pod_ref(facts))


def _probe(facts: PodFacts, container: Mapping[str, Any], event: EventFacts, code: Code) -> Finding:
    kind, _, why = event.message.partition(" probe failed: ")
    words = Sentence(
        "The %(kind)s probe of container %(name)s fails: %(why)s",
        kind=kind.lower(),
        name=container["name"],
        why=_end(why or event.message),
    )
    shown = (
        event_proof(facts, event),
        proof(facts, f"containerStatuses[{container['name']}].ready", "false"),
    )
    step = Sentence("See why the container answers so, or correct the probe in the workload.")
    return Finding(code, Severity.BLOCKS, words, shown, step, pod_ref(facts))


def _end(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
