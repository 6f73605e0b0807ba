"""What every migrated database has: a group for each role."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


def make_groups(**_: Any) -> None:
    """After each migrate, and after each emptying of the tables: the roles are never missing."""
    from django.contrib.auth.models import Group

    from console.access import Role

    for role in Role:
        Group.objects.get_or_create(name=role.value)


class ConsoleConfig(AppConfig):
    name = "console"

    def ready(self) -> None:
        # Django sends it for each app; those before auth have no groups table to write to.
        from django.apps import apps

        post_migrate.connect(make_groups, sender=apps.get_app_config("console"))
