"""HTTP to the two halves: an API server with its token, the cloud with a signed request."""

import json
import ssl
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from sandbox.tencent.signing import Credential, sign

SECONDS = 10
VERSIONS = {"clb": "2018-03-17", "tke": "2018-05-25"}
MERGE, STRATEGIC = "application/merge-patch+json", "application/strategic-merge-patch+json"


class Refused(Exception):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


@dataclass(frozen=True)
class Cluster:
    """One API server, by what world.json says of it."""

    facts: dict[str, Any]

    def get(self, path: str) -> Any:
        return self._ask("GET", path)

    def patch(self, path: str, body: Any, kind: str = MERGE) -> Any:
        return self._ask("PATCH", f"{path}?fieldManager=service-controller", body, kind)

    @cached_property
    def _opener(self) -> urllib.request.OpenerDirector:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cadata=self.facts["ca"])
        return urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
        )

    def _ask(self, method: str, path: str, body: Any = None, kind: str = MERGE) -> Any:
        request = urllib.request.Request(
            self.facts["server"] + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.facts['token']}", "Content-Type": kind},
        )
        try:
            with self._opener.open(request, timeout=SECONDS) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                raise Refused(str(error.code), error.read().decode(errors="replace")) from None


@dataclass(frozen=True)
class Cloud:
    """Its APIs, by what world.json says of it."""

    facts: dict[str, Any]

    def call(self, action: str, *, service: str = "clb", **params: Any) -> Any:
        """The Response of one call; Refused with the API's code."""
        host, body, now = urlsplit(self.facts["endpoint"]).netloc, json.dumps(params), time.time()
        credential = Credential(self.facts["secret_id"], self.facts["secret_key"])
        request = urllib.request.Request(
            self.facts["endpoint"],
            data=body.encode(),
            headers={
                "Content-Type": "application/json",
                "X-TC-Action": action,
                "X-TC-Version": VERSIONS[service],
                "X-TC-Region": self.facts["region"],
                "X-TC-Timestamp": str(int(now)),
                "Authorization": sign(host, service, body.encode(), credential=credential, now=now),
            },
        )
        with self._opener.open(request, timeout=SECONDS) as answer:
            response = json.loads(answer.read())["Response"]
        if error := response.get("Error"):
            raise Refused(error["Code"], error["Message"])
        return response

    @cached_property
    def _opener(self) -> urllib.request.OpenerDirector:
        return urllib.request.build_opener(urllib.request.ProxyHandler({}))
