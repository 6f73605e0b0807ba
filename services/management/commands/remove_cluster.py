"""Unregisters a cluster, after taking what is podgate's out of it."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from console import activity, doors
from console.kube import KubeError
from console.models import Cluster, lock
from console.tencent import CloudError
from services import leaving


class Command(BaseCommand):
    help = (
        "Take podgate's finalizers and objects out of a cluster, release the gates, and unregister "
        "it. Load balancers stay, and go on forwarding, unless --delete-load-balancers is given."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("cluster_id")
        parser.add_argument("--delete-load-balancers", action="store_true")
        parser.add_argument(
            "--forget",
            action="store_true",
            help="the cluster is gone: only unregister it, touch nothing outside",
        )
        parser.add_argument("--patience", type=float, default=300, help="seconds to wait at most")
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *args: Any, **options: Any) -> None:
        cluster = Cluster.objects.filter(cluster_id=options["cluster_id"]).first()
        if cluster is None:
            raise CommandError(f"No cluster {options['cluster_id']}.")
        if not options["yes"]:
            self._ask(cluster)
        with doors.recording() as calls:
            left = self._forgotten(cluster) if options["forget"] else self._taken(cluster, options)
        cluster_id = cluster.cluster_id
        with transaction.atomic():
            lock(cluster)
            for binding in cluster.bindings.all():
                binding.delete()
            cluster.delete()
        activity.record(
            "command line",
            "unregister",
            cluster=cluster_id,
            kind="Cluster",
            name=cluster_id,
            after={"left": left},
            calls=[call for call in calls if call.write],
        )
        for line in left:
            self.stdout.write(f"left: {line}")
        self.stdout.write(f"Cluster {cluster_id} is not registered any more.")

    def _ask(self, cluster: Cluster) -> None:
        if not sys.stdin.isatty():
            raise CommandError("Say --yes, or run this in a terminal to be asked.")
        if input(f"Type {cluster.cluster_id} to remove it: ") != cluster.cluster_id:
            raise CommandError("Nothing was removed.")

    def _taken(self, cluster: Cluster, options: dict[str, Any]) -> list[str]:
        try:
            leaving.leave(
                cluster,
                with_load_balancers=options["delete_load_balancers"],
                patience=options["patience"],
                tell=self.stdout.write,
            )
            return list(leaving.left(cluster))
        except (KubeError, CloudError, leaving.Stuck) as error:
            raise CommandError(
                f"{error}\nThe cluster is still registered: run this again, or with --forget if "
                "the cluster is gone for good."
            ) from None

    def _forgotten(self, cluster: Cluster) -> list[str]:
        return [
            f"Service {binding} with podgate's finalizer"
            + (f" and load balancer {binding.lb_id}" if binding.lb_id else "")
            for binding in cluster.bindings.all()
        ]
