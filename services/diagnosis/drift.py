"""What a load balancer has other than podgate wrote down: somebody changed it by hand; pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from services.binding.state import Key, Listener, State, Target
from services.diagnosis.facts import Difference
from services.limits import Sentence


@dataclass(frozen=True)
class Written:
    """A target as the ledger has it."""

    listener: str
    target: Target
    weight: int


def differences(
    observed: State, written: Iterable[Written], checks: Mapping[str, Mapping[str, Any]]
) -> tuple[Difference, ...]:
    """`checks` are the health checks podgate gave its listeners, by "TCP:80"."""
    has = {str(key): listener for key, listener in observed.listeners.items()}
    rows = list(written)
    missing = sorted({row.listener for row in rows} | set(checks) - set(has))
    found = [_gone(name) for name in missing if name not in has]
    for name, listener in has.items():
        found += _targets(name, listener, [row for row in rows if row.listener == name])
        found += _checked(name, listener, checks.get(name))
    return tuple(found)


def _gone(name: str) -> Difference:
    return Difference(Sentence("listener %(name)s is gone", name=name), f"listener {name}", "none")


def _targets(name: str, listener: Listener, rows: list[Written]) -> Iterator[Difference]:
    for row in rows:
        backend = listener.targets.get(row.target)
        field = f"{name} {row.target}"
        if backend is None:
            words = Sentence(
                "%(target)s is no longer a target of %(name)s", target=str(row.target), name=name
            )
            yield Difference(words, field, "none")
        elif backend.weight != row.weight:
            words = Sentence(
                "the weight of %(target)s on %(name)s is %(has)s, podgate set %(wanted)s",
                target=str(row.target),
                name=name,
                has=backend.weight,
                wanted=row.weight,
            )
            yield Difference(words, f"{field} Weight", str(backend.weight))


def _checked(
    name: str, listener: Listener, wanted: Mapping[str, Any] | None
) -> Iterator[Difference]:
    check = listener.check
    if wanted is None:
        return
    if not check.enabled:
        words = Sentence("the health check of %(name)s is off", name=name)
        yield Difference(words, f"{name} HealthSwitch", "0")
        return
    for field, value in wanted.items():
        has = getattr(check, field)
        has = getattr(has, "value", has)
        if has != value:
            words = Sentence(
                "the health check of %(name)s has %(field)s %(has)s, podgate set %(wanted)s",
                name=name,
                field=field,
                has=has,
                wanted=value,
            )
            yield Difference(words, f"{name} HealthCheck.{field}", str(has))


def listener_of(protocol: str, port: int) -> str:
    return str(Key(protocol, port))
