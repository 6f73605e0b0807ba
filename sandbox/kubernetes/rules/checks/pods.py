"""Pods and Pod templates; almost everything in a Pod is for life."""

from typing import Any

from sandbox.kubernetes import objects
from sandbox.kubernetes.errors import Cause
from sandbox.kubernetes.kinds import Object
from sandbox.kubernetes.rules.checks import words

_IMMUTABLE = (
    "pod updates may not change fields other than `spec.containers[*].image`,"
    "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions"
    " to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it"
    " was previously negative)"
)


def problems(obj: Object, old: Object | None) -> list[Cause]:
    if old is None:
        return spec_problems("spec", obj["spec"])
    return _changes(obj["spec"], old["spec"])


def spec_problems(field: str, spec: Object) -> list[Cause]:
    """A PodSpec, of a Pod or of a template."""
    found: list[Cause] = []
    containers = spec.get("containers") or []
    if not containers:
        found.append(words.required(f"{field}.containers"))
    names: set[str] = set()
    for group in ("containers", "initContainers"):
        for index, container in enumerate(spec.get(group) or ()):
            found += _container(f"{field}.{group}[{index}]", container, names)
    if spec["restartPolicy"] not in ("Always", "OnFailure", "Never"):
        known = ("Always", "OnFailure", "Never")
        found.append(words.unsupported(f"{field}.restartPolicy", spec["restartPolicy"], known))
    found += words.non_negative(
        f"{field}.terminationGracePeriodSeconds", spec["terminationGracePeriodSeconds"]
    )
    for index, gate in enumerate(spec.get("readinessGates") or ()):
        place = f"{field}.readinessGates[{index}].conditionType"
        found += words.qualified_name(place, gate.get("conditionType", ""))
    found += words.labels(f"{field}.nodeSelector", spec.get("nodeSelector") or {})
    return found + _volumes(field, spec)


def _container(field: str, container: Object, names: set[str]) -> list[Cause]:
    name = container.get("name", "")
    found = words.dns_label(f"{field}.name", name) if name else [words.required(f"{field}.name")]
    if name and name in names:
        found.append(words.duplicate(f"{field}.name", name))
    names.add(name)
    if not container.get("image"):
        found.append(words.required(f"{field}.image"))
    port_names: set[str] = set()
    for index, port in enumerate(container.get("ports") or ()):
        found += _port(f"{field}.ports[{index}]", port, port_names)
    for index, each in enumerate(container.get("env") or ()):
        if not each.get("name"):
            found.append(words.required(f"{field}.env[{index}].name"))
    for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
        if probe in container:
            found += _probe(f"{field}.{probe}", container[probe])
    return found


def _port(field: str, port: Object, names: set[str]) -> list[Cause]:
    found = words.port_number(f"{field}.containerPort", port.get("containerPort"))
    if name := port.get("name", ""):
        found += words.port_name(f"{field}.name", name)
        if name in names:
            found.append(words.duplicate(f"{field}.name", name))
        names.add(name)
    if port.get("protocol") not in ("TCP", "UDP", "SCTP"):
        known = ("SCTP", "TCP", "UDP")
        found.append(words.unsupported(f"{field}.protocol", port.get("protocol"), known))
    return found


def _probe(field: str, probe: Object) -> list[Cause]:
    ways = [name for name in ("httpGet", "tcpSocket", "exec", "grpc") if name in probe]
    if not ways:
        return [words.required(field, "must specify a handler type")]
    if len(ways) > 1:
        return [words.forbidden(f"{field}.{ways[1]}", "may not specify more than 1 handler type")]
    port: Any = probe[ways[0]].get("port") if ways[0] != "exec" else 1
    if isinstance(port, str):
        return words.port_name(f"{field}.{ways[0]}.port", port)
    return words.port_number(f"{field}.{ways[0]}.port", port)


def _volumes(field: str, spec: Object) -> list[Cause]:
    found: list[Cause] = []
    names: set[str] = set()
    for index, volume in enumerate(spec.get("volumes") or ()):
        name = volume.get("name", "")
        found += words.dns_label(f"{field}.volumes[{index}].name", name)
        if name in names:
            found.append(words.duplicate(f"{field}.volumes[{index}].name", name))
        names.add(name)
    for at, container in enumerate(spec.get("containers") or ()):
        for index, mount in enumerate(container.get("volumeMounts") or ()):
            if mount.get("name") not in names:
                place = f"{field}.containers[{at}].volumeMounts[{index}].name"
                message = f"Not found: {words.shown(mount.get('name'))}"
                found.append(Cause("FieldValueNotFound", place, message))
    return found


def _changes(spec: Object, before: Object) -> list[Cause]:
    """The scheduler sets nodeName once; images may change, tolerations be added."""
    allowed = objects.copy(spec)
    for name in ("activeDeadlineSeconds", "tolerations"):
        allowed.pop(name, None)
        if name in before:
            allowed[name] = before[name]
    if "nodeName" not in before:
        allowed.pop("nodeName", None)
    for group in ("containers", "initContainers"):
        for new, old in zip(allowed.get(group) or (), before.get(group) or (), strict=False):
            new["image"] = old.get("image")
    if allowed != before:
        return [words.forbidden("spec", _IMMUTABLE)]
    had = before.get("tolerations") or []
    if any(each not in (spec.get("tolerations") or []) for each in had):
        why = "existing toleration can not be modified except its tolerationSeconds"
        return [words.forbidden("spec.tolerations", why)]
    return []


def status_problems(obj: Object, old: Object | None) -> list[Cause]:
    found: list[Cause] = []
    for index, condition in enumerate(obj.get("status", {}).get("conditions") or ()):
        field = f"status.conditions[{index}]"
        found += words.qualified_name(f"{field}.type", condition.get("type", ""))
        if condition.get("status") not in ("True", "False", "Unknown"):
            known = ("False", "True", "Unknown")
            found.append(words.unsupported(f"{field}.status", condition.get("status"), known))
    return found
