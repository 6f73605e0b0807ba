"""Workloads as the API server gives them, as small as the pure parts of actions need them."""

from typing import Any


def template(image: str = "web:1", **labels: str) -> dict[str, Any]:
    return {
        "metadata": {"labels": {"app": "web"} | labels},
        "spec": {
            "containers": [{"name": "web", "image": image}, {"name": "log", "image": "log:1"}]
        },
    }


def deployment(**spec: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": "web", "namespace": "shop", "uid": "u", "generation": 4},
        "spec": {
            "replicas": 4,
            "selector": {"matchLabels": {"app": "web"}},
            "strategy": {
                "type": "RollingUpdate",
                "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"},
            },
            "template": template(),
        }
        | spec,
    }


def stateful_set(annotations: dict[str, str] | None = None, **spec: Any) -> dict[str, Any]:
    return {
        "metadata": {
            "name": "db",
            "namespace": "shop",
            "uid": "s",
            "annotations": dict(annotations or {}),
        },
        "spec": {
            "replicas": 5,
            "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 2}},
            "template": template("db:1"),
        }
        | spec,
    }


def daemon_set(**spec: Any) -> dict[str, Any]:
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}}
    return {
        "metadata": {"name": "node", "namespace": "shop", "uid": "d"},
        "spec": {"updateStrategy": strategy, "template": template("node:1")} | spec,
    }
