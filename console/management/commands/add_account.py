"""Registers a Tencent Cloud account and region; a second run updates it."""

import getpass
import os
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from console import activity, secrets
from console.models import Account
from console.registration import Key, Refused, register_account


class Command(BaseCommand):
    help = (
        "Register a Tencent Cloud account and region. The key comes from TENCENTCLOUD_SECRET_ID "
        "and TENCENTCLOUD_SECRET_KEY, or is asked for; never from the command line."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--region", required=True, help="for example ap-guangzhou")
        parser.add_argument("--uin", default="", help="refuse a key of any other account")
        parser.add_argument(
            "--endpoint", default="", help="scheme://host[:port] of another cloud, all services"
        )
        parser.add_argument("--i-know-this-cloud-is-fake", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        before = _known(options["name"])
        try:
            account = register_account(
                options["name"],
                Key(_secret("TENCENTCLOUD_SECRET_ID"), _secret("TENCENTCLOUD_SECRET_KEY")),
                region=options["region"],
                uin=options["uin"],
                endpoint=options["endpoint"],
                known_fake=options["i_know_this_cloud_is_fake"],
            )
        except Refused as error:
            raise CommandError(str(error)) from None
        after = {"uin": account.uin, "region": account.region, "endpoint": account.endpoint}
        # `make run` registers the same account at each start: that is no news.
        if _known(account.name) != before:
            activity.record(
                "command line", "register", kind="Account", name=account.name, after=after
            )
        self.stdout.write(f"Account {account.name}: Uin {account.uin}, {account.region}.")


def _known(name: str) -> tuple[str, ...] | None:
    """What is registered, its key included; None when nothing is, or no key of ours reads it."""
    account = Account.objects.filter(name=name).first()
    if account is None:
        return None
    try:
        key = (secrets.decrypt(account.secret_id), secrets.decrypt(account.secret_key))
    except secrets.Unreadable:
        return None
    return (account.uin, account.region, account.endpoint, *key)


def _secret(variable: str) -> str:
    value = os.environ.get(variable) or ""
    if not value and sys.stdin.isatty():
        value = getpass.getpass(f"{variable}: ")
    if not value.strip():
        raise CommandError(f"Set {variable}, or run this in a terminal to be asked for it.")
    return value.strip()
