"""The texts of the pure rooms in the reader's language."""

from django.utils.translation import gettext

from services.limits import Sentence


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
    """A text kept on a row: translated where the whole sentence is known, else as it is."""
    return gettext(text) if text else ""
