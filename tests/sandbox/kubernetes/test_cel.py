import pytest

from sandbox.kubernetes import cel

POD = {"metadata": {"name": "web", "labels": {"app": "web"}}, "spec": {"containers": [{"a": 1}]}}


def _holds(expression: str) -> bool:
    return cel.holds(expression, {"object": POD, "oldObject": None, "request": {"dryRun": False}})


@pytest.mark.parametrize(
    "expression",
    [
        "object.metadata.name == 'web'",
        "object.metadata.labels['app'].contains(\"e\")",
        "!request.dryRun && true || false",
        "oldObject == null",
        "object.spec.containers.size() >= 1",
        "object.spec.containers[0].a in [1, 2]",
        "object.metadata.name < 'xyz'",
        # An error on one side is forgiven when the other decides.
        "object.nothing || true",
        "!(object.nothing && false)",
    ],
)
def test_what_is_true_holds(expression: str) -> None:
    assert _holds(expression)


@pytest.mark.parametrize(
    "expression", ["object.nothing", "object.metadata.name", "1 < 'a'", "size(request.dryRun) == 1"]
)
def test_what_cannot_be_evaluated_fails(expression: str) -> None:
    with pytest.raises(cel.Failed):
        _holds(expression)


@pytest.mark.parametrize(
    "expression",
    ["", "object.", "object.x.all(y, true)", "authorizer.path('/')", "1 + 1 == 2", "'open", "a b"],
)
def test_what_is_not_understood_is_refused(expression: str) -> None:
    with pytest.raises(cel.NotUnderstood):
        cel.compiled(expression)
