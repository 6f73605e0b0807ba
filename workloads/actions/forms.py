"""What an action needs to know, as a form; it hands over one finished value."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from workloads.actions import changes
from workloads.actions.changes import Images, Manifest, Pause, Restart, Resume, Scale, Strategy
from workloads.actions.revisions import Revision

MOST_REPLICAS = 100_000
# Distribution's reference: what a kubelet takes. Anything else ends as InvalidImageName.
_PART = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_REFERENCE = re.compile(
    rf"(?:(?:[\w-]+(?:\.[\w-]+)+(?::\d+)?|[\w-]+:\d+|localhost)/)?{_PART}(?:/{_PART})*"
    r"(?::\w[\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?",
    re.ASCII,
)
_INT_OR_PERCENT = re.compile(r"\d{1,6}%?")
_IMAGE = "image:"
_TYPES = {
    "Deployment": ("RollingUpdate", "Recreate"),
    "StatefulSet": ("RollingUpdate", "OnDelete"),
    "DaemonSet": ("RollingUpdate", "OnDelete"),
}


@dataclass(frozen=True)
class RollBackTo:
    """The number of a revision, or None for the one before the current."""

    number: int | None


type Wanted = Images | Restart | Scale | Pause | Resume | RollBackTo | Strategy


class RestartForm(forms.Form):
    """Without fields: nothing more has to be known."""

    def wanted(self) -> Wanted:
        return Restart(timezone.now())


class PauseForm(forms.Form):
    def wanted(self) -> Wanted:
        return Pause()


class ResumeForm(forms.Form):
    def wanted(self) -> Wanted:
        return Resume()


class ScaleForm(forms.Form):
    replicas = forms.IntegerField(
        label=gettext_lazy("Replicas"),
        min_value=0,
        max_value=MOST_REPLICAS,
        widget=forms.NumberInput(attrs={"class": "input-s", "autofocus": True}),
    )

    def wanted(self) -> Wanted:
        return Scale(self.cleaned_data["replicas"])


class ImagesForm(forms.Form):
    """One field per container name; an empty one leaves the image as it is."""

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if not any(found.values()) and not self.errors:
            raise forms.ValidationError(_("Give at least one image."))
        return found

    def wanted(self) -> Wanted:
        return Images(
            {
                name.removeprefix(_IMAGE): image
                for name, image in self.cleaned_data.items()
                if name.startswith(_IMAGE) and image
            }
        )


class RollBackForm(forms.Form):
    def wanted(self) -> Wanted:
        to = self.cleaned_data.get("to")
        return RollBackTo(int(to) if to else None)


class StrategyForm(forms.Form):
    """Fields a kind does not have are not there; empty ones stay as they are."""

    def wanted(self) -> Wanted:
        said = self.cleaned_data
        rolling = {
            name: _int_or_string(said[name])
            for name in ("maxSurge", "maxUnavailable", "partition")
            if said.get(name) not in (None, "")
        }
        if said["type"] != "RollingUpdate":
            rolling = {}
        return Strategy(said["type"], rolling, said["minReadySeconds"])


type ActionForm = (
    RestartForm | PauseForm | ResumeForm | ScaleForm | ImagesForm | RollBackForm | StrategyForm
)
FORMS: dict[str, type[ActionForm]] = {
    "images": ImagesForm,
    "restart": RestartForm,
    "scale": ScaleForm,
    "pause": PauseForm,
    "resume": ResumeForm,
    "rollback": RollBackForm,
    "strategy": StrategyForm,
}


def make(
    action: str,
    kind: str,
    lives: Sequence[Manifest],
    *,
    data: QueryDict | None = None,
    revisions: Sequence[Revision] | None = None,
) -> ActionForm:
    """The form of an action for these workloads; bound when it was filled in."""
    form = FORMS[action](data, label_suffix="")
    form.initial = {}
    if action == "scale":
        form.initial["replicas"] = _common([live["spec"].get("replicas", 1) for live in lives])
    elif action == "images":
        _add_images(form, lives)
    elif action == "rollback":
        _add_revisions(form, revisions)
    elif action == "strategy":
        _add_strategy(form, kind, lives)
    return form


def is_filled(action: str, query: QueryDict) -> bool:
    """Whether there is enough for a preview: some actions need nothing."""
    if action in {"restart", "pause", "resume"}:
        return True
    if action == "rollback":
        return "to" in query
    return "preview" in query


def _add_images(form: ActionForm, lives: Sequence[Manifest]) -> None:
    images: dict[str, list[str]] = {}
    for live in lives:
        for one in changes.containers(live):
            images.setdefault(one["name"], []).append(one.get("image", ""))
    for name, found in images.items():
        common = _common(found)
        note = "" if common else _("These differ now; an empty field leaves each as it is.")
        form.fields[_IMAGE + name] = forms.CharField(
            label=_("Container %(name)s") % {"name": name},
            required=False,
            max_length=1024,
            help_text=note,
            validators=[_image_name],
            widget=forms.TextInput(attrs={"spellcheck": "false", "autocomplete": "off"}),
        )
        form.initial[_IMAGE + name] = common


def _add_revisions(form: ActionForm, revisions: Sequence[Revision] | None) -> None:
    """For one workload its revisions to choose from; for several each goes one back."""
    if revisions is None:
        form.fields["to"] = forms.CharField(required=False, widget=forms.HiddenInput)
        return
    choices = [(str(one.number), _revision_words(one)) for one in revisions if not one.is_current]
    form.fields["to"] = forms.ChoiceField(
        label=_("To revision"), choices=choices, required=False, widget=forms.RadioSelect
    )
    form.initial["to"] = choices[0][0] if choices else ""


def _revision_words(revision: Revision) -> str:
    made = (
        formats.date_format(timezone.localtime(revision.made), "Y-m-d H:i T")
        if revision.made
        else ""
    )
    parts = [f"{revision.number}", ", ".join(revision.images), made, revision.cause]
    return " · ".join(filter(None, parts))


def _add_strategy(form: ActionForm, kind: str, lives: Sequence[Manifest]) -> None:
    types = [changes.strategy_of(live).get("type", "RollingUpdate") for live in lives]
    form.fields["type"] = forms.ChoiceField(
        label=_("Type"), choices=[(word, word) for word in _TYPES[kind]]
    )
    form.initial["type"] = _common(types) or "RollingUpdate"
    names = ("partition",) if kind == "StatefulSet" else ("maxSurge", "maxUnavailable")
    for name in names:
        form.fields[name] = forms.CharField(
            label=name,
            required=False,
            help_text=_HELP[name],
            validators=[_number if name == "partition" else _int_or_percent],
            widget=forms.TextInput(attrs={"class": "input-s", "inputmode": "numeric"}),
        )
        form.initial[name] = _common([_rolling(live).get(name, "") for live in lives])
    form.fields["minReadySeconds"] = forms.IntegerField(
        label="minReadySeconds",
        required=False,
        min_value=0,
        max_value=86400,
        help_text=_("Seconds a Pod must stay Ready before it counts as available."),
        widget=forms.NumberInput(attrs={"class": "input-s"}),
    )
    seconds = _common([live["spec"].get("minReadySeconds", 0) for live in lives])
    form.initial["minReadySeconds"] = seconds


_HELP = {
    "maxSurge": gettext_lazy(
        "Pods beyond the wanted number while it rolls; a number or a percentage."
    ),
    "maxUnavailable": gettext_lazy(
        "Pods that may be missing while it rolls; 0 keeps the full capacity at the CLB."
    ),
    "partition": gettext_lazy("Only Pods of this ordinal and above are replaced."),
}


def _rolling(live: Manifest) -> dict[str, Any]:
    return changes.strategy_of(live).get("rollingUpdate") or {}


def _common(values: Sequence[Any]) -> Any:
    """The value all of them have, or nothing."""
    return values[0] if values and all(value == values[0] for value in values) else ""


def _int_or_string(text: Any) -> int | str:
    return str(text) if str(text).endswith("%") else int(text)


def _int_or_percent(text: str) -> None:
    if not _INT_OR_PERCENT.fullmatch(text):
        raise forms.ValidationError(_("Give a number, or a percentage such as 25%."))


def _number(text: str) -> None:
    if not re.fullmatch(r"\d{1,6}", text):
        raise forms.ValidationError(_("Give a number."))


def _image_name(text: str) -> None:
    if re.search(r"\s", text):
        raise forms.ValidationError(_("An image has no spaces."))
    if text and not _REFERENCE.fullmatch(text):
        words = _(
            "Format incorrect: [registry/]path[:tag][@digest], the path in lowercase letters, "
            "digits and . _ -, the tag of at most 128 characters."
        )
        raise forms.ValidationError(words)
