"""The load balancer of a binding: found, made once, watched while it comes, known to be gone.

A lost answer never makes a second one: its ClientToken is `<Service uid>-<number>`, and the number
rises only after two live reads have confirmed that the load balancer is gone.
"""

from dataclasses import replace
from datetime import timedelta

from django.db.models import F
from django.utils import timezone

from console import activity, facts, tencent
from console.doors import recording
from console.models import Account
from console.tencent import CloudError
from services.binding import clb, cluster, reading, waits
from services.binding.calls import CLUSTER_TAG, SERVICE_TAG, Place
from services.binding.plan import Batch, CreateLoadBalancer
from services.binding.run import Blocked, ComeBack, Run, took
from services.binding.state import load_balancer
from services.binding.troubles import TOKEN_USED
from services.binding.words import describe, told
from services.models import Token
from services.spec import claim

LOOK_SECONDS = 0.5
SECOND_LOOK_SECONDS = 1.0
# A load balancer that was just made may take a while to show in lists.
UNSEEN_LIVES = timedelta(seconds=60)


def place(run: Run) -> Place:
    binding = run.binding
    return Place(
        account=binding.cluster.account,
        cluster_id=binding.cluster.cluster_id,
        service_uid=binding.service_uid,
        name=f"{binding.cluster.cluster_id}_{binding.namespace}_{binding.name}",
        vpc_id="",
        lb_id=binding.lb_id,
    )


def look(run: Run) -> clb.Observed | None:
    """The load balancer, running; None when there is none. Comes back while it comes or goes."""
    binding, where = run.binding, place(run)
    _check_account(run)
    if not binding.lb_id:
        if found := clb.find(where):
            _write_down(run, found[0])
        return None
    observed = clb.observe(where)
    if observed is None:
        _missing(run, where)
        return None
    if not observed.is_ours:
        raise Blocked(
            "NotOurs",
            f"{binding.lb_id} does not carry podgate's tags for this Service.",
            f"Put the tags {CLUSTER_TAG} and {SERVICE_TAG} back.",
        )
    status = "running" if observed.is_running else "creating"
    if (binding.lb_status, binding.vip) != (status, observed.address):
        binding.lb_status, binding.vip = status, observed.address
        binding.lb_status_at = timezone.now()
        binding.save(update_fields=["lb_status", "vip", "lb_status_at"])
    if not observed.is_running:
        raise ComeBack(LOOK_SECONDS, f"{binding.lb_id} {waits.BEING_CREATED}")
    return observed


def create(run: Run, batch: Batch) -> None:
    """Make the load balancer, after everything that could make it a second one is ruled out."""
    binding = run.binding
    _ready_to_create(run, batch)
    _confirm_identity(run)
    token, _ = Token.objects.get_or_create(service_uid=binding.service_uid)
    account = binding.cluster.account
    where = replace(place(run), vpc_id=_vpc(account, binding.cluster.cluster_id), token=str(token))
    run.lease.ready_to_write()
    with recording() as calls:
        try:
            answer = clb.perform(where, batch)
        except CloudError as error:
            took(binding, describe(batch), calls, note=error.message)
            if error.code == TOKEN_USED and not clb.find(where):
                _raise_number(run)
            raise
    ids = answer.get("LoadBalancerIds") or [""]
    _write_down(run, ids[0], task=answer["RequestId"])
    took(binding, told(batch, {}), calls, note=ids[0])
    cluster_id = binding.cluster.cluster_id
    activity.record(
        None,
        "create",
        cluster=cluster_id,
        kind="LoadBalancer",
        namespace=binding.namespace,
        name=ids[0],
        after={"service": binding.name, "token": str(token)},
        calls=calls,
    )
    raise ComeBack(LOOK_SECONDS, f"{ids[0] or 'A load balancer'} {waits.BEING_CREATED}")


def gone(run: Run) -> None:
    """Forget it: the two live reads were made."""
    binding = run.binding
    _raise_number(run)
    if not run.is_leaving:
        # Else they still tell whose gates are to be released.
        binding.registrations.all().delete()
    _write_down_fields(run, lb_id="", lb_status="", lb_task="", vip="")
    if not run.is_leaving:
        reading.publish(run, "")
        # The next one is made under the Service's own lease.
        raise ComeBack(0, "The load balancer is gone; another one is made.")


def _vpc(account: Account, cluster_id: str) -> str:
    try:
        network = facts.cloud_cluster(account, cluster_id)["ClusterNetworkSettings"]
    except facts.UnknownCluster as error:
        fix = "Register the cluster with its own id and account."
        raise Blocked("UnknownCluster", str(error), fix) from error
    return str(network["VpcId"])


def _ready_to_create(run: Run, batch: Batch) -> None:
    binding = run.binding
    service = cluster.service(run.kube, binding.namespace, binding.name, binding.service_uid)
    if service is None or not _asks_for(service, run, batch):
        raise ComeBack(0.1, "The Service changed meanwhile.")
    if mark := cluster.tke_mark(service):
        raise Blocked(
            "TkeBinds",
            f"TKE's service-controller works on this Service ({mark}).",
            "Let one of the two bind it: remove TKE's mark, or podgate's claim.",
        )


def _asks_for(service: cluster.Service, run: Run, batch: Batch) -> bool:
    """It still wants a load balancer, and this one: its kind and subnet are for ever."""
    spec = cluster.last_spec(service)
    return (
        not cluster.is_deleting(service)
        and cluster.has_finalizer(service)
        and claim(service, run.binding.cluster) is not None
        and spec is not None
        and batch.steps == (CreateLoadBalancer(load_balancer(spec)),)
    )


def _check_account(run: Run) -> None:
    """Wrong credentials must never look like a load balancer that is gone."""
    binding, account = run.binding, run.binding.cluster.account
    if (binding.lb_uin or account.uin, binding.lb_region or account.region) != (
        account.uin,
        account.region,
    ):
        raise Blocked(
            "AccountChanged",
            f"The load balancer is in account {binding.lb_uin}, {binding.lb_region}; the cluster's"
            f" account is now {account.uin}, {account.region}.",
            "Register the cluster with the account and region it was bound with.",
        )


def _confirm_identity(run: Run) -> None:
    account = run.binding.cluster.account
    uin = tencent.caller_uin(account)
    if uin != account.uin:
        raise Blocked(
            "AccountMismatch",
            f"The keys of account {account.name} belong to Uin {uin}, not {account.uin}.",
            "Give the account its own keys with `manage.py add_account`.",
        )


def _missing(run: Run, where: Place) -> None:
    """A live read does not have it: confirm who asks, look a second time, then forget it."""
    binding, now = run.binding, timezone.now()
    _confirm_identity(run)
    if binding.lb_status == "creating" and binding.lb_task:
        failure = _creation_failure(where, binding.lb_task)
        since = binding.lb_status_at or now
        if failure is None or (not failure and now - since < UNSEEN_LIVES):
            raise ComeBack(LOOK_SECONDS, f"{binding.lb_id} {waits.BEING_CREATED}")
    if binding.lb_status != "missing":
        _write_down_fields(run, lb_status="missing")
        raise ComeBack(SECOND_LOOK_SECONDS, _doubt(run))
    since = binding.lb_status_at or now
    if (left := SECOND_LOOK_SECONDS - (now - since).total_seconds()) > 0:
        raise ComeBack(left, _doubt(run))
    others = clb.find(where)
    if others:
        _write_down(run, others[0])
    gone(run)


def _doubt(run: Run) -> str:
    if run.is_leaving:
        return f"Making sure that {run.binding.lb_id} is gone."
    return f"{run.binding.lb_id} is not there: looking again."


def _creation_failure(where: Place, task: str) -> str | None:
    try:
        return clb.task_failure(where, task)
    except CloudError as error:
        if isinstance(error, tencent.NotFound) or error.code.startswith("InvalidParameter"):
            # Tasks are forgotten after a while.
            return ""
        raise


def _write_down(run: Run, lb_id: str, *, task: str = "") -> None:
    """First of all, and then under the load balancer's own lease."""
    account = run.binding.cluster.account
    if lb_id and Token.objects.filter(released=lb_id).update(released=""):
        cluster.note_released(run.kube, lb_id, None)
    _write_down_fields(
        run,
        lb_id=lb_id,
        lb_uin=account.uin,
        lb_region=account.region,
        lb_status="creating",
        lb_task=task,
    )
    if not task:
        activity.record(
            None,
            "adopt",
            cluster=run.binding.cluster.cluster_id,
            kind="LoadBalancer",
            namespace=run.binding.namespace,
            name=lb_id,
            message="Found by its tags: the answer to its creation was lost.",
        )
        raise ComeBack(0, f"Found {lb_id}.")


def _write_down_fields(run: Run, **fields: str) -> None:
    binding = run.binding
    for name, value in fields.items():
        setattr(binding, name, value)
    binding.lb_status_at = timezone.now()
    binding.save(update_fields=[*fields, "lb_status_at"])


def _raise_number(run: Run) -> None:
    Token.objects.filter(service_uid=run.binding.service_uid).update(number=F("number") + 1)
