import pytest

from console import kinds
from workloads import stopping


def container(hook: dict[str, object] | None) -> kinds.Container:
    return kinds.Container(name="web", lifecycle=None if hook is None else {"preStop": hook})


@pytest.mark.parametrize(
    ("hook", "seconds"),
    [
        (None, 0.0),
        ({"sleep": {"seconds": 7}}, 7.0),
        ({"exec": {"command": ["sleep", "5"]}}, 5.0),
        ({"exec": {"command": ["/bin/sh", "-c", "sleep 10; nginx -s quit"]}}, 10.0),
        ({"exec": {"command": ["sh", "-c", "sleep 2 && sleep 1.5s"]}}, 3.5),
        ({"exec": {"command": ["sh", "-c", "/bin/sleep 1m"]}}, 60.0),
        ({"exec": {"command": ["nginx", "-s", "quit"]}}, None),
        ({"exec": {"command": ["sh", "-c", "sleep $SECONDS"]}}, None),
        ({"httpGet": {"path": "/drain", "port": 8080}}, None),
    ],
)
def test_a_hook_tells_how_long_it_sleeps(hook: dict[str, object] | None, seconds: float) -> None:
    assert stopping.pre_stop(container(hook)) == seconds


def test_the_container_with_a_port_that_stops_first_counts() -> None:
    web = {"ports": [{"port": 80}], "pre_stop": 5.0, "grace": 40}
    sidecar = {"ports": [], "pre_stop": 0.0, "grace": 40}
    assert stopping.of_rows([web, sidecar]) == (5.0, 40)
    assert stopping.of_rows([web, web | {"pre_stop": 2.0}]) == (2.0, 40)


def test_one_hook_nobody_can_read_makes_the_pod_unclear() -> None:
    web = {"ports": [{"port": 80}], "pre_stop": 5.0, "grace": 40}
    assert stopping.of_rows([web, web | {"pre_stop": None}]) == (None, 40)


def test_rows_written_before_this_was_kept_say_nothing() -> None:
    assert stopping.of_rows([{"name": "web", "ports": []}]) == (None, None)


def test_the_grace_is_kubernetes_default_when_it_is_not_given() -> None:
    assert stopping.stops(container(None), kinds.PodSpec())["grace"] == 30
    spec = kinds.PodSpec(termination_grace_period_seconds=0)
    assert stopping.stops(container(None), spec)["grace"] == 0
