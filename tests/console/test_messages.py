"""Translations: complete, and compiled."""

import pytest

from console import messages


@pytest.mark.parametrize("app", messages.APPS)
def test_every_string_is_translated_and_compiled(app: str) -> None:
    assert list(messages.complaints(app)) == []


def test_python_strings_are_found_however_they_are_marked() -> None:
    source = '_("one"); ngettext("%(n)s a", "%(n)s b", n); pgettext("c", "two" " three"); _(name)'
    assert set(messages.messages_of_python(source)) == {
        messages.Message("one"),
        messages.Message("%(n)s a", "%(n)s b"),
        messages.Message("two three", "", "c"),
    }


def test_template_strings_are_found_in_tags_and_blocks() -> None:
    source = (
        '{% translate \'It is (x)\' %}{% translate "a" context "c" %}'
        "{% blocktranslate count n=n %}{{ n }} Pod{% plural %}{{ n }} Pods{% endblocktranslate %}"
    )
    assert set(messages.messages_of_template(source)) == {
        messages.Message("It is (x)"),
        messages.Message("a", "", "c"),
        messages.Message("%(n)s Pod", "%(n)s Pods"),
    }


def test_one_text_has_one_translation_whichever_page_says_it() -> None:
    """Django merges the apps' catalogues: of two translations one would be shown everywhere."""
    known: dict[tuple[str, str], set[str]] = {}
    for app in messages.APPS:
        for entry in messages.read(app):
            found = entry.msgstr or entry.msgstr_plural[0]
            known.setdefault((entry.msgctxt or "", entry.msgid), set()).add(found)
    assert {key: texts for key, texts in known.items() if len(texts) > 1} == {}
