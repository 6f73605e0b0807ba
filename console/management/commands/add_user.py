"""Makes a user, or gives one another role or password."""

import getpass
import os
import sys
from typing import Any

from django.contrib.auth.models import Group, User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from console import activity
from console.access import Role, role_of


class Command(BaseCommand):
    help = (
        "Make a user with a role, or change one's role and password. The password comes from "
        "PODGATE_PASSWORD, or is asked for; an existing user without either keeps the old one."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--role", choices=[role.value for role in Role], required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        name, role = options["name"], Role(options["role"])
        user = User.objects.filter(username=name).first()
        before = {"role": role_of(user)} if user else None
        password = _password(required=user is None)
        with transaction.atomic():
            user = user or User(username=name)
            _set_password(user, password)
            user.save()
            user.groups.set([Group.objects.get_or_create(name=role.value)[0]])
            activity.record(
                "command line",
                "change" if before else "create",
                kind="User",
                name=name,
                before=before,
                after={"role": role.value},
            )
        self.stdout.write(f"User {name}: {role.value}.")


def _password(*, required: bool) -> str:
    password = os.environ.get("PODGATE_PASSWORD", "")
    if not password and required and sys.stdin.isatty():
        password = getpass.getpass("Password: ")
    if not password and required:
        raise CommandError("Set PODGATE_PASSWORD, or run this in a terminal to be asked for it.")
    return password


def _set_password(user: User, password: str) -> None:
    try:
        user.full_clean(exclude=["password"])
        if password:
            validate_password(password, user)
            user.set_password(password)
    except ValidationError as error:
        raise CommandError(" ".join(error.messages)) from None
