"""Takes accounts and clusters in, and only those that answer as they were described."""

import json
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.utils import timezone

from console import facts, kube, kubeconfig, secrets, tencent
from console.addresses import is_loopback
from console.kube import KubeError
from console.models import Account, Binder, Claim, Cluster
from console.tencent import CloudError, Throttled

# The commit the sandbox's API servers say they were built from.
SANDBOX_COMMIT = "podgate-sandbox"
# spec.loadBalancerClass is kept by the API server from this version on.
CLASS_SINCE = (1, 24)


class Refused(Exception):
    """Nothing was registered; the message says why and what to do."""


@dataclass(frozen=True)
class Key:
    secret_id: str
    secret_key: str


def register_account(
    name: str, key: Key, *, region: str, uin: str = "", endpoint: str = "", known_fake: bool = False
) -> Account:
    """Make or update the account; the cloud itself must say whose key this is."""
    account = Account.objects.filter(name=name).first() or Account(name=name)
    _keep_place(account, region)
    account.region = region
    account.endpoint = _endpoint(endpoint)
    account.fake = bool(endpoint) and not _is_tencents(account.endpoint)
    if account.fake and not known_fake and not _is_local(account.endpoint):
        raise Refused(
            f"{account.endpoint} is not Tencent Cloud. If that is meant, say "
            "--i-know-this-cloud-is-fake."
        )
    account.secret_id = secrets.encrypt(key.secret_id)
    account.secret_key = secrets.encrypt(key.secret_key)
    account.uin = _verified_uin(account, expected=uin or account.uin)
    account.save()
    return account


def _keep_place(account: Account, region: str) -> None:
    if account.pk and account.region != region and account.clusters.exists():
        raise Refused(
            f"Account {account.name} is registered for {account.region} and has clusters there. "
            "Register another account for another region."
        )


def _verified_uin(account: Account, *, expected: str) -> str:
    try:
        uin = tencent.caller_uin(account)
    except CloudError as error:
        # Only an answer is a verdict on the key.
        is_answer = not isinstance(error, Throttled) and error.code not in tencent.NO_VERDICT
        what = "does not accept this key" if is_answer else "could not be asked whose key this is"
        raise Refused(f"The cloud {what}: {error}") from None
    if expected and uin != expected:
        raise Refused(f"This key belongs to Uin {uin}, not to {expected}.")
    return uin


def _endpoint(endpoint: str) -> str:
    if not endpoint:
        return ""
    url = urlsplit(endpoint)
    if url.scheme not in {"http", "https"} or not url.netloc or url.path.strip("/"):
        raise Refused("--endpoint must be http(s)://host[:port].")
    if url.scheme == "http" and not is_loopback(url.hostname or ""):
        raise Refused("--endpoint must be https:// unless it is on this machine.")
    return f"{url.scheme}://{url.netloc}"


def _is_tencents(endpoint: str) -> bool:
    host = urlsplit(endpoint).hostname or ""
    return host.endswith((".tencentcloudapi.com", ".tencentcloudapi.com.cn"))


def _is_local(endpoint: str) -> bool:
    return is_loopback(urlsplit(endpoint).hostname or "")


# Whose gate the cluster's Pods wait for.
GATES = {
    Binder.CONSOLE: "podgate.dev/clb-ready",
    Binder.TKE: "cloud.tencent.com/load-balancer-backendgroup-ready",
}


@dataclass(frozen=True)
class Wish:
    """How a cluster is to be registered; None keeps what it has, or takes the default."""

    binder: Binder | None = None
    claim: Claim | None = None
    class_confirmed: bool = False
    known_fake: bool = False


def register_cluster(cluster_id: str, account: Account, config: bytes, wish: Wish) -> Cluster:
    """Make or update the cluster: its API server answers, and the cloud knows its id."""
    try:
        given = kubeconfig.parse(config)
    except kubeconfig.Rejected as error:
        raise Refused(f"The kubeconfig is refused: {error}") from None
    cluster = Cluster.objects.filter(cluster_id=cluster_id).first() or Cluster(
        cluster_id=cluster_id
    )
    if cluster.pk and cluster.account != account:
        raise Refused(
            f"{cluster_id} is registered with account {cluster.account}: remove it first."
        )
    cluster.account = account
    cluster.server, cluster.ca_data = given.server, given.ca_data
    cluster.credentials = secrets.encrypt(json.dumps(given.credentials))
    _check_cloud(account, cluster_id)
    version, is_sandbox, has_tke_controller = _asked(cluster)
    cluster.fake_cloud = account.fake and not is_sandbox
    if cluster.fake_cloud and not wish.known_fake:
        raise Refused(
            f"Account {account.name} leads to a made-up cloud, and {cluster_id} is not the "
            "sandbox's: load balancers shown for it would not exist. If that is meant, say "
            "--i-know-this-cloud-is-fake."
        )
    binds = wish.binder or cluster.binder, _claim(cluster, wish, version, has_tke_controller)
    _keep_bound(cluster, binds)
    if binds[0] != cluster.binder:
        cluster.gate_type = GATES[Binder(binds[0])]
    cluster.binder, cluster.claim = binds
    cluster.kubernetes_version = version
    cluster.leaving = False
    cluster.reachable, cluster.unreachable_because = True, ""
    cluster.seen_at = timezone.now()
    cluster.save()
    return cluster


def _keep_bound(cluster: Cluster, binds: tuple[str, str]) -> None:
    """Another binder or claim would let go of what is bound, and delete its load balancers."""
    if not cluster.pk or binds == (cluster.binder, cluster.claim):
        return
    bound = cluster.bindings.filter(watched=False).count()
    if bound:
        raise Refused(
            f"podgate has {bound} Services of {cluster.cluster_id} bound by {cluster.claim}: "
            "with another binder or claim it would let go of them and delete their load "
            "balancers. Delete those Services, or remove_cluster and register it anew."
        )


def _check_cloud(account: Account, cluster_id: str) -> None:
    try:
        facts.cloud_cluster(account, cluster_id)
    except (CloudError, facts.UnknownCluster) as error:
        raise Refused(str(error)) from None


def _asked(cluster: Cluster) -> tuple[str, bool, bool]:
    """The server's version, whether it is the sandbox's, whether TKE's controller is about."""
    try:
        door = kube.connect(cluster)
        version = door.get("/version")
        has_tke_controller = facts.tke_controller(door) is not None
    except KubeError as error:
        raise Refused(f"The API server of {cluster.cluster_id}: {error}") from None
    except ValueError as error:
        # A certificate or key that TLS cannot load.
        raise Refused(f"The kubeconfig is refused: {secrets.scrub(str(error))}") from None
    is_sandbox = version.get("gitCommit") == SANDBOX_COMMIT
    return str(version.get("gitVersion", "")), is_sandbox, has_tke_controller


def _claim(cluster: Cluster, wish: Wish, version: str, has_tke_controller: bool) -> str:
    can_class = minor_version(version) >= CLASS_SINCE
    by_default = Claim.CLASS if can_class and not has_tke_controller else Claim.ANNOTATION
    claim = wish.claim or (cluster.claim if cluster.pk else by_default)
    if claim != Claim.CLASS or wish.claim is None:
        return claim
    if not can_class:
        raise Refused(
            f"Claims by class need Kubernetes {'.'.join(map(str, CLASS_SINCE))}; this cluster has "
            f"{version}. Use --claim annotation."
        )
    if has_tke_controller and not wish.class_confirmed:
        raise Refused(
            "TKE's service-controller runs here, and whether it leaves Services with a "
            "loadBalancerClass alone is not documented: two controllers on one CLB undo each "
            "other's work. Use --claim annotation, or confirm with --confirm-class."
        )
    return claim


def minor_version(version: str) -> tuple[int, int]:
    """(1, 30) of v1.30.0-tke.1; (0, 0) when it is no version."""
    found = re.match(r"v?(\d+)\.(\d+)", version)
    return (int(found[1]), int(found[2])) if found else (0, 0)
