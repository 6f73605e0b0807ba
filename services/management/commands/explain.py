"""Says why a Pod, workload or Service is stuck: what the pages say, read live where it decides."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from console import activity
from console.models import Cluster
from services.diagnosis.bundle import bundle
from services.diagnosis.look import KINDS, Look, look
from services.diagnosis.reads import NOW
from services.explained import as_json, as_text

WORDS = {kind.lower(): kind for kind in KINDS}


class Command(BaseCommand):
    help = "Explain what a Pod, workload or Service waits for. Exit code 1 when something blocks."
    # It is asked when something is stuck, perhaps on a busy machine: no page is checked first.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("cluster_id")
        parser.add_argument("kind", choices=sorted(WORDS))
        parser.add_argument("object", metavar="namespace/name")
        parser.add_argument("--json", action="store_true", help="for pipelines")
        parser.add_argument("--bundle", metavar="FILE", help="write the evidence bundle there")

    def handle(self, *args: Any, **options: Any) -> None:
        cluster = (
            Cluster.objects.select_related("account")
            .filter(cluster_id=options["cluster_id"])
            .first()
        )
        if cluster is None:
            raise CommandError(f"No cluster {options['cluster_id']}.", returncode=2)
        namespace, slash, name = options["object"].partition("/")
        if not slash or not namespace or not name:
            raise CommandError("Name it as namespace/name.", returncode=2)
        kind = WORDS[options["kind"]]
        found = look(cluster, kind, namespace, name, NOW)
        if found is None:
            raise CommandError(f"No {kind} {namespace}/{name}.", returncode=2)
        if options["bundle"]:
            _write(cluster, found, Path(options["bundle"]))
        if options["json"]:
            self.stdout.write(json.dumps(as_json(cluster, found), indent=2, ensure_ascii=False))
        else:
            self.stdout.write(as_text(cluster, found), ending="")
        if any(one.severity == "blocks" for one in found.findings):
            raise SystemExit(1)


def _write(cluster: Cluster, found: Look, file: Path) -> None:
    file.write_bytes(bundle(cluster, found))
    activity.record(
        "manage.py explain",
        "bundle",
        cluster=cluster.cluster_id,
        kind=found.kind,
        namespace=found.namespace,
        name=found.name,
        message=", ".join(one.code.value for one in found.findings),
    )
