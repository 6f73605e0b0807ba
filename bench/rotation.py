"""`python -m bench.rotation`: Pod creations while the CA rotates and the serving pair is renewed.

With failurePolicy Fail an admission that does not get through is a Pod that is refused; none may
be, and none may come without the gate. Both are asked for on the Access layer page.
"""

import base64
import http.client
import http.cookiejar
import os
import re
import sys
import threading
import time
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from typing import Any

from bench import report
from bench.fleet import NAMESPACE, Fleet, fleet, until
from bench.webhook import POD, where

PODS, RATE = int(os.environ.get("BENCH_PODS", "200")), 10.0
CLUSTER = "cls-vpccni01"
GATE = "podgate.dev/clb-ready"
TLS = "/api/v1/namespaces/podgate-system/secrets/podgate-webhook-tls"


class Console:
    """A signed-in administrator without a browser."""

    def __init__(self, url: str, password: str) -> None:
        self.url = url
        jar = http.cookiejar.CookieJar()
        handlers = (urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(jar))
        self._opener = urllib.request.build_opener(*handlers)
        self.post("/login/", "/login/", username="admin", password=password)

    def post(self, page: str, path: str, **values: str) -> None:
        """As the form on `page` would."""
        html = self._opener.open(self.url + page).read().decode()
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', html)
        assert found, page
        body = urllib.parse.urlencode({"csrfmiddlewaretoken": found[1], **values}).encode()
        request = urllib.request.Request(self.url + path, body, {"Referer": self.url + page})
        self._opener.open(request).read()


@dataclass
class Creations:
    """Pods made at a constant rate; `refused` in the API server's own words."""

    one: Fleet
    made: int = 0
    bare: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    done: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        start = time.monotonic()
        while not self.done.is_set() or self.made + len(self.refused) < PODS:
            number = self.made + len(self.refused)
            time.sleep(max(0.0, start + number / RATE - time.monotonic()))
            self._one(number)

    def _one(self, number: int) -> None:
        body = POD | {"metadata": POD["metadata"] | {"name": f"made-{number}"}}
        try:
            pod = self.one.ask("POST", f"/api/v1/namespaces/{NAMESPACE}/pods", body)
        except (AssertionError, OSError, http.client.HTTPException) as error:
            self.refused.append(str(error)[:300])
            return
        self.made += 1
        if GATE not in str(pod["spec"].get("readinessGates")):
            self.bare.append(pod["metadata"]["name"])


def main() -> None:
    with fleet() as one:
        prepare(one)
        console = Console(one.product.url, one.product.password)
        page = f"/clusters/{CLUSTER}/access-layer/"
        settings = {"failure_policy": "Fail", "gate_type": GATE}
        console.post(page + "settings/", page + "settings/", **settings)
        until(lambda: "'failurePolicy': 'Fail'" in str(where_all(one)))
        creations = Creations(Fleet(one.product))
        thread = threading.Thread(target=creations.run)
        thread.start()
        begun, before, pair = time.monotonic(), bundle(one), secret(one)
        console.post(page, page + "check", do="rotate")
        until(lambda: bundle(one) != before and bundle(one).count("BEGIN CERT") == 1)
        rotated, moved = time.monotonic() - begun, secret(one)
        console.post(page, page + "check", do="renew")
        until(lambda: secret(one) != moved)
        renewed = time.monotonic() - begun - rotated
        time.sleep(2)
        creations.done.set()
        thread.join()
    report.write(
        "rotation",
        settings={"Pods a second": RATE, "failurePolicy": "Fail", "sandbox": "--headless"},
        results={
            "Pods created": creations.made,
            "refused": len(creations.refused),
            "without a gate": len(creations.bare),
            "CA rotated s": round(rotated, 1),
            "serving pair renewed s": round(renewed, 1),
            "another pair after the rotation": moved != pair,
        },
    )
    if creations.refused or creations.bare:
        sys.exit(f"not as it should be: {creations.refused[:3]} {creations.bare[:3]}")


def prepare(one: Fleet) -> None:
    one.ask("POST", "/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
    one.service("bulk-000", "bulk-000")
    until(lambda: client(one))


def client(one: Fleet) -> dict[str, Any] | None:
    return where(lambda path: one.ask("GET", path))


def where_all(one: Fleet) -> Any:
    found = one.ask("GET", "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations")
    return [e for item in found["items"] for e in item["webhooks"] if e["name"].startswith("pods")]


def bundle(one: Fleet) -> str:
    found = client(one) or {}
    return base64.b64decode(found.get("caBundle", "")).decode()


def secret(one: Fleet) -> str:
    return str(one.ask("GET", TLS)["data"]["tls.crt"])


if __name__ == "__main__":
    main()
