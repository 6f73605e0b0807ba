"""The section of docs/use-limits.md that tells how to see each limit; pure."""

import json
from collections.abc import Iterable

from sandbox.scenes import SCENES, UNSEEN
from sandbox.scenes.scene import (
    CLAIM,
    CLASS,
    CONFIG,
    DIRECT,
    PLAIN,
    SUBNET,
    Apply,
    Control,
    Delete,
    Object,
    Press,
    Scene,
    Step,
    Told,
)

BEGIN, END = "<!-- begin: python -m sandbox.scenes -->", "<!-- end of scenes -->"


def page(before: str) -> str:
    """The page with its section as the scenes have it now."""
    head, _, rest = before.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\n\n{table()}\n{END}{tail}"


def table() -> str:
    rows = "\n".join(map(_row, SCENES.values()))
    unseen = "\n".join(f"- `{code}`: {why}." for code, why in UNSEEN.items())
    plain = f"A plain Service is a public one, claimed by annotation: {said(PLAIN, plain=False)}."
    head = "| code | where, what is judged | to see it | to see it pass |\n|---|---|---|---|"
    return f"{plain}\n\n{head}\n{rows}\n\nWithout a scene:\n\n{unseen}\n"


def _row(scene: Scene) -> str:
    where = f"`{scene.cluster}`, " + (
        said(scene.service) if scene.service else f"its readiness for {scene.mode}"
    )
    if scene.bound:
        where += ", with its CLB"
    cells = (
        f"`{scene.code}`",
        where,
        _steps(scene.broken) or "it is there",
        "; ".join(filter(None, (_steps(scene.mended), *_elsewhere(scene)))),
    )
    return "| " + " | ".join(cells) + " |"


def _elsewhere(scene: Scene) -> Iterable[str]:
    if scene.mended_service:
        yield f"instead: {said(scene.mended_service)}"
    if scene.mended_cluster:
        yield f"instead: `{scene.mended_cluster}`"


def _steps(steps: Iterable[Step]) -> str:
    return "; ".join(map(words, steps))


def words(step: Step) -> str:
    """One step as a reader does it."""
    match step:
        case Control(path, body, method, half):
            where = "" if half == "tencent" else f" ({half})"
            with_body = f" {json.dumps(dict(body))}" if body else ""
            return f"`{method} {path.replace('{lb}', '‹lb›')}{with_body}`{where}"
        case Apply(manifest, special):
            return f"apply {manifest['kind']} `{manifest['metadata']['name']}`: {special}"
        case Delete(kind, name, namespace):
            return f"`kubectl -n {namespace} delete {kind.lower()} {name}`"
        case Press(name, chosen):
            choice = f" ({', '.join(chosen.values())})" if chosen else ""
            return f"**the button** `{name}`{choice}"
        case Told(words=special):
            return special


def said(documents: tuple[Object, ...], *, plain: bool = True) -> str:
    """A Service in few words."""
    if plain and documents == PLAIN:
        return "a plain Service"
    service, *configs = documents
    spec, annotations = service["spec"], service["metadata"]["annotations"]
    ports = ", ".join(
        f"{port['protocol']} {port['port']} → {port['targetPort']}" for port in spec["ports"]
    )
    chosen = ", ".join(f"{name}={value}" for name, value in spec["selector"].items())
    parts = [ports, f"`{chosen}`" if chosen else "no selector"]
    if spec.get("loadBalancerClass") == CLASS:
        parts.append("claimed by class")
    elif not annotations.get(CLAIM):
        kind = "type LoadBalancer" if spec["type"] == "LoadBalancer" else "ClusterIP"
        parts.append(f"{kind}, not claimed")
    if SUBNET in annotations:
        parts.append(f"private, `{annotations[SUBNET]}`")
    if spec.get("clusterIP") == "None":
        parts.append("headless")
    if DIRECT in annotations:
        parts.append("direct access")
    if CONFIG in annotations:
        listener = configs[0]["spec"]["loadBalancer"]["l4Listeners"][0]
        parts.append(f"`healthCheck: {json.dumps(listener['healthCheck'])}`")
    return "; ".join(parts)
