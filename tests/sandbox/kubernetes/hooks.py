"""Webhook configurations of the sandbox's tests, each for one namespace only."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from tests.conformance.api import Answer, Document
from tests.conformance.place import Place, pod
from tests.webhook import Answerer, Authority, Webhook

PATH = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations"
PODS = {"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]}

# What a failure of the webhook `one.podgate.dev` is told with.
FAILED = 'Internal error occurred: failed calling webhook "one.podgate.dev": '


@dataclass
class Gate:
    """A place with a webhook beside it, and a CA both sides know."""

    place: Place
    authority: Authority
    webhook: Webhook
    registered: list[str] = field(default_factory=list)

    def entry(self, name: str, client: Document | None = None, **details: Any) -> Document:
        """One webhook of a configuration, asked about Pods of this place."""
        own = {"kubernetes.io/metadata.name": self.place.namespace}
        return {
            "name": name,
            "clientConfig": client or self.client(),
            "rules": [PODS],
            "sideEffects": "None",
            "admissionReviewVersions": ["v1"],
            "namespaceSelector": {"matchLabels": own},
            **details,
        }

    def client(self, path: str = "/", **instead: Any) -> Document:
        return {
            "url": self.webhook.url + path,
            "caBundle": self.authority.bundle,
            **instead,
        }

    def try_register(self, name: str, *entries: Document) -> Answer:
        body = {"metadata": {"name": f"{self.place.namespace}-{name}"}, "webhooks": list(entries)}
        answer = self.place.api.create(PATH, body)
        if answer.code == 201:
            self.registered.append(answer.body["metadata"]["name"])
        return answer

    def register(self, name: str, *entries: Document) -> Document:
        answer = self.try_register(name, *entries)
        assert answer.code == 201, answer.body
        made: Document = answer.body
        return made

    def ask(self, answerer: Answerer, **details: Any) -> None:
        """Register one webhook that answers so."""
        self.webhook.on("/", answerer)
        self.register("one", self.entry("one.podgate.dev", **details))

    def make(self, name: str = "web", **query: Any) -> Answer:
        return self.place.make("pods", pod(name), **query)

    def clear(self) -> None:
        for name in self.registered:
            self.place.api.delete(f"{PATH}/{name}")


def gates(place: Place, authority: Authority, webhook: Webhook) -> Iterator[Gate]:
    with ExitStack() as stack:
        gate = Gate(place, authority, webhook)
        stack.callback(gate.clear)
        yield gate
