"""The end of a target is written down in its order, and told when that was wrong."""

from datetime import UTC, datetime, timedelta

import pytest

from console import kinds
from console.kube import Kube, path
from console.models import Account, Cluster
from services.binding import drains
from services.models import Binding, Drain, Registration
from tests.services.binding import driver
from workloads import stopping

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def pod(*, grace: int | None = 40, pre_stop: int | None = 10) -> kinds.Pod:
    hook = {"preStop": {"sleep": {"seconds": pre_stop}}} if pre_stop is not None else None
    return kinds.Pod(
        metadata=kinds.ObjectMeta(
            name="web-1",
            uid="u1",
            deletion_timestamp=NOW + timedelta(seconds=grace or 0),
            deletion_grace_period_seconds=grace,
        ),
        spec=kinds.PodSpec(
            containers=[kinds.Container(ports=[kinds.ContainerPort()], lifecycle=hook)]
        ),
    )


@pytest.mark.parametrize(
    ("grace", "pre_stop", "stays"), [(40, 10, 10), (40, None, 0), (5, 10, 5), (0, 10, 0)]
)
def test_sockets_close_when_the_hook_ends_or_the_grace_period(
    grace: int, pre_stop: int | None, stays: int
) -> None:
    found = drains.times(pod(grace=grace, pre_stop=pre_stop))
    assert found == (NOW, NOW + timedelta(seconds=stays))


def test_a_pod_that_stays_has_no_end() -> None:
    assert drains.times(kinds.Pod()) == (None, None)
    assert drains.times(None) == (None, None)


def stop_slowly(kube: Kube, binding: Binding, seconds: int) -> None:
    """Every Pod of storefront is so long in preStop: longer than a busy machine takes to look."""
    deployment = path("Deployment", "shop", "storefront")
    (container,) = kube.get(deployment)["spec"]["template"]["spec"]["containers"]
    pre_stop = {"exec": {"command": ["sh", "-c", f"sleep {seconds}"]}}
    container = {"name": container["name"], "lifecycle": {"preStop": pre_stop}}
    template = {"terminationGracePeriodSeconds": 2 * seconds, "containers": [container]}
    kube.patch(deployment, {"spec": {"template": {"spec": template}}})

    def is_rolled() -> bool:
        pods = driver.pods(kube)
        slow = [stopping.pre_stop(pod.spec.containers[0]) == seconds for pod in pods]
        return len(slow) == 3 and all(slow) and driver.all_ready(kube)

    driver.drive(binding, until=is_rolled)


@pytest.mark.sandbox
@pytest.mark.django_db(transaction=True)
def test_weight_zero_comes_before_the_sockets_close_and_both_are_kept(
    kube: Kube, cluster: Cluster
) -> None:
    binding = driver.create(kube, cluster, driver.service())
    driver.drive(binding, until=lambda: driver.all_ready(kube))
    stop_slowly(kube, binding, 60)
    gone = driver.pods(kube)[0].metadata
    kube.delete(path("Pod", "shop", gone.name))
    done = Drain.objects.filter(pod_uid=gone.uid, deregistered_at__isnull=False)
    driver.drive(binding, until=done.exists)
    (row,) = done
    assert row.pod_name == gone.name
    assert row.target.startswith("TCP:8080 127.")
    assert row.deleted_at
    assert row.closes_at == row.deleted_at + timedelta(seconds=60)
    assert row.weight_zero_at
    assert row.weight_zero_at <= row.deregistered_at  # type: ignore[operator]
    assert not Registration.objects.filter(pod_uid=gone.uid).exists()


@pytest.mark.django_db
def test_only_the_newest_are_kept() -> None:
    account = Account.objects.create(name="a", uin="1", region="r", secret_id="", secret_key="")
    cluster = Cluster.objects.create(cluster_id="cls-1", account=account, server="", credentials="")
    binding = Binding.objects.create(
        cluster=cluster, service_uid="s1", namespace="shop", name="bar", phase_since=NOW
    )
    rows = [
        Drain(binding=binding, pod_uid=str(n), target="t", began_at=NOW + timedelta(seconds=n))
        for n in range(drains.KEPT + 5)
    ]
    Drain.objects.bulk_create(rows)
    drains._prune(binding)
    assert binding.drains.count() == drains.KEPT
    assert not binding.drains.filter(pod_uid="4").exists()
