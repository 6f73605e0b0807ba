"""The sentences of actions in the reader's language: what they are called, mean, and cannot do."""

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from workloads.actions.changes import Why
from workloads.actions.outlook import Consequence

# Action -> (verb of the Activity row, title, the button that does it).
ACTIONS = {
    "images": ("update-image", gettext_lazy("Update images"), gettext_lazy("Update images")),
    "restart": ("restart", gettext_lazy("Restart"), gettext_lazy("Restart")),
    "scale": ("scale", gettext_lazy("Scale"), gettext_lazy("Scale")),
    "pause": ("pause", gettext_lazy("Pause"), gettext_lazy("Pause the rollout")),
    "resume": ("resume", gettext_lazy("Resume"), gettext_lazy("Resume the rollout")),
    "rollback": ("roll-back", gettext_lazy("Roll back"), gettext_lazy("Roll back")),
    "strategy": ("edit-strategy", gettext_lazy("Edit strategy"), gettext_lazy("Change strategy")),
}


def why(reason: Why) -> str:
    return {
        Why.CANNOT_PAUSE: _("A DaemonSet has no field that holds its rollout."),
        Why.ON_DELETE: _("Its strategy is OnDelete: nothing rolls that could be paused."),
        Why.ALREADY_PAUSED: _("It is paused already."),
        Why.NOT_PAUSED: _("It is not paused."),
        Why.PAUSED: _("It is paused: a restart would wait. Resume it first."),
        Why.CANNOT_SCALE: _("A DaemonSet runs one Pod per node; it cannot be scaled."),
        Why.NOTHING_CHANGES: _("It is so already; nothing would change."),
        Why.NO_CONTAINER: _("It has no container of that name."),
        Why.NO_REVISION: _("It has no such revision any more."),
        Why.SAME_REVISION: _("Its Pod template is that of this revision already."),
        Why.NO_ROOM: _("maxSurge and maxUnavailable cannot both be 0: no Pod could be replaced."),
    }[reason]


def sentence(consequence: Consequence) -> str:
    return _SENTENCES[consequence.code](dict(consequence.numbers))


type Numbers = dict[str, Any]


def _scaled_down(n: Numbers) -> str:
    text = ngettext(
        "%(n)s Pod goes: weight 0 at the CLB, drained, then stopped.",
        "%(n)s Pods go: weight 0 at the CLB, drained, then stopped.",
        n["n"],
    )
    return text % n


def _scaled_up(n: Numbers) -> str:
    text = ngettext("%(n)s more Pod is started.", "%(n)s more Pods are started.", n["n"])
    return text % n


def _to_nothing(n: Numbers) -> str:
    if not n["services"]:
        return _("No Pod is left.")
    return _("No Pod is left: %(services)s has no target and answers nobody.") % n


def _waves(n: Numbers) -> str:
    words = n | {"time": duration(n["seconds"])}
    text = ngettext(
        "%(n)s Pod is replaced, at most %(at_once)s at a time: %(waves)s waves, about %(time)s.",
        "%(n)s Pods are replaced, at most %(at_once)s at a time: %(waves)s waves, about %(time)s.",
        n["n"],
    )
    return text % words


def _kept(n: Numbers) -> str:
    if n["n"] == n["total"]:
        return _("All %(total)s Pods of that revision run already: none is replaced.") % n
    text = ngettext(
        "%(n)s Pod of that revision runs already and stays.",
        "%(n)s Pods of that revision run already and stay.",
        n["n"],
    )
    return text % n


def _capacity(n: Numbers) -> str:
    if not n["least"]:
        return _("All %(total)s Pods may be missing at once: the strategy keeps none.") % n
    return (
        _(
            "At least %(least)s of %(total)s Pods serve at any time; up to %(n)s may be missing."
            " With maxUnavailable 0 none would."
        )
        % n
    )


def _recreate(n: Numbers) -> str:
    words = n | {"time": duration(n["seconds"])}
    if not n["services"]:
        return _("All Pods stop before new ones start: about %(time)s without any.") % words
    text = _("All Pods stop before new ones start: %(services)s answers nobody for about %(time)s.")
    return text % words


_SENTENCES: dict[str, Callable[[Numbers], str]] = {
    "scaled-down": _scaled_down,
    "scaled-up": _scaled_up,
    "scaled-to-nothing": _to_nothing,
    "below-floor": lambda n: (
        _("The traffic guard of %(service)s wants at least %(floor)s healthy targets.") % n
    ),
    "quota": lambda n: (
        _(
            "%(service)s would have %(n)s targets on a listener, its quota is %(quota)s: the Pods"
            " beyond it wait, and the rollout with them."
        )
        % n
    ),
    "paused": lambda n: _(
        "Nothing is replaced until it is resumed. Pods that run now stay as they are."
    ),
    "resumed": lambda n: _("The rollout goes on where it stopped."),
    "waits-paused": lambda n: _("It is paused: nothing is replaced until it is resumed."),
    "on-delete": lambda n: _(
        "Its strategy is OnDelete: a Pod is replaced only when somebody deletes it."
    ),
    "recreate": _recreate,
    "next-rollout": lambda n: _("It counts from the next rollout on. That one would be:"),
    "partition": lambda n: _("The partition lets %(n)s of %(total)s Pods roll.") % n,
    "kept": _kept,
    "waves": _waves,
    "capacity": _capacity,
    "full-capacity": lambda n: _("All %(total)s Pods serve throughout.") % n,
    "guard-would-stop": lambda n: (
        _(
            "The traffic guard of %(service)s would stop this rollout: it wants %(floor)s healthy"
            " targets, the strategy keeps %(least)s."
        )
        % n
    ),
    "no-service": lambda n: _("No Service with a CLB is in front of it."),
}


def duration(seconds: float) -> str:
    if seconds < 90:
        return _("%(n)d s") % {"n": round(seconds)}
    return _("%(n)d min") % {"n": round(seconds / 60)}
