from pathlib import Path

from services.annotations import ANNOTATIONS, table, unsupported

DIRECT = "service.cloud.tencent.com/direct-access"
EXISTING = "service.kubernetes.io/tke-existed-lbid"
SHARED = "service.kubernetes.io/qcloud-share-existed-lb"


def test_the_page_says_what_the_code_does() -> None:
    page = Path(__file__).parents[2] / "docs" / "annotations.md"
    assert table() in page.read_text()


def test_every_annotation_is_listed_once() -> None:
    names = [annotation.name for annotation in ANNOTATIONS]
    assert len(names) == len(set(names))


def test_an_annotation_that_would_be_ignored_is_refused_by_name() -> None:
    assert [name for name, _ in unsupported({EXISTING: "lb-1", DIRECT: "true"})] == [EXISTING]


def test_a_value_that_asks_for_nothing_is_accepted() -> None:
    assert unsupported({SHARED: "false"}) == ()


def test_an_unknown_annotation_of_tkes_is_refused_and_strangers_are_not() -> None:
    unknown = "service.cloud.tencent.com/brand-new"
    found = unsupported({unknown: "x", "example.com/anything": "x"})
    assert [name for name, _ in found] == [unknown]


def test_annotations_of_kubernetes_itself_refuse_nothing() -> None:
    assert unsupported({"service.kubernetes.io/topology-mode": "Auto"}) == ()
