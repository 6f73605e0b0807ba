from django.utils import translation

from services.limits import Sentence
from services.words import KEPT, said, stored


def test_a_stored_text_is_said_in_the_readers_language() -> None:
    with translation.override("zh-hans"):
        assert stored("0 of 3 targets are Alive.") == "3 个后端中 0 个为 Alive。"
        assert stored("Next: Create listener TCP:80.") == "下一步：创建监听器 TCP:80。"
        assert stored("Registered 3 targets (3 Pods) on TCP:80").startswith("已绑定")
        assert stored("something new") == "something new"


def test_in_english_a_stored_text_stays_as_it_is() -> None:
    for text in ("0 of 3 targets are Alive.", "Next: Create listener TCP:80.", "", "100% wool"):
        assert stored(text) == text


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
