"""Health check of a process without a port: exit 0 if it was seen lately."""

from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand, CommandError

from console import alive


class Command(BaseCommand):
    help = "Exits 0 if a process of this role was seen in the last 15 seconds, else 1."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("role", choices=alive.ROLES)

    def handle(self, *, role: str, **_options: Any) -> None:
        age = alive.age(role)
        if age is None or age > alive.DOWN_AFTER:
            raise CommandError(f"{role} was not seen for {'an hour' if age is None else age}")
        self.stdout.write(f"{role} was seen {age:.1f} s ago")
