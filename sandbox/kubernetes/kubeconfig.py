"""The kubeconfig files in the state directory, for kubectl and for registering the clusters."""

import base64
import os
from pathlib import Path

import yaml

from sandbox.kubernetes.kinds import Object
from sandbox.world import Cluster, World


def write(world: World, cluster: Cluster) -> None:
    """One for the administrator, one for the reader."""
    facts = world.credentials(cluster)
    _write(Path(facts["kubeconfig"]), _content(cluster, facts, "kubernetes-admin", facts["token"]))
    reader = _content(cluster, facts, "podgate-readonly", facts["readonly_token"])
    _write(Path(facts["readonly_kubeconfig"]), reader)


def _content(cluster: Cluster, facts: dict[str, str], user: str, token: str) -> Object:

    authority = base64.b64encode(facts["ca"].encode()).decode()
    server = {"server": facts["server"], "certificate-authority-data": authority}
    context = {"cluster": cluster.id, "user": user, "namespace": "default"}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": cluster.id, "cluster": server}],
        "users": [{"name": user, "user": {"token": token}}],
        "contexts": [{"name": cluster.id, "context": context}],
        "current-context": cluster.id,
    }


def _write(path: Path, content: Object) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as handle:
        yaml.safe_dump(content, handle, sort_keys=False)
