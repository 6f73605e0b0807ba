import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.utils import translation

from services import binding
from services.binding import waits
from services.binding.gate import Backing, gate_condition
from services.binding.plan import (
    Batch,
    CreateListener,
    DeleteListener,
    Deregister,
    ModifyListener,
    Register,
    SetWeight,
    Step,
)
from services.binding.state import Key, Target
from services.binding.words import describe, told
from services.limits import Sentence
from services.limits.catalogue import TEMPLATES
from services.spec import HealthCheck
from services.words import CANNOT, KEPT, PAUSED, said, stored

REASON = re.compile(r"(?:again|ComeBack)\([^\n\"]*, \"([^\"]+)\"\)")


def test_a_stored_text_is_said_in_the_readers_language() -> None:
    with translation.override("zh-hans"):
        assert stored("0 of 3 targets are Alive.") == "3 个后端中 0 个为 Alive。"
        assert stored("Next: Create listener TCP:80.") == "下一步：创建监听器 TCP:80。"
        assert stored("Registered 3 targets (3 Pods) on TCP:80").startswith("已绑定")
        assert stored("something new") == "something new"


@pytest.mark.parametrize(
    ("text", "chinese"),
    [
        # What podgate has no words for stays as it is: no template may tear it apart.
        ("Somebody tried kubectl on this cluster", "Somebody tried kubectl on this cluster"),
        ("3 of them said so on Monday, at noon", "3 of them said so on Monday, at noon"),
        (
            "Unhealthy: TCP:80 of lb-1 (shop/bar) says Dead.",
            "Unhealthy: lb-1（shop/bar）的 TCP:80 报告 Dead。",
        ),
        ("The webhook configuration was deleted", "Webhook 配置被删除"),
        (
            "A field of the webhook was changed: webhooks[0].failurePolicy",
            "Webhook 的一个字段被修改: webhooks[0].failurePolicy",
        ),
    ],
)
def test_a_text_is_never_torn_apart(text: str, chinese: str) -> None:
    with translation.override("zh-hans"):
        assert stored(text) == chinese
    assert stored(text) == text


@pytest.mark.parametrize("template", [PAUSED, CANNOT])
def test_what_the_traffic_guard_did_is_said_in_the_readers_language(template: str) -> None:
    said = template % {
        "kind": "Deployment",
        "workload": "shop/basket",
        "listener": "TCP:8080",
        "service": "basket",
        "n": 1,
        "least": 4,
        "floor": "100%",
    }
    with translation.override("zh-hans"):
        words = stored(said)
    names = ("Deployment", "shop/basket", "Service", "basket")
    assert set(re.findall(r"[A-Za-z/]{4,}", words)) == set(names)
    assert stored(said) == said


@pytest.mark.parametrize("health", ["", "Dead", "Unknown", "Close"])
@pytest.mark.parametrize("lb", ["lb-1", ""])
def test_what_a_gate_says_is_said_in_the_readers_language(health: str, lb: str) -> None:
    because = "No rule lets it in" if health in {"", "Dead"} else ""
    for why in {"", because}:
        backing = Backing("shop/bar", "TCP:80", lb, health, why)
        said = gate_condition("podgate.dev/clb-ready", [backing], None, now=datetime.now(UTC))
        assert said is not None
        with translation.override("zh-hans"):
            told = stored(said.message)
        assert told.startswith(lb or "待创建的负载均衡")
        assert "TCP:80" in told
        assert " of " not in told


ADDRESS, KEY = Target("127.80.20.9", 8080), Key("TCP", 80)
OTHER = Target("127.80.20.10", 8080)
MADE: dict[str, tuple[Step, ...]] = {
    "CreateListener": (CreateListener(KEY, HealthCheck(), 0),),
    "ModifyListener": (ModifyListener(KEY, HealthCheck(), 0),),
    "BatchModifyTargetWeight": (SetWeight(KEY, ADDRESS, 0), SetWeight(KEY, OTHER, 10)),
    "BatchRegisterTargets": (Register(KEY, ADDRESS, 10, "u1"), Register(KEY, OTHER, 10, "u2")),
    "BatchDeregisterTargets": (Deregister(KEY, ADDRESS), Deregister(KEY, OTHER)),
    "DeleteLoadBalancerListeners": (DeleteListener(KEY), DeleteListener(Key("UDP", 53))),
}


@pytest.mark.parametrize("action", MADE)
@pytest.mark.parametrize("names", [{}, {ADDRESS.ip: "web-1"}])
def test_no_english_is_left_in_a_step(action: str, names: dict[str, str]) -> None:
    """Of one target or several, with a Pod known or none: words kept and words foretold."""
    for steps in (MADE[action][:1], MADE[action]):
        batch = Batch(action, steps)
        for text in (told(batch, names), str(describe(batch, names))):
            with translation.override("zh-hans"):
                words = stored(text).replace("web-1", "").replace("Pod", "")
            assert re.findall(r"[a-z]{2,}", words) == [], words


def test_in_english_a_stored_text_stays_as_it_is() -> None:
    for text in ("0 of 3 targets are Alive.", "Next: Create listener TCP:80.", "", "100% wool"):
        assert stored(text) == text


def test_a_single_word_is_no_text_of_ours() -> None:
    for template in (*KEPT, *TEMPLATES):
        assert " " in re.sub(r"%\(\w+\)s", "", template)
    with translation.override("zh-hans"):
        assert stored("127.0.0.9:8080") == "127.0.0.9:8080"


def test_every_template_follows_itself() -> None:
    for template in KEPT:
        text = template.replace("%(", "<").replace(")s", ">")
        assert stored(text) == text


def test_a_sentence_translates_its_parts() -> None:
    why = Sentence("The readiness gate")
    text = Sentence("%(count)s Pods match the selector", count=3)
    assert said(text) == "3 Pods match the selector"
    with translation.override("zh-hans"):
        assert said(text) == "3 个 Pod 与选择器匹配"
        assert said(why) != why


def test_a_whole_sentence_is_taken_before_its_beginning() -> None:
    refused = "Create a private load balancer: the CLB refuses (ResourceInsufficient: No IP)."
    with translation.override("zh-hans"):
        assert stored(refused) == "创建内网负载均衡：CLB 拒绝（ResourceInsufficient: No IP）。"


def test_a_problem_and_its_fix_are_said_one_after_the_other() -> None:
    both = "Tencent Cloud refuses (LimitExceeded: no). Top up the account."
    assert stored(both) == both
    with translation.override("zh-hans"):
        assert stored(both) == stored(both[:42]) + stored(both[43:])
        assert stored(both[43:]) != both[43:]


def test_why_a_run_comes_back_is_kept_in_words_that_can_be_translated() -> None:
    """Every literal reason of `again` and `ComeBack` in the engine, and those with a name."""
    rooms = Path(binding.__file__).parent.glob("*.py")
    said = [found for room in rooms for found in REASON.findall(room.read_text())]
    said += [waits.MORE_STEPS, f"lb-1 {waits.BEING_CREATED}"]
    assert len(said) >= 8
    with translation.override("zh-hans"):
        assert [text for text in said if stored(text) == text] == []
