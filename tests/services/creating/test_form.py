"""The Create-a-Service form at work before anything is written: rows, picker, checks, outlook."""

import pytest
import yaml
from django.test import Client
from django.utils import timezone

from console import kube
from console.models import Cluster
from tests.services.filling import CREATE, filled, second_port
from tests.workloads.index import put_deployment, put_gated_pod, put_pod
from workloads.models import Pod, Watch

pytestmark = [pytest.mark.django_db, pytest.mark.sandbox]


def test_rows_are_added_and_removed_without_javascript(operator: Client) -> None:
    answer = operator.post(CREATE, filled(do="add-port"))
    assert len(answer.context["form"].ports) == 2
    # A row that was just added is not complained about.
    assert 'aria-invalid="true"' not in answer.content.decode()
    answer = operator.post(CREATE, filled(do="remove-port:0", **second_port()))
    assert answer.context["form"].ports.numbers == [1]
    answer = operator.post(CREATE, filled(do="remove-port:0"))
    assert len(answer.context["form"].ports) == 1
    answer = operator.post(CREATE, filled(do="remove-selector:0"))
    assert len(answer.context["form"].selectors) == 0
    answer = operator.post(CREATE, filled(do="nonsense:<>"))
    assert answer.status_code == 200


def test_a_workload_is_referenced_without_javascript(operator: Client, cluster: Cluster) -> None:
    put_deployment(cluster, "web")
    page = operator.post(CREATE, filled(do="pick")).content.decode()
    assert '<dialog class="wide" id="picker-dialog" open' in page
    chosen = {"do": "use", "pick_kind": "Deployment", "pick": "web"}
    form = operator.post(CREATE, filled(**chosen)).context["form"]
    assert form.draft().selector == (("app", "web"),)
    assert form["workload"].value() == "Deployment/web"
    gone = operator.post(CREATE, filled(**(chosen | {"pick": "vanished"})))
    assert "Deployment vanished no longer exists in shop" in gone.content.decode()
    assert gone.context["form"].draft().selector == (("app", "storefront"),)


def test_enter_creates_a_service_but_not_from_the_picker(
    operator: Client, cluster: Cluster
) -> None:
    put_deployment(cluster, "web")
    put_deployment(cluster, "api")
    searched = filled(do="enter", pick_kind="Deployment", find="web")
    picker = operator.post(CREATE, searched).context["picker"]
    assert [row.name for row in picker["rows"]] == ["web"]
    assert operator.post(CREATE, filled(do="enter", name="")).context["form"].errors


def test_a_picker_of_what_was_never_read_says_so_and_asks_again(
    operator: Client, cluster: Cluster
) -> None:
    page = operator.post(CREATE, filled(do="pick")).content.decode()
    assert "The cluster's Deployments are being read" in page
    assert 'hx-trigger="load delay:1s"' in page
    Watch.objects.create(cluster=cluster, kind="Deployment", synced_at=timezone.now())
    page = operator.post(CREATE, filled(do="pick")).content.decode()
    assert "No Deployment in namespace shop" in page


def test_a_part_comes_alone_for_htmx(operator: Client) -> None:
    answer = operator.post(CREATE, filled(do="add-port"), headers={"HX-Request": "true"})
    assert answer.content.decode().lstrip().startswith('<div class="field" id="ports">')


def test_a_field_is_checked_when_it_is_left(operator: Client) -> None:
    data = filled(name="", ports__0__port="0", touched="name")
    page = operator.post(f"{CREATE}check_field", data).content.decode()
    assert "cannot be empty" in page
    # The user has not been at the port yet.
    assert "1~65535" not in page
    assert operator.get(f"{CREATE}check_field").status_code == 405


def test_a_prefilled_form_is_judged_by_what_it_is_filled_with(
    operator: Client, cluster: Cluster
) -> None:
    put_deployment(cluster, "storefront")
    page = operator.get(f"{CREATE}?namespace=shop&workload=deployment/storefront")
    look = page.context["look"]
    assert look.matches is not None
    assert look.lacks_ports
    assert "NoSelector" not in str(look.lines)
    assert [step.text for step in look.steps] == ["Write the Service into namespace shop"]


def test_the_outlook_is_the_engines_plan(operator: Client) -> None:
    page = operator.post(f"{CREATE}outlook", filled()).content.decode()
    assert "CreateLoadBalancer" in page
    assert "Write Service shop/bar" in page
    assert operator.get(f"{CREATE}outlook").status_code == 405


def test_a_selector_that_is_half_right_is_not_judged_by_its_other_half(
    operator: Client, cluster: Cluster
) -> None:
    put_pod(cluster, "plain")
    Pod.objects.update(labels={"app": "storefront"}, network_mode="eni")
    wrong = filled(selectors__1__key="-tier", selectors__1__value="web")
    answer = operator.post(f"{CREATE}outlook", wrong)
    look, page = answer.context["look"], answer.content.decode()
    assert look.matches is None
    assert {line.code for line in look.lines}.isdisjoint({"NoSelector", "PodsWithoutGate"})
    assert "Register" not in page
    assert look.seconds is None
    assert "until every selector is right" in page
    assert "which Pods match is said once all are" in page
    right = filled(selectors__1__key="", selectors__1__value="")
    assert operator.post(f"{CREATE}outlook", right).context["look"].matches is not None


def test_only_the_gates_that_pods_carry_are_opened(operator: Client, cluster: Cluster) -> None:
    put_pod(cluster, "plain")
    Pod.objects.update(labels={"app": "storefront"}, network_mode="eni")
    page = operator.post(f"{CREATE}outlook", filled()).content.decode()
    assert "Register 1 target" in page
    assert "Open the gate" not in page
    put_gated_pod(cluster, "gated")
    has = {"labels": {"app": "storefront"}, "network_mode": "eni", "ip": "127.64.20.6"}
    Pod.objects.filter(name="gated").update(**has)
    page = operator.post(f"{CREATE}outlook", filled()).content.decode()
    assert "Open the gate of 1 Pod" in page


def test_the_yaml_is_shown_before_it_is_written(operator: Client, door: kube.Kube) -> None:
    answer = operator.post(CREATE, filled(do="yaml"), headers={"HX-Request": "true"})
    shown = yaml.safe_load(answer.context["yaml"])
    operator.post(CREATE, filled())
    written = door.get(kube.path("Service", "shop", "bar"))
    assert shown["metadata"]["annotations"] == written["metadata"]["annotations"]
    assert shown["spec"]["loadBalancerClass"] == written["spec"]["loadBalancerClass"]
