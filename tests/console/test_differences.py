"""The difference of two objects, line by line."""

from hypothesis import given
from hypothesis import strategies as st

from console.differences import Kind, Line, difference

scalars = st.none() | st.booleans() | st.integers() | st.text(max_size=8)
objects = st.dictionaries(st.text(max_size=4), scalars | st.lists(scalars, max_size=3), max_size=4)


def test_a_changed_line_is_removed_and_added() -> None:
    assert difference({"a": 1, "b": 2}, {"a": 1, "b": 3}) == (
        Line(Kind.SAME, "a: 1"),
        Line(Kind.REMOVED, "b: 2"),
        Line(Kind.ADDED, "b: 3"),
    )


def test_something_new_is_all_added() -> None:
    assert {line.kind for line in difference(None, {"a": 1, "b": 2})} == {Kind.ADDED}


def test_far_away_lines_are_skipped() -> None:
    before = {f"k{n:02}": n for n in range(20)}
    lines = difference(before, before | {"k10": "new"})
    assert [line.kind for line in lines].count(Kind.SKIPPED) == 2
    assert len(lines) == 10


def test_nothing_before_and_nothing_after_is_no_line() -> None:
    assert difference(None, None) == ()


@given(objects)
def test_an_object_does_not_differ_from_itself(thing: dict[str, object]) -> None:
    assert {line.kind for line in difference(thing, thing)} <= {Kind.SAME}
