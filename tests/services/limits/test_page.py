"""docs/use-limits.md says what the code does."""

from services.limits import (
    Severity,
    catalogue,
)
from tests.services.limits.cases import PAGE


def test_the_page_says_what_the_code_does() -> None:
    page = PAGE.read_text()
    assert catalogue.page(page) == page, "run: python -m services.limits --write"
    assert all(f"`{one.code}`" in page for one in catalogue.LIMITS)


def test_every_limit_names_its_source_and_what_blocks_says_what_to_do() -> None:
    for limit in catalogue.LIMITS:
        assert limit.source, limit.code
        if limit.severity is Severity.BLOCKS and limit.code != "NotGlobalRouter":
            assert limit.fix, limit.code
