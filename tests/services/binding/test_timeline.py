"""The feeding of the timeline: watcher and engine tell a Pod's whole life, stage by stage."""

import pytest

from console.kube import Kube, path
from console.models import Cluster
from services.binding.reconcile import reconcile
from services.models import Binding
from tests.services.binding.driver import all_ready, create, drive, pods, poll, service
from tests.wait import until
from tests.workloads.watching import watching
from workloads.history.notes import stamps
from workloads.models import PodTimeline, TargetCount
from workloads.timeline import TOLERANCE, WAY_IN, WAY_OUT, Source, Stage, stages

pytestmark = [pytest.mark.sandbox, pytest.mark.django_db(transaction=True)]


def test_a_pod_s_whole_life_gives_all_stages_in_order(cluster: Cluster, kube: Kube) -> None:
    with watching():
        binding = create(kube, cluster, service("bar"))
        drive(binding, until=lambda: all_ready(kube))
        leaving = pods(kube)[0].metadata
        timelines = PodTimeline.objects.filter(pod_uid=leaving.uid)
        until(lambda: timelines.filter(ready_at__isnull=False).exists())
        where = path("Pod", leaving.namespace, leaving.name)
        # It is there until its target is gone, however slow this is beside a sandbox.
        kube.patch(where, {"metadata": {"finalizers": ["example.com/hold"]}}, kind="merge")
        kube.delete(where)

        def is_drained() -> bool:
            reconcile(binding.pk)
            poll(Binding.objects.filter(pk=binding.pk))
            return timelines.filter(drained_at__isnull=False).exists()

        until(is_drained)
        kube.patch(where, {"metadata": {"finalizers": None}}, kind="merge")
        until(lambda: timelines.filter(gone_at__isnull=False).exists())
    told = stamps(timelines.get())
    assert set(told) == set(Stage)
    moments = [told[stage].at for stage in (*WAY_IN, *WAY_OUT)]
    for earlier, later in zip(moments, moments[1:], strict=False):
        assert later >= earlier - TOLERANCE
    assert [span.stage for span in stages(told)] == [*WAY_IN[1:], *WAY_OUT[1:]]
    assert told[Stage.REGISTERED].source is Source.CLB
    assert told[Stage.IP].source is Source.KUBERNETES
    counts = list(TargetCount.objects.order_by("pk").values_list("listener", "healthy", "wanted"))
    assert counts[0][1:] == (0, 3)
    assert any(healthy == 3 for _listener, healthy, _wanted in counts)
