from tests.conformance.api import Api


def test_the_version_is_told(api: Api) -> None:
    version = api.get("/version").body
    assert version["gitVersion"].startswith("v1.")
    assert version["major"] == "1"


def test_health_is_plain_text(api: Api) -> None:
    assert api.get("/healthz").body == "ok"


def test_groups_and_resources_are_listed(api: Api) -> None:
    groups = {group["name"] for group in api.get("/apis").body["groups"]}
    assert {"apps", "discovery.k8s.io", "coordination.k8s.io", "policy"} <= groups
    core = {each["name"]: each for each in api.get("/api/v1").body["resources"]}
    assert {"pods", "pods/status", "services", "services/status", "namespaces/finalize"} <= set(
        core
    )
    assert core["pods"]["shortNames"] == ["po"]
    assert "watch" in core["pods"]["verbs"]
    apps = {each["name"]: each for each in api.get("/apis/apps/v1").body["resources"]}
    assert apps["deployments/scale"]["kind"] == "Scale"


def test_the_openapi_document_describes_what_is_merged_how(api: Api) -> None:
    definitions = api.get("/openapi/v2").body["definitions"]
    spec = definitions["io.k8s.api.core.v1.PodSpec"]["properties"]
    assert spec["containers"]["x-kubernetes-patch-merge-key"] == "name"
    pod = definitions["io.k8s.api.core.v1.Pod"]["x-kubernetes-group-version-kind"]
    assert pod == [{"group": "", "version": "v1", "kind": "Pod"}]


def test_openapi_3_is_offered_by_group(api: Api) -> None:
    paths = api.get("/openapi/v3").body["paths"]
    url = paths["apis/apps/v1"]["serverRelativeURL"]
    document = api.get(url).body
    assert document["openapi"] == "3.0.0"
    assert any(
        schema.get("x-kubernetes-group-version-kind", [{}])[0].get("kind") == "Deployment"
        for schema in document["components"]["schemas"].values()
    )


def test_one_may_ask_what_one_may_do(api: Api) -> None:
    body = {"spec": {"resourceAttributes": {"verb": "create", "resource": "pods"}}}
    path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    answer = api.create(path, body)
    assert answer.code == 201
    assert answer.body["status"]["allowed"] is True
