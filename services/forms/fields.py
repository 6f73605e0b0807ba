"""Fields that say what is wrong in the page's own words; widths and key pads with them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

type Words = str | _StrPromise

SERVICE_NAME = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
# IANA_SVC_NAME: what Kubernetes accepts as a container port's name.
PORT_NAME = re.compile(r"(?=[a-z0-9-]*[a-z])[a-z0-9]+(-[a-z0-9]+)*")
DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
DNS_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
LABEL = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)")
NUMBER = re.compile(r"[0-9]{1,9}")
# What CLB takes as HttpCheckPath.
CHECK_PATH = re.compile(r"/[A-Za-z0-9\-_./=?]*")


def fail(message: Words, **values: object) -> ValidationError:
    return ValidationError(message, params=values or None)


class Text(forms.CharField):
    """One line or more of text, with its own words for empty, too long and wrong."""

    def __init__(
        self,
        *,
        empty: Words = "",
        longest: tuple[int, Words] | None = None,
        pattern: tuple[re.Pattern[str], Words] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(required=False, **kwargs)
        self.empty, self.longest, self.pattern = empty, longest, pattern

    def clean(self, value: Any) -> str:
        text: str = super().clean(value)
        if not text:
            if self.empty:
                raise fail(self.empty)
            return ""
        if self.longest and len(text) > self.longest[0]:
            raise fail(self.longest[1])
        if self.pattern and not self.pattern[0].fullmatch(text):
            raise fail(self.pattern[1])
        return text


class Whole(forms.CharField):
    """A whole number in ASCII digits between two bounds; empty may mean None."""

    def __init__(self, low: int, high: int, *, empty: Words, outside: Words, **kwargs: Any) -> None:
        kwargs.setdefault(
            "widget", forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"})
        )
        super().__init__(required=False, **kwargs)
        self.low, self.high, self.empty, self.outside = low, high, empty, outside

    def clean(self, value: Any) -> int | None:
        text: str = super().clean(value)
        if not text:
            if self.empty:
                raise fail(self.empty)
            return None
        if not NUMBER.fullmatch(text):
            raise fail(_("Format incorrect: digits only."))
        number = int(text)
        if not self.low <= number <= self.high:
            raise fail(self.outside)
        return number


class TargetPort(forms.CharField):
    """The port the application listens on: its number, or the name the container gives it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            required=False, widget=forms.TextInput(attrs={"autocomplete": "off"}), **kwargs
        )

    def clean(self, value: Any) -> int | str:
        text: str = super().clean(value)
        if not text:
            raise fail(_("Enter the container port."))
        if NUMBER.fullmatch(text):
            if not 1 <= int(text) <= 65535:
                raise fail(_("The target port must be 1~65535."))
            return int(text)
        if len(text) > 15 or not PORT_NAME.fullmatch(text):
            raise fail(
                _(
                    "Target port format incorrect: a number, or the name of a container port (up "
                    "to 15 lowercase letters, digits and '-')."
                )
            )
        return text


class OneOf(forms.ChoiceField):
    """A choice whose unknown values are named."""

    def __init__(self, *, empty: Words, unknown: Words, **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)
        self.empty, self.unknown = empty, unknown

    def clean(self, value: Any) -> str:
        text: str = self.to_python(value)
        if not text:
            if self.empty:
                raise fail(self.empty)
            return ""
        if not self.valid_value(text):
            raise fail(self.unknown, value=text[:63])
        return text


def labelled(values: Sequence[str]) -> list[tuple[str, str]]:
    return [(value, value) for value in values]
