from hypothesis import given
from hypothesis import strategies as st

from sandbox.kubernetes.managed import fieldset

STEPS = st.sampled_from(["f:spec", "f:replicas", "f:labels", 'k:{"name":"web"}', 'v:"a"'])
PATHS = st.lists(STEPS, min_size=1, max_size=4).map(tuple)


@given(st.sets(PATHS))
def test_fields_v1_is_read_back_as_it_was_written(paths: set[fieldset.Path]) -> None:
    assert fieldset.decoded(fieldset.encoded(paths)) == paths


def test_fields_are_written_as_kubernetes_writes_them() -> None:
    paths = {("f:metadata", "f:labels"), ("f:metadata", "f:labels", "f:app"), ("f:data", "f:a")}
    assert fieldset.encoded(paths) == {
        "f:metadata": {"f:labels": {".": {}, "f:app": {}}},
        "f:data": {"f:a": {}},
    }


def test_paths_are_spelled_as_messages_show_them() -> None:
    path = ("f:spec", "f:ports", 'k:{"port":80,"protocol":"TCP"}', "f:targetPort")
    assert fieldset.spelled(path) == '.spec.ports[port=80,protocol="TCP"].targetPort'
    assert fieldset.spelled(("f:metadata", "f:finalizers", 'v:"a/b"')) == (
        '.metadata.finalizers[="a/b"]'
    )


def test_values_of_a_deployment_follow_its_schema() -> None:
    template = {"spec": {"containers": [{"name": "web", "image": "nginx", "args": ["a"]}]}}
    obj = {
        "metadata": {"name": "x", "labels": {"a": "b"}},
        "spec": {"selector": {"matchLabels": {"a": "b"}}, "template": template},
    }
    found = fieldset.values("Deployment", obj, fieldset.parts_of("Deployment", ""))
    inside = ("f:spec", "f:template", "f:spec", "f:containers", 'k:{"name":"web"}')
    assert found[*inside, "f:image"] == "nginx"
    assert found[*inside, "f:args"] == ["a"]
    assert found[("f:spec", "f:selector")] == {"matchLabels": {"a": "b"}}
    assert ("f:metadata", "f:name") not in found
