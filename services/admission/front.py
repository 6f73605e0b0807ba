"""What the webhook needs of one cluster, and its snapshot file: enough to go on without a database.

Keys and the path's secret stay encrypted by `console.secrets`, in the file too.
"""

import contextlib
import hashlib
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
from django.conf import settings

from console import secrets
from console.models import Cluster
from services.admission import configuration
from services.admission.certificates import Pair
from services.admission.configuration import Object
from services.admission.injection import ClaimedService

SERVICE_PORT = 443


class Front(msgspec.Struct, frozen=True, kw_only=True):
    """One cluster as its webhook sees it; `where` is https://host:port, empty when unknown."""

    pk: int
    cluster_id: str
    server: str
    ca_data: str
    credentials: str
    gate_type: str
    add_on: str = ""
    version: str = ""
    installation: str = ""
    where: str = ""
    service: str = ""
    port: int = 0
    policy: str = "Ignore"
    client_ca: str = ""
    secret: str = ""
    bundle: str = ""
    certificate: str = ""
    key: str = ""
    is_registered: bool = False
    # The fingerprint that was proven, and when a person last asked for a look.
    proven: str = ""
    check_wanted: str = ""

    @property
    def host(self) -> str:
        return host(self.where, self.service)

    @property
    def path(self) -> str:
        return configuration.path(self.cluster_id, secrets.decrypt(self.secret))

    @property
    def pair(self) -> Pair:
        return Pair(self.certificate, secrets.decrypt(self.key))

    @property
    def client(self) -> Object:
        return configuration.client_config(
            self.where, self.service, port=SERVICE_PORT, path=self.path, bundle=self.bundle
        )

    @property
    def fingerprint(self) -> str:
        """Changes with anything that decides whether API servers reach us."""
        words = "\n".join((self.where, self.service, self.bundle, self.certificate, self.secret))
        return hashlib.sha256(words.encode()).hexdigest()[:32]

    def cluster(self) -> Cluster:
        """As much of the row as `kube.connect` asks for."""
        return Cluster(
            pk=self.pk,
            cluster_id=self.cluster_id,
            server=self.server,
            ca_data=self.ca_data,
            credentials=self.credentials,
        )


def host(where: str, service: str) -> str:
    """The name in the serving certificate."""
    if service:
        namespace, _, name = service.partition("/")
        return f"{name}.{namespace}.svc"
    return urlsplit(where).hostname or ""


class Snapshot(msgspec.Struct, kw_only=True):
    """The last known good state of one cluster's webhook."""

    front: Front
    services: list[ClaimedService] = []
    # The entries that were last written, and how the probe last proved we are reached.
    written: list[Object] | None = None
    proven: str = ""
    proven_client: Object | None = None


def load() -> list[Snapshot]:
    found = []
    for file in sorted(_folder().glob("*.json")):
        # A file of another version is not worth stopping for: the database has it all.
        with contextlib.suppress(msgspec.DecodeError, OSError):
            found.append(msgspec.json.decode(file.read_bytes(), type=Snapshot))
    return found


def save(snapshot: Snapshot) -> None:
    file = _file(snapshot.front.cluster_id)
    part = file.with_suffix(".part")
    part.touch(mode=0o600)
    part.write_bytes(msgspec.json.encode(snapshot))
    part.replace(file)


def forget(cluster_id: str) -> None:
    _file(cluster_id).unlink(missing_ok=True)


def _file(cluster_id: str) -> Path:
    return _folder() / f"{cluster_id}.json"


def _folder() -> Path:
    folder: Path = settings.WEBHOOK_STATE
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder
