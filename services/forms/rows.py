"""Rows of a form: port mappings and selectors; added and removed on the server."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from services.forms.fields import (
    DNS_LABEL,
    DNS_SUBDOMAIN,
    LABEL,
    OneOf,
    TargetPort,
    Text,
    Whole,
    fail,
    labelled,
)
from services.spec import Protocol

MOST_ROWS = 100


class Row(forms.Form):
    """`alone`: the fields that are right by themselves, before rows are compared."""

    use_required_attribute = False
    alone: Mapping[str, Any] = {}


class PortRow(Row):
    protocol = OneOf(
        label=_("Protocol"),
        choices=labelled([protocol.value for protocol in Protocol]),
        initial=Protocol.TCP.value,
        empty=_("Choose a protocol."),
        unknown=_("%(value)s is not a protocol podgate binds: choose TCP or UDP."),
    )
    target = TargetPort(label=_("Target port"))
    port = Whole(
        1,
        65535,
        label=_("Service port"),
        empty=_("Enter the service port."),
        outside=_("The service port must be 1~65535."),
    )
    node_port = Whole(
        30000,
        32767,
        label=_("Node port"),
        empty="",
        outside=_("The node port must be 30000~32767."),
    )
    name = Text(
        label=_("Name"),
        longest=(63, _("The port name cannot exceed 63 characters.")),
        pattern=(
            DNS_LABEL,
            _("Port name format incorrect: lowercase letters, digits and '-'."),
        ),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class SelectorRow(Row):
    key = Text(label=_("Key"), widget=forms.TextInput(attrs={"autocomplete": "off"}))
    value = Text(
        label=_("Value"),
        longest=(63, _("The value cannot exceed 63 characters.")),
        pattern=(
            LABEL,
            _("Format incorrect: letters, digits and '-' '_' '.', a letter or digit at both ends."),
        ),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    @property
    def is_blank(self) -> bool:
        return not any(str(self[name].value() or "").strip() for name in self.fields)

    def clean_key(self) -> str:
        key: str = self.cleaned_data["key"]
        prefix, slash, name = key.rpartition("/")
        if len(name) > 63:
            raise fail(_("The key cannot exceed 63 characters after its prefix."))
        if key and not LABEL.fullmatch(name):
            raise fail(
                _("Format incorrect: only letters, digits and '-' '_' '/' '.' in a selector key.")
            )
        if slash and (len(prefix) > 253 or not DNS_SUBDOMAIN.fullmatch(prefix)):
            raise fail(_("Format incorrect: the part before '/' must be a domain name."))
        return key

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = self.cleaned_data
        if not self.is_blank:
            if "key" not in self.errors and not cleaned.get("key"):
                self.add_error("key", fail(_("The key cannot be empty.")))
            if "value" not in self.errors and not cleaned.get("value"):
                self.add_error("value", fail(_("The value cannot be empty.")))
        return cleaned


class Rows[F: Row]:
    """Forms of one kind under one prefix: `ports-0-target`, `ports-1-target`, ..."""

    def __init__(
        self,
        row: type[F],
        prefix: str,
        *,
        data: Mapping[str, Any] | None,
        initial: Sequence[Mapping[str, Any]] = ({},),
    ) -> None:
        self.row, self.prefix, self.data = row, prefix, data
        if data is None:
            self.numbers = list(range(len(initial)))
            self.forms = [
                row(prefix=f"{prefix}-{n}", initial=dict(values))
                for n, values in enumerate(initial)
            ]
            # What a new form is filled with is right: its first preview counts on it.
            for form, values in zip(self.forms, initial, strict=True):
                form.alone = dict(values)
        else:
            pattern = re.compile(rf"{prefix}-([0-9]{{1,4}})-[a-z_]+")
            found = {int(m[1]) for key in data if (m := pattern.fullmatch(key))}
            self.numbers = sorted(found)
            self.forms = [row(data, prefix=f"{prefix}-{n}") for n in self.numbers]
        for place, form in enumerate(self.forms, start=1):
            for field in form.fields.values():
                words = {"label": field.label, "row": place}
                field.widget.attrs["aria-label"] = _("%(label)s, row %(row)s") % words

    def __iter__(self) -> Any:
        return iter(self.forms)

    def __len__(self) -> int:
        return len(self.forms)

    @property
    def is_last(self) -> bool:
        """The one row that may not be removed."""
        return len(self.forms) == 1

    def is_valid(self) -> bool:
        # Every row is cleaned, not only those up to the first wrong one.
        wrong = [form for form in self.forms if form.errors]
        return not wrong

    def remember(self) -> None:
        for form in self.forms:
            form.alone = dict(form.cleaned_data)

    @property
    def lines(self) -> list[tuple[int, F]]:
        """The rows with the numbers their fields are sent under."""
        return list(zip(self.numbers, self.forms, strict=True))
