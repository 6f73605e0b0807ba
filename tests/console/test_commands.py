"""The commands that register things, against the sandbox."""

import base64
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from pytest_django.fixtures import Settings

from console import secrets
from console.access import Role, role_of
from console.models import Account, Activity, Binder, Claim, Cluster
from tests.console.servers import Answer, says, serving
from tests.world import World

pytestmark = pytest.mark.django_db

KEYS = ("TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY", "PODGATE_PASSWORD")


@pytest.fixture(autouse=True)
def environment() -> Iterator[None]:
    """The environment as it was, after each test."""
    before = {key: os.environ.pop(key, None) for key in KEYS}
    yield
    for key, value in before.items():
        os.environ.pop(key, None)
        if value is not None:
            os.environ[key] = value


def use_key(world: World) -> None:
    os.environ["TENCENTCLOUD_SECRET_ID"] = world.tencent["secret_id"]
    os.environ["TENCENTCLOUD_SECRET_KEY"] = world.tencent["secret_key"]


def add_account(world: World, **options: Any) -> Account:
    use_key(world)
    call_command(
        "add_account",
        "shop",
        **{"region": "ap-guangzhou", "endpoint": world.tencent["endpoint"]} | options,
    )
    return Account.objects.get(name="shop")


def add_cluster(world: World, cluster_id: str = "cls-vpccni01", **options: Any) -> Cluster:
    if "kubeconfig" not in options:
        options["kubeconfig"] = world.cluster(cluster_id)["kubeconfig"]
    call_command("add_cluster", **{"account": "shop", "cluster_id": cluster_id} | options)
    return Cluster.objects.get(cluster_id=cluster_id)


def test_an_account_is_registered_with_the_uin_the_cloud_says(sandbox: World) -> None:
    account = add_account(sandbox)
    assert (account.uin, account.fake) == (sandbox.tencent["uin"], True)
    stored = account.secret_id + account.secret_key
    assert sandbox.tencent["secret_key"] not in stored
    assert secrets.decrypt(account.secret_key) == sandbox.tencent["secret_key"]
    line = Activity.objects.get(kind="Account")
    assert sandbox.tencent["secret_key"] not in str(line.after)


def test_registering_an_account_twice_updates_it(sandbox: World) -> None:
    assert add_account(sandbox).pk == add_account(sandbox).pk
    # The second time nothing changed: `make run` does this at every start.
    line = Activity.objects.get(kind="Account")
    Account.objects.update(endpoint="http://127.0.0.1:1")
    add_account(sandbox)
    assert Activity.objects.filter(kind="Account").count() == 2
    assert Activity.objects.filter(kind="Account").exclude(pk=line.pk).get().verb == "register"


def test_a_key_the_cloud_does_not_know_is_refused(sandbox: World) -> None:
    os.environ["TENCENTCLOUD_SECRET_ID"] = "AKIDnobody"
    os.environ["TENCENTCLOUD_SECRET_KEY"] = "x"
    with pytest.raises(CommandError, match="does not accept this key"):
        call_command(
            "add_account", "shop", region="ap-guangzhou", endpoint=sandbox.tencent["endpoint"]
        )
    assert not Account.objects.exists()


def test_a_cloud_that_cannot_be_reached_says_nothing_of_the_key() -> None:
    os.environ["TENCENTCLOUD_SECRET_ID"] = os.environ["TENCENTCLOUD_SECRET_KEY"] = "x"
    with pytest.raises(CommandError, match="could not be asked whose key this is: NetworkError"):
        call_command("add_account", "shop", region="ap-guangzhou", endpoint="http://127.0.0.1:1")
    assert not Account.objects.exists()


def test_a_key_of_another_account_is_refused(sandbox: World) -> None:
    with pytest.raises(CommandError, match="belongs to Uin"):
        add_account(sandbox, uin="200000000000")


def test_without_a_key_and_a_terminal_the_command_says_what_to_do() -> None:
    with pytest.raises(CommandError, match="Set TENCENTCLOUD_SECRET_ID"):
        call_command("add_account", "shop", region="ap-guangzhou")


@pytest.mark.parametrize(
    ("endpoint", "words"),
    [
        ("http://cloud.example", "must be https"),
        ("ftp://127.0.0.1", "must be http"),
        ("https://cloud.example/path", "must be http"),
        ("https://cloud.example", "--i-know-this-cloud-is-fake"),
        ("https://tencentcloudapi.com.evil.example", "--i-know-this-cloud-is-fake"),
    ],
)
def test_an_odd_endpoint_is_refused(endpoint: str, words: str) -> None:
    os.environ["TENCENTCLOUD_SECRET_ID"] = os.environ["TENCENTCLOUD_SECRET_KEY"] = "x"
    with pytest.raises(CommandError, match=words):
        call_command("add_account", "shop", region="ap-guangzhou", endpoint=endpoint)


def test_a_cluster_is_registered_with_its_facts(sandbox: World) -> None:
    add_account(sandbox)
    cluster = add_cluster(sandbox)
    assert (cluster.binder, cluster.claim) == (Binder.CONSOLE, Claim.CLASS)
    assert cluster.reachable
    assert not cluster.fake_cloud
    assert cluster.facts["network"]["add_on"] == "VPC_CNI_SHARED"
    assert cluster.facts["errors"] == {}
    assert sandbox.cluster()["token"] not in cluster.credentials
    line = Activity.objects.get(kind="Cluster")
    assert line.username == "command line"
    assert line.kubernetes_request_ids
    assert line.cloud_request_ids
    assert sandbox.cluster()["token"] not in str(line.after)


@pytest.mark.parametrize(
    ("cluster_id", "words", "kube_proxy"),
    [
        ("cls-vpccni01", "VPC-CNI, shared ENI with multiple IPs", "ipvs"),
        ("cls-router01", "GlobalRouter", "iptables"),
        ("cls-cilium01", "Cilium-Overlay", None),
        ("cls-oldk8s01", "GlobalRouter", "iptables"),
    ],
)
def test_every_demo_cluster_tells_its_network(
    sandbox: World, cluster_id: str, words: str, kube_proxy: str | None
) -> None:
    add_account(sandbox)
    network = add_cluster(sandbox, cluster_id).facts["network"]
    assert network["words"] == words
    assert kube_proxy in (None, network["kube_proxy"])


def test_a_second_run_updates_and_keeps_what_is_not_said(sandbox: World) -> None:
    add_account(sandbox)
    first = add_cluster(sandbox, claim="annotation", binder="tke")
    again = add_cluster(sandbox, kubeconfig=sandbox.cluster()["readonly_kubeconfig"])
    assert again.pk == first.pk
    assert (again.binder, again.claim) == (Binder.TKE, Claim.ANNOTATION)
    assert again.credentials != first.credentials


def test_a_cluster_id_the_account_does_not_know_is_refused(sandbox: World) -> None:
    add_account(sandbox)
    with pytest.raises(CommandError, match="has no cluster cls-nothing1"):
        add_cluster(sandbox, cluster_id="cls-nothing1", kubeconfig=sandbox.cluster()["kubeconfig"])


def test_class_is_refused_below_the_version_that_has_it(sandbox: World) -> None:
    add_account(sandbox)
    with pytest.raises(CommandError, match=r"need Kubernetes 1\.24"):
        add_cluster(sandbox, "cls-oldk8s01", claim="class", confirm_class=True)


def test_class_beside_tkes_controller_wants_to_be_confirmed(sandbox: World) -> None:
    add_account(sandbox)
    assert add_cluster(sandbox, "cls-router01").claim == Claim.ANNOTATION
    with pytest.raises(CommandError, match="--confirm-class"):
        add_cluster(sandbox, "cls-router01", claim="class")
    cluster = add_cluster(sandbox, "cls-router01", claim="class", confirm_class=True)
    assert cluster.claim == Claim.CLASS


def edited(world: World, folder: Path, **user: Any) -> str:
    config = yaml.safe_load(Path(world.cluster()["kubeconfig"]).read_text())
    config["users"][0]["user"].update(user)
    file = folder / "edited.kubeconfig"
    file.write_text(yaml.safe_dump(config))
    return str(file)


def test_a_kubeconfig_that_would_run_a_program_is_refused_and_runs_nothing(
    sandbox: World, tmp_path: Path
) -> None:
    add_account(sandbox)
    owned = tmp_path / "owned"
    file = edited(sandbox, tmp_path, exec={"command": "touch", "args": [str(owned)]})
    with pytest.raises(CommandError, match="exec is refused"):
        add_cluster(sandbox, kubeconfig=file)
    assert not owned.exists()
    assert not Cluster.objects.exists()


def test_expired_credentials_are_told_as_such(sandbox: World, tmp_path: Path) -> None:
    add_account(sandbox)
    with pytest.raises(CommandError, match="The API server of cls-vpccni01: .*nauthorized"):
        add_cluster(sandbox, kubeconfig=edited(sandbox, tmp_path, token="expired"))


def test_an_address_that_is_not_allowed_is_refused(sandbox: World, settings: Settings) -> None:
    add_account(sandbox)
    settings.ALLOWED_API_SERVERS = []
    with pytest.raises(CommandError, match="PODGATE_ALLOWED_API_SERVERS"):
        add_cluster(sandbox)


def test_a_missing_file_or_account_is_a_clear_error(sandbox: World) -> None:
    with pytest.raises(CommandError, match="No account nobody"):
        add_cluster(sandbox, account="nobody")
    add_account(sandbox)
    with pytest.raises(CommandError, match="No such file"):
        add_cluster(sandbox, kubeconfig="/nowhere")


def real_version() -> Answer:
    return says({"gitVersion": "v1.30.0-tke.1", "gitCommit": "0123456789abcdef"})


def test_a_made_up_cloud_for_a_real_cluster_wants_to_be_known(
    sandbox: World, tmp_path: Path
) -> None:
    add_account(sandbox)
    with serving(real_version(), tls=tmp_path) as server:
        file = tmp_path / "real.kubeconfig"
        file.write_text(kubeconfig_for(server.url, server.ca))
        with pytest.raises(CommandError, match="--i-know-this-cloud-is-fake"):
            add_cluster(sandbox, kubeconfig=str(file))
        cluster = add_cluster(sandbox, kubeconfig=str(file), i_know_this_cloud_is_fake=True)
    assert cluster.fake_cloud


def kubeconfig_for(url: str, ca: str) -> str:
    ca_data = base64.b64encode(ca.encode()).decode()
    cluster = {"server": url, "certificate-authority-data": ca_data}
    return yaml.safe_dump(
        {
            "current-context": "x",
            "clusters": [{"name": "x", "cluster": cluster}],
            "users": [{"name": "x", "user": {"token": "t"}}],
            "contexts": [{"name": "x", "context": {"cluster": "x", "user": "x"}}],
        }
    )


def test_a_user_gets_exactly_the_role_asked_for() -> None:
    os.environ["PODGATE_PASSWORD"] = "a long enough password"
    call_command("add_user", "ana", role="operator")
    ana = User.objects.get(username="ana")
    assert role_of(ana) is Role.OPERATOR
    assert ana.check_password("a long enough password")
    call_command("add_user", "ana", role="viewer")
    assert role_of(User.objects.get(username="ana")) is Role.VIEWER


def test_a_weak_or_missing_password_is_refused() -> None:
    with pytest.raises(CommandError, match="PODGATE_PASSWORD"):
        call_command("add_user", "ana", role="viewer")
    os.environ["PODGATE_PASSWORD"] = "short"
    with pytest.raises(CommandError, match="too short"):
        call_command("add_user", "ana", role="viewer")
    assert not User.objects.exists()


def welcome(world: World, state: Path) -> None:
    """What `make run` says first, in a state folder without a kubeconfig."""
    (state / "password").write_text("a long enough password\n")
    found = world.facts["clusters"].items()
    clusters = {name: each | {"kubeconfig": str(state / name)} for name, each in found}
    (state / "world.json").write_text(json.dumps(world.facts | {"clusters": clusters}))
    call_command("welcome", state=state)


def test_the_cloud_half_alone_brings_an_account_and_no_cluster(
    sandbox: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PODGATE_SANDBOX", "tencent")
    welcome(sandbox, tmp_path)
    welcome(sandbox, tmp_path)
    assert Account.objects.get().name == "shop-prod"
    assert User.objects.get().username == "admin"
    assert not Cluster.objects.exists()


def test_access_is_complete_with_the_sandboxs_admin(
    cluster: Cluster, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("check_access", "cls-vpccni01")
    printed = capsys.readouterr().out
    assert re.search(r"all \d+ permissions that can be tried are there", printed)
    untried = len(re.findall(r"not tried: it would change things$", printed, re.M))
    assert f" {untried} cloud writes were not tried" in printed
    assert not re.search(r"^NO", printed, re.M)


def test_access_that_lacks_is_named_and_fails(
    sandbox: World, account: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    kubeconfig = sandbox.cluster()["readonly_kubeconfig"]
    call_command(
        "add_cluster", cluster_id="cls-vpccni01", account="shop-prod", kubeconfig=kubeconfig
    )
    with pytest.raises(CommandError, match="permissions missing") as caught:
        call_command("check_access", "cls-vpccni01")
    assert caught.value.returncode == 1
    printed = capsys.readouterr().out
    assert re.search(r"^NO +kubernetes +patch pods/status", printed, re.M)
    assert re.search(r"^yes +kubernetes +list pods", printed, re.M)
