"""First words of a local stack: static files, the admin user, the sandbox's clusters."""

import json
import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import BaseCommand, call_command

from console.models import Cluster


class Command(BaseCommand):
    help = (
        "Collects the static files, makes the admin user and registers the sandbox's account and "
        "clusters. Safe to repeat."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--state", type=Path, required=True)

    def handle(self, *, state: Path, **_options: Any) -> None:
        if settings.STATIC_ROOT:
            call_command("collectstatic", interactive=False, clear=True, verbosity=0)
        if not get_user_model().objects.filter(username="admin").exists():
            os.environ["PODGATE_PASSWORD"] = (state / "password").read_text().strip()
            call_command("add_user", "admin", role="admin")
        world_file = state / "world.json"
        sandbox = os.environ.get("PODGATE_SANDBOX", "all")
        if sandbox == "off" or not world_file.exists():
            return
        world = json.loads(world_file.read_text())
        tencent = world["tencent"]
        os.environ["TENCENTCLOUD_SECRET_ID"] = tencent["secret_id"]
        os.environ["TENCENTCLOUD_SECRET_KEY"] = tencent["secret_key"]
        call_command(
            "add_account",
            "shop-prod",
            uin=tencent["uin"],
            region=tencent["region"],
            endpoint=tencent["endpoint"],
        )
        if sandbox == "tencent":
            return  # The cloud alone: its clusters have no API servers; the user brings one.
        by_tke = os.environ.get("PODGATE_SANDBOX_TKE_BINDS", "").split()
        for cluster_id, cluster in world["clusters"].items():
            if Cluster.objects.filter(cluster_id=cluster_id, server=cluster["server"]).exists():
                continue
            call_command(
                "add_cluster",
                cluster_id=cluster_id,
                account="shop-prod",
                kubeconfig=cluster["kubeconfig"],
                binder="tke" if cluster_id in by_tke else "console",
            )
