from workloads.logs.lines import Line, after, line, lines, matching, since


def test_stamps_of_any_length_sort_as_text() -> None:
    short = line(b"2026-11-22T12:00:00.5Z hello world")
    exact = line(b"2026-11-22T12:00:00.500000001Z later")
    assert short == Line("2026-11-22T12:00:00.500000000Z", "hello world")
    assert short.at < exact.at
    assert short.clock == "12:00:00.500"
    assert line(b"2026-11-22T12:00:00Z whole").at == "2026-11-22T12:00:00.000000000Z"


def test_a_line_without_a_stamp_is_all_text() -> None:
    assert line(b"panic: no stamp") == Line("", "panic: no stamp")
    assert line(b"") == Line("", "")


def test_terminal_escapes_and_control_characters_are_left_out() -> None:
    assert line(b"\x1b[31mred\x1b[0m \x1b]0;title\x07bell\x07").text == "red bell"
    assert line(b"10%\r50%\r100%").text == "100%"
    assert line("caf\u00e9 \u4e2d\u6587".encode()).text == "caf\u00e9 \u4e2d\u6587"
    assert line(b"\xff broken").text == "\ufffd broken"


def test_lines_sent_twice_are_shown_once() -> None:
    found = lines(b"2026-11-22T12:00:00.1Z a\n2026-11-22T12:00:00.9Z b\n2026-11-22T12:00:01Z c\n")
    assert [one.text for one in after(found, found[0].at)] == ["b", "c"]
    assert list(after(found, "")) == found
    assert since(found[1].at) == "2026-11-22T12:00:00Z"


def test_lines_are_filtered_in_any_case() -> None:
    found = lines(b"GET /Health\nPOST /cart\n")
    assert [one.text for one in matching(found, "health")] == ["GET /Health"]
