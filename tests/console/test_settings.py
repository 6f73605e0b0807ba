"""Settings are read from the environment: what is needed, what is refused, what is documented."""

import re
import runpy
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.exceptions import ImproperlyConfigured

ROOT = Path(__file__).parent.parent.parent
FERNET = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
GOOD = {
    "PODGATE_PRODUCTION": "1",
    "PODGATE_SECRET_KEY": "x" * 50,
    "PODGATE_ENCRYPTION_KEYS": FERNET,
    "DATABASE_URL": "postgres://podgate:word@db/podgate",
    "REDIS_URL": "redis://:word@redis:6379/0",
}
OURS = re.compile(r"PODGATE_[A-Z_]+[A-Z]|(?:POSTGRES|REDIS)_PASSWORD|TENCENTCLOUD_SECRET_[A-Z]+")
READ_IN = ("console", "workloads", "services", "sandbox", "bench", "tests", "manage.py")
ALSO_IN = ("docker-compose.yml", "Dockerfile", "Procfile", "bootstrap.sh", "Makefile")


@pytest.fixture
def settings_with(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The settings as a process with nothing but these variables reads them."""

    def read(**changes: str) -> dict[str, Any]:
        for name in documented() | GOOD.keys():
            monkeypatch.delenv(name, raising=False)
        for name, value in (GOOD | changes).items():
            monkeypatch.setenv(name, value)
        return runpy.run_path(str(ROOT / "console" / "settings.py"))

    return read


def documented() -> set[str]:
    text = (ROOT / ".env.example").read_text()
    return set(re.findall(r"^([A-Z_]+)=", text, re.M))


def named_in_the_code() -> set[str]:
    files = [ROOT / name for name in ALSO_IN]
    for name in READ_IN:
        files += [ROOT / name] if name.endswith(".py") else (ROOT / name).rglob("*.py")
    read = (file.read_text() for file in files if file != Path(__file__))
    return {name for text in read for name in OURS.findall(text)}


def test_every_variable_is_in_the_example_and_nothing_else_is() -> None:
    others = {"DATABASE_URL", "REDIS_URL", "CI"}
    assert documented() - others == named_in_the_code()


def test_with_debug_static_files_are_found_by_the_names_pages_link_to(settings_with: Any) -> None:
    collected = {"PODGATE_STATIC": "/srv/static"}
    assert not settings_with(**collected)["WHITENOISE_USE_FINDERS"]
    debugging = collected | {"PODGATE_PRODUCTION": "0", "PODGATE_DEBUG": "1"}
    assert settings_with(**debugging)["WHITENOISE_USE_FINDERS"]


def test_the_example_can_be_read_by_a_shell_too() -> None:
    for line in (ROOT / ".env.example").read_text().splitlines():
        assert re.fullmatch(r'(#.*|[A-Z_]+=("[^"$`]*"|[^ "$`]*)|)', line), line


def test_good_variables_are_accepted(settings_with: Any) -> None:
    read = settings_with()
    assert (read["PRODUCTION"], read["DEBUG"]) == (True, False)
    assert read["SESSION_COOKIE_SECURE"]
    assert read["CSRF_COOKIE_SECURE"]


def test_what_is_empty_counts_as_not_set(settings_with: Any) -> None:
    empty = dict.fromkeys(documented() - GOOD.keys(), "")
    assert settings_with(**empty)["DATABASES"] == settings_with()["DATABASES"]
    assert settings_with(**empty)["ALLOWED_HOSTS"] == ["127.0.0.1", "localhost", "[::1]"]


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("PODGATE_DEBUG", "1", "refused with PODGATE_PRODUCTION"),
        ("PODGATE_DEBUG", "perhaps", "use 1 or 0"),
        ("PODGATE_SECRET_KEY", "", "PODGATE_SECRET_KEY is not set"),
        ("PODGATE_SECRET_KEY", "short", "too short"),
        ("PODGATE_ENCRYPTION_KEYS", "", "PODGATE_ENCRYPTION_KEYS is not set"),
        ("PODGATE_ENCRYPTION_KEYS", f"{FERNET},tooshort", "bad key"),
        ("DATABASE_URL", "", "DATABASE_URL is not set"),
        ("REDIS_URL", "", "REDIS_URL is not set"),
        ("REDIS_URL", "http://redis", "is not a redis:// address"),
        ("PODGATE_DRAIN_SECONDS", "ten", "PODGATE_DRAIN_SECONDS='ten': give a number"),
        ("PODGATE_DRAIN_SECONDS", "-1", "give a number from 0 on"),
        ("PODGATE_TIMELINE_DAYS", "0", "PODGATE_TIMELINE_DAYS='0'"),
        ("PODGATE_WEBHOOK_FIRST_PORT", "https", "PODGATE_WEBHOOK_FIRST_PORT='https'"),
        ("PODGATE_TIME_ZONE", "Mars/Olympus", "PODGATE_TIME_ZONE='Mars/Olympus'"),
    ],
)
def test_a_start_with_nonsense_is_refused(
    settings_with: Any, name: str, value: str, said: str
) -> None:
    with pytest.raises(ImproperlyConfigured) as refused:
        settings_with(**{name: value})
    assert said in str(refused.value)


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return found


def test_compose_runs_every_process_with_a_health_check() -> None:
    services = compose()["services"]
    assert services.keys() == {
        *("migrate", "web", "worker", "ticker", "watcher", "webhook"),
        *("postgres", "redis"),
    }
    for name, service in services.items():
        assert name == "migrate" or service["healthcheck"]["test"], name


def test_compose_has_no_secret_of_its_own() -> None:
    for name, service in compose()["services"].items():
        for variable, value in service["environment"].items():
            if re.search("PASSWORD|KEY|_URL", variable):
                assert re.search(r"\$\{[A-Z_]+:\?", value), (name, variable)
    words = " ".join(compose()["services"]["redis"]["command"])
    assert "--requirepass ${REDIS_PASSWORD:?" in words


def test_processes_run_unprivileged_and_change_no_file_of_the_image() -> None:
    users = re.findall(r"^USER (\w+)$", (ROOT / "Dockerfile").read_text(), re.M)
    assert users == ["podgate"]
    for name, service in compose()["services"].items():
        if service.get("image") == "podgate":
            assert service["read_only"], name
            assert service["cap_drop"] == ["ALL"], name
