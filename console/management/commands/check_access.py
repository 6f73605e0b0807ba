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
        allowed = missing = untried = unknown = 0
        for found in permissions.check(cluster):
            allowed += found.allowed is True
            missing += found.allowed is False
            is_untried = found.allowed is None and found.note.startswith("not tried")
            untried += is_untried
            unknown += found.allowed is None and not is_untried
            self.stdout.write(_line(found))
        if missing or unknown:
            raise CommandError(
                f"{missing} permissions missing, {unknown} could not be tried: "
                "docs/permissions.md has the ClusterRole and the CAM policy.",
                returncode=1,
            )
        self.stdout.write(
            f"{cluster.cluster_id}: all {allowed} permissions that can be tried are there. "
            f"{untried} cloud writes were not tried: that would change things. "
            "Compare them with the CAM policy in docs/permissions.md."
        )


def _line(found: permissions.Finding) -> str:
    word = {True: "yes", False: "NO", None: "?"}[found.allowed]
    return f"{word:4} {found.where:11} {found.what:48} {found.note}".rstrip()
