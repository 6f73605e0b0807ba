"""Limits that break later: found by themselves, kept on the Binding, translated on pages."""

import json
from datetime import timedelta

import pytest
import redis
from django.conf import settings
from django.db.models import F
from django.utils import timezone, translation

from console import facts as stored
from console import kube
from console.models import Account, Cluster
from services import facts, rechecks, tasks
from services.binding import wanted
from services.binding.ticking import Ticker
from services.limits import Problem, Severity
from services.models import Binding, Phase
from tests.conftest import register
from tests.services.binding.driver import create, service
from tests.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.sandbox]


@pytest.fixture
def router(sandbox: World, account: Account) -> Cluster:
    facts.forget()
    cluster = register(sandbox, "cls-router01")
    stored.refresh(cluster)
    return cluster


@pytest.fixture
def binding(router: Cluster) -> Binding:
    return create(kube.connect(router), router, service(by="annotation"))


def codes(binding: Binding) -> set[str]:
    binding.refresh_from_db()
    return {problem.code for problem in rechecks.of(binding)}


def test_a_limit_that_breaks_later_stands_on_the_binding_and_goes_again(
    sandbox: World, router: Cluster, binding: Binding
) -> None:
    assert rechecks.look(router) == 1
    assert "LegacyAccount" not in codes(binding)
    sandbox.control("tencent", "POST", "account_type", {"type": "LEGACY"})
    rechecks.soon(router)
    rechecks.look(router)
    assert "LegacyAccount" in codes(binding)
    problem = next(one for one in rechecks.of(binding) if one.code == "LegacyAccount")
    assert problem.severity is Severity.BLOCKS
    assert problem.evidence[0].value == "LEGACY"
    sandbox.control("tencent", "POST", "account_type", {"type": "STANDARD"})
    rechecks.soon(router)
    rechecks.look(router)
    assert "LegacyAccount" not in codes(binding)


def test_a_bindings_problem_has_the_evidence_and_the_fix_of_its_limit(
    router: Cluster, binding: Binding
) -> None:
    rechecks.look(router)
    binding.refresh_from_db()
    plain = Problem("CcnNotRegistered", Severity.BLOCKS, "It is not registered.")
    other = Problem("Unreadable", Severity.BLOCKS, "What is this?")
    route, same = rechecks.explained(binding, [plain, other])
    assert (route.message, same) == (plain.message, other)
    assert route.remedy
    assert route.remedy.name == "register-ccn"
    assert "DescribeCcnRoutes" in route.evidence[0].source


def test_what_stands_on_the_binding_is_printed_in_the_readers_language(
    sandbox: World, router: Cluster, binding: Binding
) -> None:
    sandbox.control("tencent", "POST", "account_type", {"type": "LEGACY"})
    rechecks.look(router)
    binding.refresh_from_db()
    with translation.override("zh-hans"):
        line = next(one for one in rechecks.lines(binding) if one.code == "LegacyAccount")
    assert line.text.startswith("账号为传统账户（LEGACY）")


def test_a_service_is_looked_at_again_after_a_minute_or_a_change_and_not_before(
    router: Cluster, binding: Binding
) -> None:
    rechecks.look(router)
    assert not rechecks.due(router).exists()
    assert rechecks.look(router) == 0
    rows = Binding.objects.filter(pk=binding.pk)
    wanted.raise_wanted(rows)
    rows.update(limits_at=timezone.now())
    assert not rechecks.due(router).exists(), "at most one look in five seconds"
    rows.update(limits_at=timezone.now() - rechecks.AT_MOST)
    assert rechecks.due(router).exists()
    rows.update(limits_seen=F("wanted"), phase_since=timezone.now() - rechecks.EVERY)
    assert not rechecks.due(router).exists()
    rows.update(phase_since=timezone.now())
    assert rechecks.due(router).exists(), "its phase has changed since"
    rows.update(limits_at=timezone.now() - rechecks.EVERY - timedelta(seconds=1))
    assert rechecks.due(router).exists()
    rows.update(phase=Phase.DELETING)
    assert not rechecks.due(router).exists()


def test_the_ticker_sends_for_clusters_with_something_due_and_for_no_others(
    router: Cluster, binding: Binding
) -> None:
    broker = redis.Redis.from_url(settings.REDIS_URL)

    def sent() -> int:
        broker.delete("celery")
        Ticker().tick()
        found = [json.loads(one)["headers"]["task"] for one in broker.lrange("celery", 0, -1)]
        return found.count(tasks.recheck_limits.name)

    assert sent() == 1
    tasks.recheck_limits(router.pk)
    binding.refresh_from_db()
    assert binding.limits_at
    assert sent() == 0


def test_an_api_server_that_is_away_leaves_what_was_found(
    sandbox: World, router: Cluster, binding: Binding
) -> None:
    rechecks.look(router)
    before = codes(binding)
    assert before
    rechecks.soon(router)
    Cluster.objects.filter(pk=router.pk).update(server="https://127.0.0.1:1")
    assert rechecks.look(Cluster.objects.get(pk=router.pk)) == 0
    assert codes(binding) == before
