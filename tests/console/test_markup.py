"""HTML made in Python escapes what is not safe, as format_html does."""

import pytest
from django.utils.html import format_html
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy

from console.markup import joined, markup

VALUES = ["<b>&\"'", mark_safe("<b>bold</b>"), 7, None, gettext_lazy("Ready"), "{}"]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_a_value_reads_as_format_html_has_it(value: object) -> None:
    assert markup("<i>{}</i>", value) == format_html("<i>{}</i>", value)
    assert markup('<i title="{}">{}</i>', value, 1) == format_html('<i title="{}">{}</i>', value, 1)


def test_what_was_made_is_safe_to_put_into_more() -> None:
    inner = markup("<b>{}</b>", "<")
    assert markup("<i>{}</i>", inner) == "<i><b>&lt;</b></i>"
    assert markup("<i>{}</i>", joined([inner, inner])) == "<i><b>&lt;</b><b>&lt;</b></i>"


def test_a_value_too_few_or_too_many_is_a_mistake() -> None:
    with pytest.raises(TypeError):
        markup("<i>{}</i>")
    with pytest.raises(TypeError):
        markup("<hr>", 1)


def test_percent_signs_are_only_that() -> None:
    assert markup("<i title='100%'>{}</i>", "5% of %s") == "<i title='100%'>5% of %s</i>"
