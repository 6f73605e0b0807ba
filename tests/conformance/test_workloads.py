from tests.conformance.place import Place, deployment

DEPLOYMENTS = "apps/v1/deployments"


def test_a_deployment_gets_its_defaults(place: Place) -> None:
    body = deployment()
    del body["spec"]["replicas"]
    body["spec"]["paused"] = True
    spec = place.made(DEPLOYMENTS, body)["spec"]
    assert spec["replicas"] == 1
    assert spec["revisionHistoryLimit"] == 10
    assert spec["progressDeadlineSeconds"] == 600
    rolling = {"maxSurge": "25%", "maxUnavailable": "25%"}
    assert spec["strategy"] == {"type": "RollingUpdate", "rollingUpdate": rolling}
    assert spec["template"]["spec"]["restartPolicy"] == "Always"


def test_the_selector_must_match_the_template(place: Place) -> None:
    answer = place.make(DEPLOYMENTS, deployment(selector={"matchLabels": {"app": "other"}}))
    assert (answer.code, answer.causes) == (422, ["spec.template.metadata.labels"])


def test_the_selector_is_for_life(place: Place) -> None:
    place.made(DEPLOYMENTS, deployment())
    path = place.path(DEPLOYMENTS, "web")
    labels = {"app": "web", "tier": "front"}
    patch = {"spec": {"selector": {"matchLabels": labels},
                      "template": {"metadata": {"labels": labels}}}}  # fmt: skip
    answer = place.api.patch(path, patch)
    assert (answer.code, answer.causes) == (422, ["spec.selector"])
    assert "field is immutable" in answer.message


def test_generation_counts_changes_of_the_spec_only(place: Place) -> None:
    made = place.made(DEPLOYMENTS, deployment())
    path = place.path(DEPLOYMENTS, "web")
    assert made["metadata"]["generation"] == 1
    labelled = place.api.patch(path, {"metadata": {"labels": {"a": "b"}}}).body
    assert labelled["metadata"]["generation"] == 1
    changed = place.api.patch(path, {"spec": {"minReadySeconds": 1}}).body
    assert changed["metadata"]["generation"] == 2


def test_the_scale_is_read_and_written(place: Place) -> None:
    place.made(DEPLOYMENTS, deployment())
    path = place.path(DEPLOYMENTS, "web", "scale")
    scale = place.api.get(path).body
    assert (scale["kind"], scale["spec"]["replicas"]) == ("Scale", 0)
    assert scale["status"]["selector"] == "app=web"
    assert place.api.patch(path, {"spec": {"replicas": 2}}).body["spec"]["replicas"] == 2
    assert place.api.get(place.path(DEPLOYMENTS, "web")).body["spec"]["replicas"] == 2
    assert place.api.patch(path, {"spec": {"replicas": -1}}).code == 422


def test_a_template_without_containers_is_refused(place: Place) -> None:
    body = deployment()
    body["spec"]["template"]["spec"]["containers"] = []
    answer = place.make(DEPLOYMENTS, body)
    assert "spec.template.spec.containers" in answer.causes


def test_a_rolling_update_must_be_able_to_move(place: Place) -> None:
    rolling = {"maxSurge": 0, "maxUnavailable": 0}
    answer = place.make(DEPLOYMENTS, deployment(strategy={"rollingUpdate": rolling}))
    assert answer.causes == ["spec.strategy.rollingUpdate.maxUnavailable"]


def test_a_deployment_makes_a_replicaset_it_owns(place: Place) -> None:
    made = place.made(DEPLOYMENTS, deployment(replicas=0))
    path = place.path("apps/v1/replicasets")
    for event in place.api.watch(path):
        owner = event["object"]["metadata"]["ownerReferences"][0]
        assert (owner["kind"], owner["uid"]) == ("Deployment", made["metadata"]["uid"])
        assert event["object"]["metadata"]["labels"]["pod-template-hash"]
        return
    raise AssertionError("no ReplicaSet came")
