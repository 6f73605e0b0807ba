"""A namespace and the objects tests make in it."""

from dataclasses import dataclass
from typing import Any

from tests.conformance.api import Answer, Api, Document


@dataclass(frozen=True)
class Place:
    api: Api
    namespace: str

    def path(self, plural: str, name: str = "", subresource: str = "") -> str:
        """The path of a plural of core, or of `group/version/plural`."""
        *group, plural = plural.split("/")
        root = f"/apis/{'/'.join(group)}" if group else "/api/v1"
        parts = [root, "namespaces", self.namespace, plural, name, subresource]
        return "/".join(part for part in parts if part)

    def make(self, plural: str, body: Document, **query: Any) -> Answer:
        return self.api.create(self.path(plural), body, **query)

    def made(self, plural: str, body: Document) -> Document:
        """Make it and insist."""
        answer = self.make(plural, body)
        assert answer.code == 201, answer.body
        made: Document = answer.body
        return made


def config_map(name: str = "settings", **data: str) -> Document:
    return {"metadata": {"name": name}, "data": data or {"a": "1"}}


def pod(name: str = "web", **spec: Any) -> Document:
    """A Pod no node takes: only what the API server does with it is looked at."""
    container = {"name": "web", "image": "nginx:1.25", "ports": [{"containerPort": 8080}]}
    return {
        "metadata": {"name": name, "labels": {"app": name}},
        "spec": {
            "containers": [container],
            "nodeSelector": {"conformance.podgate.dev/nowhere": "true"},
            **spec,
        },
    }


def service(name: str = "web", **spec: Any) -> Document:
    port = {"port": 80, "targetPort": 8080}
    return {
        "metadata": {"name": name},
        "spec": {"selector": {"app": "web"}, "ports": [port], **spec},
    }


def deployment(name: str = "web", *, replicas: int = 0, **spec: Any) -> Document:
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": pod(name)["spec"]}
    return {
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": template,
            **spec,
        },
    }
