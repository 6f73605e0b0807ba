"""The words of the rollout page: stages, what a Pod waits for, how a rollout ended."""

from datetime import datetime

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from workloads.models import Rollout
from workloads.timeline import Source, Stage

# Seconds from which minutes are told.
LONG = 120
# What a stage is called once it is reached.
STAGES: dict[Stage, str | Promise] = {
    Stage.CREATED: pgettext_lazy("stage of a Pod", "Created"),
    Stage.SCHEDULED: gettext_lazy("Scheduled"),
    Stage.IP: gettext_lazy("IP assigned"),
    Stage.CONTAINERS_READY: gettext_lazy("Containers ready"),
    Stage.REGISTERED: gettext_lazy("Registered"),
    Stage.FIRST_HEALTHY: gettext_lazy("Healthy"),
    Stage.GATE: gettext_lazy("Gate True"),
    Stage.READY: gettext_lazy("Ready"),
    Stage.TERMINATING: gettext_lazy("Terminating"),
    Stage.WEIGHT_ZERO: gettext_lazy("Weight 0"),
    Stage.DRAINED: gettext_lazy("Deregistered"),
    Stage.GONE: gettext_lazy("Gone"),
}
# What a Pod does while it has not reached it.
WAITING: dict[Stage, str | Promise] = {
    Stage.SCHEDULED: gettext_lazy("Scheduling"),
    Stage.IP: gettext_lazy("Getting an IP"),
    Stage.CONTAINERS_READY: gettext_lazy("Starting"),
    Stage.REGISTERED: gettext_lazy("Registering"),
    Stage.FIRST_HEALTHY: gettext_lazy("Checking"),
    Stage.GATE: gettext_lazy("Waiting for the gate"),
    Stage.READY: gettext_lazy("Becoming Ready"),
    Stage.WEIGHT_ZERO: gettext_lazy("Taking traffic away"),
    Stage.DRAINED: gettext_lazy("Draining"),
    Stage.GONE: gettext_lazy("Stopping"),
}
SOURCES: dict[Source, str | Promise] = {
    Source.KUBERNETES: "Kubernetes",
    Source.WATCHER: gettext_lazy("seen by the watcher"),
    Source.CLB: "CLB",
    Source.PODGATE: "podgate",
}


def stage_word(stage: Stage) -> str:
    return str(STAGES[stage])


def waiting_word(stage: Stage) -> str:
    return str(WAITING[stage])


class Words:
    """The words of one rendering, translated once: a waterfall has them by the thousand."""

    def __init__(self) -> None:
        self.stages = {stage: str(word) for stage, word in STAGES.items()}
        self.waiting = {stage: str(word) for stage, word in WAITING.items()}
        self.sources = {source: str(word) for source, word in SOURCES.items()}
        self.left = _("%(left)s left")
        self.drained = _("drained in %(n)s")
        self.node = _("Node %(node)s")
        self._short = _("%(n)s s")
        self._zone = timezone.get_current_timezone()

    def seconds(self, value: float | None) -> str:
        if value is None or value >= LONG:
            return seconds(value)
        return self._short % {"n": f"{value:.1f}" if value < 10 else round(value)}

    def clock(self, moment: datetime) -> str:
        at = moment.astimezone(self._zone)
        return f"{at.hour:02}:{at.minute:02}:{at.second:02}"


def seconds(value: float | None) -> str:
    """A duration as people say it: 0.2 s, 19 s, 3 min 11 s."""
    if value is None:
        return "–"
    if value < LONG:
        return _("%(n)s s") % {"n": f"{value:.1f}" if value < 10 else round(value)}
    minutes, rest = divmod(round(value), 60)
    if minutes < 120:
        return _("%(m)s min %(s)s s") % {"m": minutes, "s": rest}
    return _("%(h)s h %(m)s min") % {"h": minutes // 60, "m": minutes % 60}


def result(rollout: Rollout, *, is_paused: bool = False) -> tuple[str, str]:
    """How it stands or ended: the word, and its tone."""
    if rollout.result == "superseded":
        return _("Superseded"), "warning"
    if rollout.result == "deleted":
        return _("Workload deleted"), "idle"
    if rollout.finished_at is None:
        if rollout.stuck:
            return _("Deadline exceeded"), "error"
        return (_("Paused"), "warning") if is_paused else (_("Rolling out"), "info")
    if rollout.stuck:
        return _("Finished after its deadline"), "warning"
    return _("Finished"), "success"


def change(rollout: Rollout) -> str:
    """What the rollout changed, in a line: images by their tags."""
    before, after = rollout.images_before, rollout.images
    changed = [name for name, image in after.items() if before.get(name) != image]
    if not before:
        return _("Rolled out %(images)s") % {"images": ", ".join(map(tag, after.values()))}
    if not changed:
        return _("Same images: a restart, or another change of the template")
    return ", ".join(
        _("%(container)s %(before)s to %(after)s")
        % {
            "container": _("Image") if len(after) == 1 else name,
            "before": tag(before.get(name, "–")),
            "after": tag(after[name]),
        }
        for name in changed
    )


def tag(image: str) -> str:
    """The part of an image that changes: its tag, or the beginning of its digest."""
    name, _at, digest = image.partition("@")
    if digest:
        return digest.partition(":")[2][:12] or digest[:12]
    last = name.rsplit("/", 1)[-1]
    return last.partition(":")[2] or last
