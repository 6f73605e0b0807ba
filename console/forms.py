"""The shell's forms: filters of lists, and a fault of the sandbox."""

from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from console.models import Activity


class ActivityFilter(forms.Form):
    """Everything optional: an unknown value finds nothing instead of failing."""

    q = forms.CharField(required=False, max_length=253)
    user = forms.CharField(required=False, max_length=150)
    verb = forms.CharField(required=False, max_length=64)
    kind = forms.CharField(required=False, max_length=64)
    cluster = forms.CharField(required=False, max_length=64)
    result = forms.ChoiceField(
        required=False, choices=[("", ""), ("ok", "ok"), ("failed", "failed")]
    )

    def lines(self) -> QuerySet[Activity]:
        """The lines that match; nothing where the filter itself makes no sense."""
        if not self.is_valid():
            return Activity.objects.none()
        asked: dict[str, Any] = self.cleaned_data
        exact = {"username": "user", "verb": "verb", "kind": "kind", "cluster": "cluster"}
        found = Activity.objects.filter(
            **{field: asked[name] for field, name in exact.items() if asked[name]}
        )
        if asked["result"]:
            found = found.filter(ok=asked["result"] == "ok")
        if words := asked["q"].strip():
            namespace, slash, name = words.partition("/")
            match = Q(name__icontains=words) | Q(message__icontains=words) | Q(namespace=words)
            if slash:
                match |= Q(namespace=namespace, name__icontains=name)
            found = found.filter(match)
        return found


class FaultForm(forms.Form):
    """One fault of the sandbox: which, where, how often, how long."""

    half = forms.CharField(max_length=32)
    fault = forms.CharField(max_length=64)
    action = forms.CharField(required=False, max_length=128)
    times = forms.IntegerField(required=False, min_value=1, max_value=1_000_000)
    seconds = forms.FloatField(required=False, min_value=0.1, max_value=86_400)

    def clean_fault(self) -> str:
        name: str = self.cleaned_data["fault"]
        if not name.replace("_", "").isalnum():
            raise forms.ValidationError(_("This is not the name of a fault."))
        return name

    def body(self) -> dict[str, Any]:
        """The request to the control API."""
        asked = self.cleaned_data
        wanted = {name: asked[name] for name in ("fault", "action", "times", "seconds")}
        return {name: value for name, value in wanted.items() if value not in (None, "")}


class SandboxAccountForm(forms.Form):
    """What the sandbox's account is like: as if Tencent Cloud had changed it."""

    setting = forms.ChoiceField(
        choices=[(name, name) for name in ("account_type", "arrears", "tke_ccn", "quota")]
    )
    value = forms.CharField(max_length=64)
    quota = forms.RegexField(r"^[A-Z_]{1,64}$", required=False)

    def clean(self) -> dict[str, Any]:
        asked: dict[str, Any] = super().clean() or {}
        value = str(asked.get("value", ""))
        if asked.get("setting") == "quota" and not (value.isascii() and value.isdigit()):
            self.add_error("value", _("A quota is a whole number."))
        return asked

    def body(self) -> dict[str, Any]:
        """The request to the control API at the setting's own path."""
        setting, value = self.cleaned_data["setting"], self.cleaned_data["value"]
        bodies: dict[str, dict[str, Any]] = {
            "account_type": {"type": value},
            "arrears": {"on": value == "on"},
            "tke_ccn": {"offered": value == "on"},
        }
        return bodies.get(setting) or {self.cleaned_data["quota"]: int(value)}
