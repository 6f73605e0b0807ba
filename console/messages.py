"""Translations without gettext's binaries: `python -m console.messages [app ...] [--check]`.

Collects what templates and Python files say, brings each app's .po in step (new strings empty,
those no longer said gone) and compiles its .mo. With --check it only tells what is out of step.
"""

import argparse
import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polib
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
APPS = ("console", "workloads", "services")
LANGUAGE = "zh_Hans"
# Templates outside of an app's folder belong to the shell.
SHELL = "console"
# Name of a gettext function -> positions of (context, singular, plural) among its arguments.
FUNCTIONS: dict[str, tuple[int | None, int, int | None]] = {
    "_": (None, 0, None),
    "gettext": (None, 0, None),
    "gettext_lazy": (None, 0, None),
    "gettext_noop": (None, 0, None),
    "ngettext": (None, 0, 1),
    "ngettext_lazy": (None, 0, 1),
    "pgettext": (0, 1, None),
    "pgettext_lazy": (0, 1, None),
    "npgettext": (0, 1, 2),
    "npgettext_lazy": (0, 1, 2),
    # Pure rooms keep their texts in English together with the parts; pages translate them.
    "Sentence": (None, 0, None),
}
CALL = re.compile(rf"\b({'|'.join(FUNCTIONS)})\(")
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|\{\w*\}")


@dataclass(frozen=True, order=True)
class Message:
    """One string as the code says it."""

    text: str
    plural: str = ""
    context: str = ""


def _message(call: ast.Call) -> Message | None:
    function = call.func
    name = function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")
    if name not in FUNCTIONS:
        return None

    def text(position: int | None) -> str | None:
        if position is None:
            return ""
        if position >= len(call.args):
            return None
        match call.args[position]:
            case ast.Constant(value=str(said)):
                return said
        return None

    context, singular, plural = (text(position) for position in FUNCTIONS[name])
    if not singular or context is None or plural is None:
        return None
    return Message(singular, plural, context)


def messages_of_python(source: str) -> Iterator[Message]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and (message := _message(node)):
            yield message


def messages_of_template(source: str) -> Iterator[Message]:
    """Django turns a template into text with gettext calls in it; each call is read by itself."""
    text = templatize(source)
    for match in CALL.finditer(text):
        end = match.end()
        while (end := text.find(")", end) + 1) > 0:
            try:
                call = ast.parse(text[match.start() : end], mode="eval").body
            except SyntaxError:
                continue
            if isinstance(call, ast.Call) and (message := _message(call)):
                yield message
            break


def said_by(app: str) -> set[Message]:
    """Everything an app says in English."""
    found: set[Message] = set()
    for file in (ROOT / app).rglob("*.py"):
        found.update(messages_of_python(file.read_text()))
    for file in (ROOT / "templates").rglob("*.html"):
        if _owner(file) == app:
            found.update(messages_of_template(file.read_text()))
    return found


def _owner(template: Path) -> str:
    folder = template.relative_to(ROOT / "templates").parts[0]
    return folder if folder in APPS else SHELL


def catalogue(app: str) -> Path:
    return ROOT / app / "locale" / LANGUAGE / "LC_MESSAGES" / "django.po"


def read(app: str) -> polib.POFile:
    file = catalogue(app)
    if file.exists():
        return polib.pofile(str(file), wrapwidth=98)
    fresh = polib.POFile(wrapwidth=98)
    fresh.metadata = {
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Language": LANGUAGE,
        "Plural-Forms": "nplurals=1; plural=0;",
    }
    return fresh


def _key(entry: polib.POEntry) -> Message:
    return Message(entry.msgid, entry.msgid_plural or "", entry.msgctxt or "")


def renew(app: str) -> None:
    """Bring the .po in step with the code and compile the .mo."""
    catalog, said = read(app), said_by(app)
    known = {_key(entry): entry for entry in catalog}
    for message in known.keys() - said:
        catalog.remove(known[message])
    for message in sorted(said - known.keys()):
        catalog.append(_entry(message))
    file = catalogue(app)
    file.parent.mkdir(parents=True, exist_ok=True)
    catalog.save(str(file))
    file.with_suffix(".mo").write_bytes(catalog.to_binary())


def _entry(message: Message) -> polib.POEntry:
    return polib.POEntry(
        msgid=message.text,
        msgid_plural=message.plural,
        msgctxt=message.context or None,
        msgstr="",
        msgstr_plural={0: ""} if message.plural else {},
        flags=["python-format"] if "%(" in message.text else [],
    )


def complaints(app: str) -> Iterator[str]:
    """What is out of step: missing, left over, untranslated, wrong placeholders, stale .mo."""
    catalog, said = read(app), said_by(app)
    known = {_key(entry) for entry in catalog}
    yield from (f"{app}: not in the .po: {message.text!r}" for message in sorted(said - known))
    yield from (f"{app}: no longer said: {message.text!r}" for message in sorted(known - said))
    for entry in catalog:
        yield from (f"{app}: {fault}: {entry.msgid!r}" for fault in _faults(entry))
    compiled = catalogue(app).with_suffix(".mo")
    if not compiled.exists() or compiled.read_bytes() != catalog.to_binary():
        yield f"{app}: the .mo is not in step with the .po: run python -m console.messages {app}"


def _faults(entry: polib.POEntry) -> Iterator[str]:
    if entry.fuzzy or not entry.translated():
        yield "not translated"
        return
    # A plural form may leave the number out of the singular, so the plural's placeholders count.
    asked = set(PLACEHOLDER.findall(entry.msgid_plural or entry.msgid))
    for text in entry.msgstr_plural.values() if entry.msgid_plural else [entry.msgstr]:
        if set(PLACEHOLDER.findall(text)) != asked:
            yield "placeholders differ"


def main() -> int:
    parser = argparse.ArgumentParser(prog="console.messages", description=__doc__)
    parser.add_argument("apps", nargs="*", metavar="app", help=f"of {', '.join(APPS)}; all if none")
    parser.add_argument("--check", action="store_true", help="change nothing, tell what is amiss")
    asked = parser.parse_args()
    apps = asked.apps or APPS
    if not asked.check:
        for app in apps:
            renew(app)
    found = [line for app in apps for line in complaints(app)]
    print("\n".join(found) or f"{', '.join(apps)}: all translated, .mo in step")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
