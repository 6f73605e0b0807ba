from typing import Any

from tests.workloads.actions.objects import daemon_set, deployment, template
from workloads.actions import revisions

OURS = [{"uid": "u", "controller": True}]


def replica_set(number: str, image: str, owners: Any = OURS) -> dict[str, Any]:
    return {
        "metadata": {
            "name": f"web-{number}",
            "ownerReferences": owners,
            "annotations": {revisions.REVISION: number, revisions.CHANGE_CAUSE: "because"},
        },
        "spec": {"template": template(image, **{"pod-template-hash": number})},
        "status": {"replicas": 2},
    }


def test_a_deployments_revisions_are_its_own_replica_sets_newest_first() -> None:
    items = [replica_set("9", "web:0"), replica_set("10", "web:1"), replica_set("11", "x", [])]
    found = revisions.listed("Deployment", deployment(), items)
    assert [(one.number, one.images[0], one.is_current) for one in found] == [
        (10, "web:1", True),
        (9, "web:0", False),
    ]
    assert found[0].cause == "because"
    assert revisions.find(found, None) == found[1]
    assert revisions.find(found, 9) == found[1]
    assert revisions.find(found, 8) is None


def test_the_others_keep_controller_revisions() -> None:
    item = {
        "metadata": {"name": "node-1", "ownerReferences": [{"uid": "d", "controller": True}]},
        "data": {"spec": {"template": template("node:1") | {"$patch": "replace"}}},
        "revision": 3,
    }
    (found,) = revisions.listed("DaemonSet", daemon_set(), [item])
    assert (found.number, found.is_current, found.pods) == (3, True, None)
