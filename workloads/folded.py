"""An object's YAML as pages show it: read live, managedFields folded away."""

from typing import Any

import yaml

from console import kube, secrets
from console.models import Cluster


class _Dumper(yaml.SafeDumper):
    """Block style, strings of several lines as blocks, no anchors."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: _Dumper, value: str) -> yaml.ScalarNode:
    style = "|" if "\n" in value else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _text)


def read(cluster: Cluster, kind: str, namespace: str, name: str) -> dict[str, str]:
    """`text` and `managed_fields` of the live object, or `error` with the API server's words."""
    try:
        found = kube.connect(cluster).get(kube.path(kind, namespace, name))
    except (kube.KubeError, secrets.Unreadable) as error:
        return {"error": str(error)}
    managed = (found.get("metadata") or {}).pop("managedFields", None)
    return {"text": dump(found), "managed_fields": dump(managed) if managed else ""}


def dump(value: Any) -> str:
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
