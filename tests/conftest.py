"""Fixtures the rings share: the sandbox, a registered account and cluster."""

import gc
import os
from collections.abc import Generator, Iterator
from typing import Any

import hypothesis
import pytest
import redis
from django.conf import settings
from django.contrib.contenttypes.management import create_contenttypes
from django.core.cache import cache
from django.core.management import call_command
from django.db.models.signals import post_migrate
from django.utils import translation

from console import alive, heap, kube
from console.live import render
from console.models import Account, Cluster
from services import facts
from tests import product
from tests import world as worlds
from tests.environment import ROOT
from tests.world import World
from workloads.history import shown

# A busy machine is slow; that is not what properties are about.
hypothesis.settings.register_profile(
    "podgate", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("podgate")
kube.load()
# Until all tests are read: what is read stays, and looking through it for cycles took a fifth.
gc.disable()
# A slow hash protects passwords, not tests; it made every logged-in test a second longer.
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# After each test that flushes the database Django writes both anew; nothing here asks for them,
# and it was five sixths of what the flush took.
post_migrate.disconnect(create_contenttypes)
post_migrate.disconnect(dispatch_uid="django.contrib.auth.management.create_permissions")


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> None:
    """A SQLite file of this process instead of memory: threads and subprocesses share it."""
    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        database.setdefault("TEST", {})["NAME"] = str(ROOT / "test.sqlite3")


VALKEY = redis.Redis.from_url(settings.REDIS_URL)
BEATS = [alive.PREFIX + role for role in alive.ROLES]


@pytest.fixture(autouse=True)
def as_after_a_start() -> None:
    """What a process keeps beside its database.

    Which file a process of a ring plays after which one is chance, and how long ago that was.
    """
    cache.clear()
    # Also what threads of an earlier test still find out.
    facts.forget()
    # Keys come again in a database that was emptied.
    shown._pictures.forget()
    render._users.forget()
    # The language of the last request.
    translation.deactivate()
    VALKEY.delete(*BEATS)


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A sandbox of this test process, twenty times as fast as the real thing."""
    started = worlds.start(tmp_path_factory.mktemp("sandbox"))
    yield started
    started.stop()


@pytest.fixture
def sandbox(world: World) -> Iterator[World]:
    """The sandbox in its demo state, without faults."""
    world.heal()
    for half in world.facts["control"]:
        world.control(half, "POST", "reset")
    yield world
    world.heal()


@pytest.fixture
def account(sandbox: World, db: Any) -> Account:
    """The sandbox's account, registered as a user would."""
    tencent = sandbox.tencent
    os.environ["TENCENTCLOUD_SECRET_ID"] = tencent["secret_id"]
    os.environ["TENCENTCLOUD_SECRET_KEY"] = tencent["secret_key"]
    call_command(
        "add_account",
        "shop-prod",
        uin=tencent["uin"],
        region=tencent["region"],
        endpoint=tencent["endpoint"],
    )
    return Account.objects.get()


def register(world: World, cluster_id: str, binder: str = "console") -> Cluster:
    call_command(
        "add_cluster",
        cluster_id=cluster_id,
        account="shop-prod",
        kubeconfig=world.cluster(cluster_id)["kubeconfig"],
        binder=binder,
    )
    return Cluster.objects.get(cluster_id=cluster_id)


@pytest.fixture
def cluster(sandbox: World, account: Account) -> Cluster:
    """cls-vpccni01, registered as a user would."""
    return register(sandbox, "cls-vpccni01")


LOGS = pytest.StashKey[product.Sizes]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    if state := product.state_of(getattr(item, "funcargs", {})):
        item.stash[LOGS] = product.sizes(state)
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failure shows what the product wrote meanwhile, and what the browser showed."""
    report = yield
    if not report.failed:
        return report
    fixtures = getattr(item, "funcargs", {})
    if state := product.state_of(fixtures):
        for name, text in product.written_since(state, item.stash.get(LOGS, {})):
            report.sections.append((f"Log of {name}", text))
    page = fixtures.get("page")
    if call.when == "call" and hasattr(page, "locator"):
        report.sections.append(("Shown in the browser", product.seen(page)))
    return report


# The longest first: what starts last must not be what everybody waits for.
LONGEST = (
    # What begins with Pods that nobody bound yet stands before what binds them.
    *("test_main_job.py", "test_rollout_journey.py", "browser/test_global_router.py"),
    *("binding/test_crashes.py", "binding/test_faults.py", "test_rollouts_lose_nothing.py"),
    *("binding/test_changes.py", "limits/test_scenes.py", "test_kubectl.py"),
    *("workloads/test_index.py", "admission/test_integrity.py", "binding/test_troubles.py"),
    *("binding/test_safety.py", "binding/test_watching.py", "creating/test_create.py"),
)
TOUCHES_THE_DATABASE = {"db", "transactional_db", "live_server"}
# Of what needs a sandbox, the files in which the database itself is at work: statements by hand,
# locks, leases, a transaction beside another one. For the rest SQLite tells as much.
SQL_AT_WORK = (
    *("workloads/test_index.py", "services/test_leaving.py"),
    *("binding/test_main_path.py", "binding/test_lives.py", "binding/test_health.py"),
    *("admission/test_integrity.py",),
)


def pytest_collection_finish() -> None:
    """Every process of a ring reads all tests, and what it has read stays."""
    heap.freeze()
    gc.enable()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On PostgreSQL only what can tell it from SQLite."""
    if os.environ.get("PODGATE_TEST_DATABASE") == "postgres":
        left_out = [item for item in items if not _tells_databases_apart(item)]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if _tells_databases_apart(item)]
    items.sort(key=_turn)


def _tells_databases_apart(item: pytest.Item) -> bool:
    names = set(getattr(item, "fixturenames", ()))
    if not item.get_closest_marker("django_db") and not names & TOUCHES_THE_DATABASE:
        return False
    return "world" not in names or any(name in item.nodeid for name in SQL_AT_WORK)


def _turn(item: pytest.Item) -> int:
    return next((n for n, name in enumerate(LONGEST) if name in item.nodeid), len(LONGEST))
