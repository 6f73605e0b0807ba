"""Deployments: rollouts that respect readiness, history, pause, scale, deadline."""

from sandbox.kubernetes.controllers.replicasets import REVISION
from sandbox.kubernetes.demo.manifests import App
from sandbox.kubernetes.kinds import Object
from tests.sandbox.controllers.live import WEB, Live, condition, why

GATED = App(**{**WEB.__dict__, "gated": True})


def set_image(live: Live, image: str) -> None:
    def write(obj: Object) -> None:
        obj["spec"]["template"]["spec"]["containers"][0]["image"] = image

    live.change("Deployment", "web", write)


def images(live: Live) -> list[str]:
    return sorted(pod["spec"]["containers"][0]["image"] for pod in live.pods())


def status(live: Live) -> Object:
    found: Object = live.get("Deployment", "web").get("status") or {}
    return found


def is_complete(live: Live) -> bool:
    """What `kubectl rollout status` waits for."""
    deployment, said = live.get("Deployment", "web"), status(live)
    replicas = deployment["spec"]["replicas"]
    return bool(
        said.get("observedGeneration") == deployment["metadata"]["generation"]
        and said.get("updatedReplicas") == replicas
        and said.get("replicas") == replicas
        and said.get("availableReplicas") == replicas
    )


async def test_a_deployment_makes_a_replicaset_which_makes_pods(live: Live) -> None:
    live.deploy()
    await live.ready_pods(3)
    await live.until(lambda: is_complete(live))
    (replicaset,) = live.all("ReplicaSet")
    name = replicaset["metadata"]["name"]
    assert replicaset["metadata"]["labels"]["pod-template-hash"] in name
    assert live.get("Deployment", "web")["metadata"]["annotations"][REVISION] == "1"
    assert live.said("ScalingReplicaSet") == [f"Scaled up replica set {name} to 3 from 0"]
    assert why(live.get("Deployment", "web"), "Progressing") == (
        "NewReplicaSetAvailable",
        f'ReplicaSet "{name}" has successfully progressed.',
    )
    assert condition(live.get("Deployment", "web"), "Available") == "True"


async def test_a_rollout_does_not_proceed_past_a_gate_that_is_not_set(live: Live) -> None:
    live.deploy(GATED, maxSurge=1, maxUnavailable=0)
    for pod in await live.running_pods(3):
        live.gate(pod, "True")
    await live.until(lambda: is_complete(live))
    set_image(live, "shop/web:2")
    await live.until(lambda: images(live) == ["shop/web:1"] * 3 + ["shop/web:2"])
    await live.running_pods(4)
    await live.settled()
    assert images(live) == ["shop/web:1"] * 3 + ["shop/web:2"]
    (newcomer,) = (p for p in live.pods() if p["spec"]["containers"][0]["image"] == "shop/web:2")
    live.gate(newcomer, "True")
    await live.until(lambda: images(live) == ["shop/web:1"] * 2 + ["shop/web:2"] * 2)


async def test_a_rollout_never_has_fewer_ready_pods_than_allowed(live: Live) -> None:
    live.deploy(maxSurge=1, maxUnavailable=0)
    await live.until(lambda: is_complete(live))
    set_image(live, "shop/web:2")
    fewest = 3

    def done() -> bool:
        nonlocal fewest
        fewest = min(fewest, sum(condition(pod, "Ready") == "True" for pod in live.pods()))
        return images(live) == ["shop/web:2"] * 3 and is_complete(live)

    await live.until(done)
    assert fewest == 3
    assert live.get("Deployment", "web")["metadata"]["annotations"][REVISION] == "2"


async def test_a_rollback_takes_the_old_replicaset_up_again_as_the_newest_revision(
    live: Live,
) -> None:
    live.deploy()
    await live.until(lambda: is_complete(live))
    set_image(live, "shop/web:2")
    await live.until(lambda: images(live) == ["shop/web:2"] * 3 and is_complete(live))
    set_image(live, "shop/web:1")
    await live.until(lambda: images(live) == ["shop/web:1"] * 3 and is_complete(live))
    assert len(live.all("ReplicaSet")) == 2
    numbers = sorted(r["metadata"]["annotations"][REVISION] for r in live.all("ReplicaSet"))
    assert numbers == ["2", "3"]


async def test_history_is_kept_to_its_limit(live: Live) -> None:
    live.deploy()
    live.change("Deployment", "web", lambda d: d["spec"].update(revisionHistoryLimit=1))
    for number in range(1, 5):
        image = f"shop/web:{number}"
        set_image(live, image)
        await live.until(lambda image=image: images(live) == [image] * 3 and is_complete(live))  # type: ignore[misc]
    await live.until(lambda: len(live.all("ReplicaSet")) == 2)


async def test_a_paused_deployment_scales_but_does_not_roll(live: Live) -> None:
    live.deploy()
    await live.until(lambda: is_complete(live))
    live.change("Deployment", "web", lambda d: d["spec"].update(paused=True))
    set_image(live, "shop/web:2")
    live.change("Deployment", "web", lambda d: d["spec"].update(replicas=4))
    await live.until(lambda: images(live) == ["shop/web:1"] * 4)
    await live.until(
        lambda: why(live.get("Deployment", "web"), "Progressing")[0] == "DeploymentPaused"
    )
    assert images(live) == ["shop/web:1"] * 4
    live.change("Deployment", "web", lambda d: d["spec"].update(paused=False))
    await live.until(lambda: images(live) == ["shop/web:2"] * 4)


async def test_a_rollout_that_stands_still_exceeds_its_deadline(live: Live) -> None:
    live.deploy(GATED)
    live.change("Deployment", "web", lambda d: d["spec"].update(progressDeadlineSeconds=60))
    await live.until(
        lambda: (
            (d := live.get("Deployment", "web"))
            and condition(d, "Progressing") == "False"
            and why(d, "Progressing")[0] == "ProgressDeadlineExceeded"
        )
    )
    for pod in await live.running_pods(3):
        live.gate(pod, "True")
    await live.until(lambda: is_complete(live))
    assert condition(live.get("Deployment", "web"), "Progressing") == "True"


async def test_a_pod_counts_as_available_only_after_min_ready_seconds(live: Live) -> None:
    live.deploy()
    live.change("Deployment", "web", lambda d: d["spec"].update(minReadySeconds=60))
    await live.ready_pods(3)
    assert not status(live).get("availableReplicas")
    await live.until(lambda: status(live).get("availableReplicas") == 3)


async def test_recreate_ends_every_old_pod_before_it_makes_a_new_one(live: Live) -> None:
    live.deploy()
    live.change("Deployment", "web", lambda d: d["spec"].update(strategy={"type": "Recreate"}))
    await live.until(lambda: is_complete(live))
    set_image(live, "shop/web:2")
    mixed = False

    def done() -> bool:
        nonlocal mixed
        mixed |= len(set(images(live))) > 1
        return images(live) == ["shop/web:2"] * 3 and is_complete(live)

    await live.until(done)
    assert not mixed


async def test_scaling_down_takes_the_pod_that_is_not_ready_first(live: Live) -> None:
    live.deploy()
    sick = (await live.ready_pods(3))[1]
    live.annotate(sick, readiness="fail")
    await live.until(
        lambda: condition(live.get("Pod", sick["metadata"]["name"]), "Ready") == "False"
    )
    live.change("Deployment", "web", lambda d: d["spec"].update(replicas=2))
    await live.until(lambda: len(live.pods()) == 2)
    assert sick["metadata"]["name"] not in {pod["metadata"]["name"] for pod in live.pods()}


async def test_scaling_down_respects_the_deletion_cost(live: Live) -> None:
    live.deploy()
    cheap = (await live.ready_pods(3))[2]["metadata"]["name"]

    def cost(obj: Object) -> None:
        obj["metadata"].setdefault("annotations", {})[
            "controller.kubernetes.io/pod-deletion-cost"
        ] = "-1"

    live.change("Pod", cheap, cost)
    live.change("Deployment", "web", lambda d: d["spec"].update(replicas=2))
    await live.until(lambda: len(live.pods()) == 2)
    assert cheap not in {pod["metadata"]["name"] for pod in live.pods()}


async def test_a_deleted_pod_is_replaced(live: Live) -> None:
    live.deploy()
    gone = (await live.ready_pods(3))[0]
    live.delete("Pod", gone["metadata"]["name"])
    await live.until(lambda: live.find("Pod", gone["metadata"]["name"]) is None)
    await live.ready_pods(3)


async def test_a_pod_taken_out_by_label_is_let_go_and_replaced(live: Live) -> None:
    live.deploy()
    out = (await live.ready_pods(3))[0]["metadata"]["name"]
    live.change("Pod", out, lambda pod: pod["metadata"]["labels"].update(app="debug"))
    await live.until(lambda: "ownerReferences" not in live.get("Pod", out)["metadata"])
    await live.ready_pods(3)
    live.change("Pod", out, lambda pod: pod["metadata"]["labels"].update(app="web"))
    await live.until(lambda: len(live.pods()) == 3)


async def test_a_cordoned_node_gets_no_new_pods(live: Live) -> None:
    for node in live.store.list(live.kind("Node"))[1:]:
        live.store.change(
            live.kind("Node"),
            None,
            node["metadata"]["name"],
            lambda n: n["spec"].update(unschedulable=True),
        )
    live.deploy()
    pods = await live.ready_pods(3)
    assert len({pod["spec"]["nodeName"] for pod in pods}) == 1
