"""Creating and deleting Services against the sandbox's API server, as a browser does it."""

from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from console import facts, kube
from console.models import Activity, Cluster
from services.creation import SUBMISSION
from tests.services.filling import CLUSTER_ID as ID
from tests.services.filling import CREATE, filled, second_port
from tests.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.sandbox]


def written(door: kube.Kube) -> dict[str, Any]:
    """Every Service and TkeServiceConfig of namespace shop, by kind and name."""
    return {
        f"{kind}/{item['metadata']['name']}": item
        for kind in ("Service", "TkeServiceConfig")
        for item in door.get(kube.path(kind, "shop"))["items"]
    }


def test_a_right_form_makes_a_service_and_lands_on_its_page(
    operator: Client, door: kube.Kube
) -> None:
    answer = operator.post(CREATE, filled())
    assert answer.status_code == 302, answer.context["problems"]
    assert answer["Location"] == f"/clusters/{ID}/services/shop/bar/"
    service = written(door)["Service/bar"]
    assert service["spec"]["loadBalancerClass"] == "podgate.dev/clb"
    assert service["spec"]["selector"] == {"app": "storefront"}
    assert operator.get(answer["Location"]).status_code == 200
    line = Activity.objects.get(verb="create", kind="Service")
    assert (line.username, line.name, line.ok) == ("olga", "bar", True)
    assert line.kubernetes_request_ids


@pytest.mark.parametrize(
    ("access", "kind"), [("cluster-ip", "ClusterIP"), ("node-port", "NodePort")]
)
def test_services_without_a_load_balancer_are_made_too(
    operator: Client, door: kube.Kube, access: str, kind: str
) -> None:
    assert operator.post(CREATE, filled(access=access)).status_code == 302
    assert written(door)["Service/bar"]["spec"]["type"] == kind


def test_health_settings_go_into_a_tke_service_config_owned_by_the_service(
    operator: Client, door: kube.Kube
) -> None:
    assert operator.post(CREATE, filled(interval="10")).status_code == 302
    found = written(door)
    config = found["TkeServiceConfig/bar-config"]
    listener = config["spec"]["loadBalancer"]["l4Listeners"][0]
    assert listener["healthCheck"]["intervalTime"] == 10
    owner = config["metadata"]["ownerReferences"][0]
    assert owner["uid"] == found["Service/bar"]["metadata"]["uid"]


def test_a_double_submit_makes_one_service(operator: Client, door: kube.Kube) -> None:
    first, second = (operator.post(CREATE, filled(interval="10")) for _ in range(2))
    assert first["Location"] == second["Location"]
    assert written(door)["Service/bar"]["metadata"]["annotations"][SUBMISSION] == "0" * 32
    assert Activity.objects.filter(verb="create", kind="Service").count() == 1


def test_a_name_in_use_is_said_beside_the_name_and_everything_is_kept(
    operator: Client, door: kube.Kube
) -> None:
    operator.post(CREATE, filled())
    before = written(door)
    answer = operator.post(CREATE, filled(token="1" * 32, interval="10", description="mine"))
    assert answer.status_code == 200
    assert "already exists in shop" in str(answer.context["form"].errors["name"])
    assert "The Service was not created" in answer.content.decode()
    assert 'value="10"' in answer.content.decode()
    assert "mine" in answer.content.decode()
    assert written(door).keys() == before.keys()


def test_what_kubernetes_forbids_stands_on_top_and_nothing_is_left(
    operator: Client, door: kube.Kube, sandbox: World
) -> None:
    before = written(door)
    sandbox.fault("kubernetes", "forbidden", action="create", match={"resource": "services"})
    answer = operator.post(CREATE, filled(interval="10"))
    assert "Kubernetes does not allow it" in answer.context["problems"][0]["message"]
    assert written(door).keys() == before.keys()
    assert not Activity.objects.get(verb="create").ok


def test_a_lost_answer_is_not_a_lost_service(
    operator: Client, door: kube.Kube, sandbox: World
) -> None:
    sandbox.fault(
        "kubernetes", "timeout_after", action="create", times=1, match={"resource": "services"}
    )
    answer = operator.post(CREATE, filled())
    if answer.status_code == 200:
        assert "one form makes one Service" in answer.context["problems"][0]["message"]
        answer = operator.post(CREATE, filled())
    assert answer.status_code == 302
    assert "Service/bar" in written(door)


BAD: dict[str, dict[str, Any]] = {
    "a name of 254 characters": {"name": "a" * 254},
    "an emoji": {"name": "🚀"},
    "a script": {"name": "<script>alert(1)</script>"},
    "port 0": {"ports__0__port": "0"},
    "port 65536": {"ports__0__port": "65536"},
    "port abc": {"ports__0__port": "abc"},
    "target 0": {"ports__0__target": "0"},
    "an unknown namespace": {"namespace": "nowhere"},
    "a port twice": second_port(port="80"),
    "a target twice": second_port(target="8080"),
    "a full subnet": {"access": "private", "subnet": "subnet-full01"},
    "200 ports": {
        f"ports__{n}__{name}": str(1000 + n) for n in range(200) for name in ("target", "port")
    },
}


def test_bad_input_gets_a_message_and_writes_nothing(operator: Client, door: kube.Kube) -> None:
    before = written(door)
    for what, changes in BAD.items():
        answer = operator.post(CREATE, filled(**changes))
        assert answer.status_code == 200, what
        form, page = answer.context["form"], answer.content.decode()
        assert form.errors or any(row.errors for row in form.ports), what
        assert "<script>alert(1)" not in page, what
        assert written(door).keys() == before.keys(), what


def test_a_named_port_no_pod_has_is_refused(operator: Client, door: kube.Kube) -> None:
    answer = operator.post(CREATE, filled(ports__0__target="abc"))
    assert "container port named abc" in answer.context["problems"][0]["message"]
    assert "Service/bar" not in written(door)


def test_a_workload_deleted_meanwhile_is_named(operator: Client, door: kube.Kube) -> None:
    answer = operator.post(CREATE, filled(workload="Deployment/vanished"))
    assert "Deployment vanished" in str(answer.context["form"].errors["workload"])
    assert "Service/bar" not in written(door)
    # The reference is dropped: submitting again creates the Service all the same.
    assert answer.context["form"]["workload"].value() == ""


def test_a_lost_session_writes_nothing(cluster: Cluster, door: kube.Kube) -> None:
    answer = Client().post(CREATE, filled())
    assert answer.status_code == 302
    assert "/login/" in answer["Location"]
    assert "Service/bar" not in written(door)


def test_the_router_cluster_refuses_direct_access_with_its_reason(
    operator: Client, sandbox: World
) -> None:
    call_command(
        "add_cluster",
        cluster_id="cls-router01",
        account="shop-prod",
        kubeconfig=sandbox.cluster("cls-router01")["kubeconfig"],
        binder="console",
    )
    facts.refresh(Cluster.objects.get(cluster_id="cls-router01"))
    address = CREATE.replace(ID, "cls-router01")
    answer = operator.post(address, filled(namespace="default"))
    said = answer.context["problems"][0]["message"]
    assert "is not registered in ccn-shop0001: a CLB has no route to it" in said
    assert (
        operator.post(address, filled(namespace="default", access="cluster-ip")).status_code == 302
    )


def test_deleting_asks_for_the_name(operator: Client, door: kube.Kube) -> None:
    operator.post(CREATE, filled())
    address = reverse("delete_service", args=[ID, "shop", "bar"])
    page = operator.get(address).content.decode()
    assert "What will go" in page
    answer = operator.post(address, {"confirm": "baz"})
    assert "Type the name bar" in answer.content.decode()
    assert "Service/bar" in written(door)
    assert operator.post(address, {"confirm": "bar"}).status_code == 302
    assert Activity.objects.filter(verb="delete", name="bar", ok=True).exists()
    assert "Service/bar" not in written(door)
    region = reverse("service_state", args=[ID, "shop", "bar"])
    assert "is gone" in operator.get(region).content.decode()


def test_only_a_stuck_deletion_can_be_released(operator: Client) -> None:
    operator.post(CREATE, filled())
    address = reverse("release_service", args=[ID, "shop", "bar"])
    assert operator.post(address, {"confirm": "bar"}).status_code == 404


def test_a_service_that_is_not_there_is_not_found(operator: Client) -> None:
    for name in ("service", "delete_service", "release_service"):
        assert operator.get(reverse(name, args=[ID, "shop", "nothing"])).status_code == 404


def test_the_yaml_of_a_service_is_read_live(operator: Client) -> None:
    operator.post(CREATE, filled())
    page = operator.get(reverse("service_yaml", args=[ID, "shop", "bar"])).content.decode()
    assert "kind: Service" in page
