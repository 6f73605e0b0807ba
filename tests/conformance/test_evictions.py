from typing import Any

from tests.conformance.place import Place, pod
from tests.wait import until

BUDGETS = "policy/v1/poddisruptionbudgets"
VIOLATES = "Cannot evict pod as it would violate the pod's disruption budget."


def evict(name: str = "web") -> dict[str, object]:
    return {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name}}


def test_an_eviction_of_a_pod_nobody_protects_is_a_deletion(place: Place) -> None:
    place.made("pods", pod())
    answer = place.api.create(place.path("pods", "web", "eviction"), evict())
    assert (answer.code, answer.body["kind"], answer.body["status"]) == (201, "Status", "Success")
    assert place.api.get(place.path("pods", "web")).code == 404


def test_an_eviction_must_name_the_pod_of_its_url(place: Place) -> None:
    place.made("pods", pod())
    answer = place.api.create(place.path("pods", "web", "eviction"), evict("other"))
    assert (answer.code, answer.reason) == (400, "BadRequest")


def test_an_eviction_is_posted_and_nothing_else(place: Place) -> None:
    place.made("pods", pod())
    assert place.api.get(place.path("pods", "web", "eviction")).code == 405


def test_a_budget_says_minimum_or_maximum_not_both(place: Place) -> None:
    spec = {"selector": {}, "minAvailable": 1, "maxUnavailable": 1}
    answer = place.make(BUDGETS, {"metadata": {"name": "web"}, "spec": spec})
    assert (answer.code, answer.reason) == (422, "Invalid")


def test_a_pod_that_never_ran_may_go_whatever_the_budget_says(place: Place) -> None:
    place.made("pods", pod())
    spec = {"selector": {"matchLabels": {"app": "web"}}, "minAvailable": 1}
    place.made(BUDGETS, {"metadata": {"name": "web"}, "spec": spec})
    answer = place.api.create(place.path("pods", "web", "eviction"), evict())
    assert answer.code == 201


def test_a_budget_without_healthy_pods_allows_no_disruption(place: Place) -> None:
    place.made("pods", pod())
    spec = {"selector": {"matchLabels": {"app": "web"}}, "minAvailable": 1}
    place.made(BUDGETS, {"metadata": {"name": "web"}, "spec": spec})
    path = place.path(BUDGETS, "web")

    def counted() -> Any:
        status = place.api.get(path).body.get("status", {})
        return status if status.get("expectedPods") == 1 else None

    status = until(counted)
    assert (status["currentHealthy"], status["disruptionsAllowed"]) == (0, 0)
