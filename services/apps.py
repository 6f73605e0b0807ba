"""What this room tells the rooms below when Django starts."""

from django.apps import AppConfig


class ServicesConfig(AppConfig):
    name = "services"

    def ready(self) -> None:
        from services import bound_by
        from workloads import binders

        binders.providers.append(bound_by.services_of)
