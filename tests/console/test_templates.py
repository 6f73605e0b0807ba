"""What every template keeps to, whoever writes it: the CSP would break the page in silence."""

import re
from pathlib import Path

import pytest

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
EVERY = sorted(TEMPLATES.rglob("*.html"))
FORBIDDEN = {
    r"\sstyle\s*=": "a style attribute is blocked by style-src 'self'",
    r"<style\b": "a style element is blocked by style-src 'self'",
    r"\son[a-z]+\s*=\s*[\"']": "an inline handler is blocked by script-src",
    r"\bhx-on\b": "hx-on needs eval",
    r"\bhx-(?:vals|headers)\s*=\s*[\"']js:": "js: values need eval",
    r"\|\s*safe\b": "cluster data is hostile text",
    r"javascript:": "a javascript: address is blocked by script-src",
}


@pytest.mark.parametrize("template", EVERY, ids=lambda file: str(file.relative_to(TEMPLATES)))
def test_a_template_has_nothing_the_csp_forbids(template: Path) -> None:
    source = template.read_text()
    for pattern, why in FORBIDDEN.items():
        found = re.search(pattern, source)
        assert found is None, f"{found and found[0]!r}: {why}"
    for script in re.findall(r"<script[^>]*>", source):
        assert "nonce=" in script


def test_every_icon_that_is_named_exists() -> None:
    drawn = set(re.findall(r'id="([\w-]+)"', (TEMPLATES.parent / "static/icons.svg").read_text()))
    for template in EVERY:
        used = set(re.findall(r'{% (?:icon|picture) "([\w-]+)" %}', template.read_text()))
        assert used <= drawn, f"{template.name}: {used - drawn}"
