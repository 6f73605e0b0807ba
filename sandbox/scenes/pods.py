"""Scenes of the Pods behind a Service, and of how they stop."""

from typing import Any

from sandbox.scenes.network import MIXED, UNMIXED
from sandbox.scenes.scene import (
    HEALED_KUBERNETES,
    PLAIN,
    SHOP,
    Apply,
    Delete,
    Object,
    Scene,
    on,
    refused,
    service,
    workload,
)


def made(name: str, words: str, *, seen: str = "", **changes: Any) -> Apply:
    """A Deployment; `seen` is the label by which its Service selects it."""
    found, _ = workload(name, **{"labels": {"seen": seen or name}, **changes})
    return Apply(found, words)


def replaced(
    code: str, name: str, broken: str, mended: str, good: Object | None = None, **bad: Any
) -> Scene:
    """One Deployment, with what is bad and without."""
    return Scene(
        code,
        service=on(name),
        broken=(made(name, broken, **bad),),
        mended=(made(name, mended, **(good or {})),),
    )


def stopping(name: str, words: str, pre_stop: list[str], grace: int) -> Apply:
    found, template = workload(name)
    template["spec"]["terminationGracePeriodSeconds"] = grace
    hook = {"preStop": {"exec": {"command": pre_stop}}}
    template["spec"]["containers"][0]["lifecycle"] = hook
    return Apply(found, words)


def another(claim: str, *, direct: bool = False) -> Apply:
    """One more Service before the same Pods."""
    (found,) = service(("TCP", 81, 8080), claim=claim, direct=direct)
    name = "seen-by-tke" if claim == "tke" else "seen-too"
    return Apply({**found, "metadata": {**found["metadata"], "name": name}}, f"claim: {claim}")


SLEEPS = ["sh", "-c", "sleep 10"]
SCENES = (
    Scene("NoSelector", service=service(selector={}), mended_service=PLAIN),
    Scene("PodsUnknown", service=PLAIN, broken=refused("list", "Pod"), mended=HEALED_KUBERNETES),
    replaced("NoPods", "no-pods", "replicas: 0", "replicas: 1", replicas=0),
    Scene(
        "SeveralWorkloads",
        service=service(("TCP", 80, "http"), selector={"tier": "api"}),
        mended_service=service(("TCP", 80, "http"), selector={"app": "catalog"}),
    ),
    Scene(
        "PodsOfOtherServices",
        service=PLAIN,
        broken=(another("annotation"),),
        mended=(Delete("Service", "seen-too", SHOP),),
    ),
    Scene(
        "PodsOfBothControllers",
        service=PLAIN,
        broken=(another("tke", direct=True),),
        mended=(Delete("Service", "seen-by-tke", SHOP),),
    ),
    Scene(
        "MixedNetworkModes",
        service=on("mixed"),
        broken=(
            MIXED,
            made("mixed-eni", "asks for an ENI", seen="mixed"),
            made("mixed-route", "asks for nothing", seen="mixed", eni=False),
        ),
        mended=(made("mixed-route", "asks for an ENI too", seen="mixed"),),
        after=(UNMIXED,),
    ),
    replaced(
        "HostNetwork",
        "on-host",
        "hostNetwork: true",
        "without hostNetwork",
        host_network=True,
        eni=False,
        ports=(("http", 18480),),
    ),
    Scene(
        "SomeHostNetwork",
        service=on("some-on-host"),
        broken=(
            made("not-on-host", "an address of its own", seen="some-on-host"),
            made(
                "partly-on-host",
                "hostNetwork: true",
                seen="some-on-host",
                host_network=True,
                eni=False,
                ports=(("http", 18481),),
            ),
        ),
        mended=(made("partly-on-host", "without hostNetwork", seen="some-on-host"),),
    ),
    replaced("PodsWithoutGate", "no-gate", "no readinessGates", "with the gate", gated=False),
    replaced(
        "PreStopTooShort", "no-pre-stop", "no preStop", "preStop sleeps 10 s", drain_seconds=0
    ),
    Scene(
        "GraceTooShort",
        service=on("short-grace"),
        broken=(stopping("short-grace", "preStop sleeps 10 s, grace 11 s", SLEEPS, 11),),
        mended=(stopping("short-grace", "grace 40 s", SLEEPS, 40),),
    ),
    Scene(
        "PreStopUnknown",
        service=on("unclear-stop"),
        broken=(stopping("unclear-stop", "preStop runs /drain.sh", ["/drain.sh"], 40),),
        mended=(stopping("unclear-stop", "preStop sleeps 10 s", SLEEPS, 40),),
    ),
)
