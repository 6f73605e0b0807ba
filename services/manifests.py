"""Manifests as people write them into files: which Service do they mean; pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from services.annotations import unsupported
from services.spec import ServiceSpec, config_name, from_manifest


class Unreadable(Exception):
    """What is in the file cannot be judged, and why."""


@dataclass(frozen=True)
class Written:
    """A Service as it was written, and the annotations podgate would refuse on it, with why."""

    spec: ServiceSpec
    refused: tuple[tuple[str, str], ...] = ()


def written(documents: Iterable[Any]) -> Written:
    """The one Service among these documents, with the TkeServiceConfig it names beside it."""
    found = [one for one in _flat(documents) if isinstance(one, Mapping)]
    services = [one for one in found if one.get("kind") == "Service"]
    if len(services) != 1:
        raise Unreadable(f"{len(services)} Services in it, where one is wanted")
    service = services[0]
    configs = {
        str((one.get("metadata") or {}).get("name")): one
        for one in found
        if one.get("kind") == "TkeServiceConfig"
    }
    try:
        spec = from_manifest(service, configs.get(config_name(service)))
        annotations = service["metadata"].get("annotations") or {}
        return Written(spec, unsupported(annotations) if spec.claim else ())
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise Unreadable(f"the Service cannot be read: {error!r}") from error


def _flat(documents: Iterable[Any]) -> Iterable[Any]:
    """A List is what it holds."""
    for one in documents:
        if isinstance(one, Mapping) and one.get("kind") == "List":
            yield from one.get("items") or ()
        else:
            yield one
