from services.binding.phases import Standing, phase
from services.binding.plan import CreateListener, CreateLoadBalancer, Register
from services.binding.state import Key, LoadBalancer, Target
from services.limits import Problem, Severity
from services.spec import HealthCheck

HTTP = Key("TCP", 80)


def test_a_binding_begins_pending() -> None:
    assert phase(Standing())[0] == "Pending"


def test_it_is_provisioning_while_the_load_balancer_or_a_listener_is_missing() -> None:
    assert phase(Standing(steps=[CreateLoadBalancer(LoadBalancer("OPEN"))]))[0] == "Provisioning"
    listener = CreateListener(HTTP, HealthCheck(), 0)
    assert phase(Standing(steps=[listener], has_load_balancer=True))[0] == "Provisioning"


def test_it_is_registering_while_targets_are_missing() -> None:
    step = Register(HTTP, Target("10.0.0.1", 80), 10, "uid")
    assert phase(Standing(steps=[step], has_load_balancer=True))[0] == "Registering"


def test_health_makes_checking_degraded_and_ready() -> None:
    def of(*health: str) -> str:
        return phase(Standing(health=health, has_load_balancer=True))[0]

    assert of("Alive", "Unknown") == "Checking"
    assert of("Alive", "Dead") == "Degraded"
    assert of("Alive", "Alive") == "Ready"
    assert of("Close") == "Ready"
    assert of() == "Pending"


def test_what_the_user_must_do_comes_first_and_says_how() -> None:
    problem = Problem("X", Severity.BLOCKS, "The port is taken.", "Choose another.")
    standing = Standing(problems=[problem], is_leaving=True)
    assert phase(standing) == ("Blocked", "The port is taken. Choose another.")
    warning = Problem("Y", Severity.WARNS, "Somebody else registered a target.")
    assert phase(Standing(problems=[warning], is_leaving=True))[0] == "Deleting"


def test_a_binding_that_leaves_is_gone_only_when_its_load_balancer_is() -> None:
    assert phase(Standing(is_leaving=True))[1] == "Everything is gone."
    waiting = phase(Standing(is_leaving=True, has_load_balancer=True))
    assert waiting == ("Deleting", "Waiting for its turn.")
    drains = Standing(is_leaving=True, has_load_balancer=True, waits_for="Draining 3 targets.")
    assert phase(drains) == ("Deleting", "Draining 3 targets.")
