"""Findings ready to print: their keys, and what can be done about them."""

from console.models import Cluster
from services.diagnosis.finding import Code, Finding, Ref, Sentence, Severity
from services.printed.findings import lines

CLUSTER = Cluster(cluster_id="cls-1")
HERE = Ref("Deployment", "shop", "web")
CRASHES = Finding(Code.CRASH_LOOP, Severity.BLOCKS, Sentence("It ends again and again."))
WAITS = Finding(Code.MAX_UNAVAILABLE, Severity.INFORMS, Sentence("The rollout waits."))


def test_while_a_rollout_waits_the_first_that_blocks_offers_the_way_back() -> None:
    first, second, waits = lines(CLUSTER, [CRASHES, CRASHES, WAITS], here=HERE)
    ((words, address),) = first.actions
    assert words == "Roll back"
    assert address == "/clusters/cls-1/actions/deployment/rollback/?on=shop%2Fweb"
    assert (second.actions, waits.actions) == ((), ())


def test_without_a_rollout_and_on_a_pods_page_there_is_nothing_to_turn_back() -> None:
    (crashes,) = lines(CLUSTER, [CRASHES], here=HERE)
    assert crashes.actions == ()
    first, _waits = lines(CLUSTER, [CRASHES, WAITS], here=Ref("Pod", "shop", "web-1"))
    assert first.actions == ()


def test_findings_of_one_kind_are_told_apart() -> None:
    found = lines(CLUSTER, [CRASHES, WAITS, CRASHES], here=HERE)
    assert [one.key for one in found] == [
        "CrashLoop-1",
        "WaitingOnMaxUnavailable-1",
        "CrashLoop-2",
    ]
