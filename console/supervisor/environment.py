"""The environment of a local stack: kept in the state directory between starts."""

import base64
import json
import os
import secrets
import shlex
import socket
from contextlib import suppress
from pathlib import Path


def forget_empty() -> None:
    """What is empty, as in a copy of `.env.example`, counts as not set."""
    for name, value in list(os.environ.items()):
        if not value and (name.startswith("PODGATE_") or name in {"DATABASE_URL", "REDIS_URL"}):
            del os.environ[name]


def settings_of(state: Path, port: int) -> dict[str, str]:
    """The environment of every child: what the user set, else what an earlier start made."""
    kept = read_env(state)
    made = {
        "PODGATE_SECRET_KEY": kept.get("PODGATE_SECRET_KEY") or secrets.token_urlsafe(50),
        "PODGATE_ENCRYPTION_KEYS": kept.get("PODGATE_ENCRYPTION_KEYS") or _fernet_key(),
        "DATABASE_URL": f"sqlite:///{state}/podgate.sqlite3",
        "PODGATE_STATIC": f"{state}/static",
    }
    # Free ports on loopback, where the sandbox's API servers are.
    made |= {
        "PODGATE_WEBHOOK_LISTEN": "127.0.0.1",
        "PODGATE_WEBHOOK_ADDRESS": "127.0.0.1",
        "PODGATE_WEBHOOK_FIRST_PORT": "0",
    }
    given = dict(os.environ)
    if needs_valkey(state):
        given["REDIS_URL"] = _own_valkey(state)
    password = state / "password"
    if not password.exists():
        _write_private(password, secrets.token_urlsafe(12) + "\n")
    environment = made | given
    environment["PODGATE_PORT"] = str(port)
    environment["PODGATE_STATE"] = str(state)
    environment["PYTHONUNBUFFERED"] = "1"
    # A crash in native code leaves every thread's stack in the log.
    environment["PYTHONFAULTHANDLER"] = "1"
    environment["DJANGO_SETTINGS_MODULE"] = "console.settings"
    _compile_once(environment, state)
    write_env(state, environment)
    return environment


def needs_valkey(state: Path) -> bool:
    """Whether no Redis was given; one of ours that came back by `.sandbox/env` was not given."""
    return os.environ.get("REDIS_URL") in {None, _kept_valkey(state)}


def _kept_valkey(state: Path) -> str:
    file = state / "valkey" / "url"
    return file.read_text().strip() if file.exists() else ""


def _own_valkey(state: Path) -> str:
    """Its address: the one of the last start if that is free, so that other shells keep theirs."""
    kept = _kept_valkey(state)
    if kept and _is_free(int(kept.rpartition(":")[2].removesuffix("/0"))):
        return kept
    url = f"redis://127.0.0.1:{free_port()}/0"
    (state / "valkey").mkdir(exist_ok=True)
    (state / "valkey" / "url").write_text(url + "\n")
    return url


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _compile_once(environment: dict[str, str], state: Path) -> None:
    """Where bytecode is not wanted beside the modules it goes into our own folder.

    Eight processes import the same: compiling it in each of them doubles the time of a start.
    """
    if environment.pop("PYTHONDONTWRITEBYTECODE", "") and "PYTHONPYCACHEPREFIX" not in environment:
        environment["PYTHONPYCACHEPREFIX"] = str(state / "bytecode")


def _fernet_key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def free_port() -> int:
    """Of those that no outgoing connection is given, so that it is still free in a moment.

    Beyond them a client that calls a port on which nobody listens yet may even reach itself.
    """
    while True:
        number = 20_000 + secrets.randbelow(12_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", number))
            return number


def read_env(state: Path) -> dict[str, str]:
    file = state / "env"
    if not file.exists():
        return {}
    words = shlex.split(file.read_text(), comments=True)
    return dict(word.partition("=")[::2] for word in words)


def write_env(state: Path, environment: dict[str, str]) -> None:
    """What another shell needs to act on the running stack: `set -a; . .sandbox/env; set +a`."""
    names = [name for name in environment if name.startswith("PODGATE_")]
    lines = [
        f"{name}={shlex.quote(environment[name])}"
        for name in sorted([*names, "DATABASE_URL", "REDIS_URL"])
    ]
    _write_private(state / "env", "\n".join(lines) + "\n")


def _write_private(file: Path, text: str) -> None:
    part = file.with_name(file.name + ".part")
    part.touch(mode=0o600)
    part.write_text(text)
    part.replace(file)


def sandbox_settings(state: Path) -> dict[str, str]:
    world = json.loads((state / "world.json").read_text())
    control: dict[str, str] = world["control"]
    # Once: the variable comes back to us where `.sandbox/env` was read.
    own = f"{world['net']}.0.0/16"
    allowed = os.environ.get("PODGATE_ALLOWED_API_SERVERS", "").replace(",", " ").split()
    return {
        "PODGATE_ALLOWED_API_SERVERS": " ".join([*(net for net in allowed if net != own), own]),
        "PODGATE_SANDBOX_CONTROL": " ".join(f"{half}={url}" for half, url in control.items()),
    }
