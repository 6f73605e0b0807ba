"""Tries every permission podgate needs in a cluster and its account; exit code 1 if one lacks."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from console import permissions
from console.models import Cluster


class Command(BaseCommand):
    help = "Try every permission of docs/permissions.md; nothing is changed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("cluster_id")

    def handle(self, *args: Any, **options: Any) -> None:
        cluster = (
            Cluster.objects.select_related("account")
            .filter(cluster_id=options["cluster_id"])
            .first()
        )
        if cluster is None:
            raise CommandError(f"No cluster {options['cluster_id']}.")
        missing = unknown = 0
        for found in permissions.check(cluster):
            missing += found.allowed is False
            unknown += found.allowed is None and not found.note.startswith("not tried")
            self.stdout.write(_line(found))
        if missing or unknown:
            raise CommandError(
                f"{missing} permissions missing, {unknown} could not be tried: "
                "docs/permissions.md has the ClusterRole and the CAM policy.",
                returncode=1,
            )
        self.stdout.write(f"{cluster.cluster_id}: everything podgate needs is allowed.")


def _line(found: permissions.Finding) -> str:
    word = {True: "yes", False: "NO", None: "?"}[found.allowed]
    return f"{word:4} {found.where:11} {found.what:48} {found.note}".rstrip()
