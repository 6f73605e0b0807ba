"""Registers a cluster; a second run updates it."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from console import activity, doors, facts
from console.kubeconfig import MAX_BYTES
from console.models import Account, Binder, Claim, Cluster
from console.registration import Refused, Wish, register_cluster


class Command(BaseCommand):
    help = (
        "Register a cluster: its API server must answer and the account must know its id. "
        "Without --claim: annotation where TKE's service-controller runs, class elsewhere."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--kubeconfig", required=True, metavar="FILE")
        parser.add_argument("--cluster-id", required=True, metavar="cls-...")
        parser.add_argument("--account", required=True, metavar="NAME")
        parser.add_argument("--binder", choices=Binder.values)
        parser.add_argument("--claim", choices=Claim.values)
        parser.add_argument(
            "--confirm-class",
            action="store_true",
            help="claim by class although TKE's service-controller runs in the cluster",
        )
        parser.add_argument("--i-know-this-cloud-is-fake", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        account = Account.objects.filter(name=options["account"]).first()
        if account is None:
            raise CommandError(f"No account {options['account']}: register it with add_account.")
        before = _summary(Cluster.objects.filter(cluster_id=options["cluster_id"]).first())
        with doors.recording() as calls:
            try:
                cluster = register_cluster(
                    options["cluster_id"], account, _content(options["kubeconfig"]), _wish(options)
                )
            except Refused as error:
                raise CommandError(str(error)) from None
            facts.refresh(cluster)
        activity.record(
            "command line",
            "register",
            cluster=cluster.cluster_id,
            kind="Cluster",
            name=cluster.cluster_id,
            before=before,
            after=_summary(cluster),
            calls=calls,
        )
        self.stdout.write(
            f"Cluster {cluster.cluster_id}: Kubernetes {cluster.kubernetes_version}, "
            f"{cluster.get_binder_display()}, claims {cluster.get_claim_display()}."
        )
        if cluster.facts_error:
            self.stderr.write(cluster.facts_error)


def _wish(options: dict[str, Any]) -> Wish:
    return Wish(
        binder=Binder(options["binder"]) if options["binder"] else None,
        claim=Claim(options["claim"]) if options["claim"] else None,
        class_confirmed=options["confirm_class"],
        known_fake=options["i_know_this_cloud_is_fake"],
    )


def _content(name: str) -> bytes:
    try:
        with Path(name).open("rb") as file:
            # One byte more than allowed is enough to refuse the rest unread.
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise CommandError(f"{name}: {error.strerror}") from None


def _summary(cluster: Cluster | None) -> dict[str, Any] | None:
    if cluster is None:
        return None
    return {
        "server": cluster.server,
        "account": cluster.account.name,
        "binder": cluster.binder,
        "claim": cluster.claim,
        "fake_cloud": cluster.fake_cloud,
    }
