"""What this room tells the rooms below when Django starts."""

from django.apps import AppConfig


class ServicesConfig(AppConfig):
    name = "services"

    def ready(self) -> None:
        from console import attention as first_page
        from services import attention, bound_by, waiting
        from workloads import binders, waits

        binders.providers.append(bound_by.services_of)
        waits.providers.append(waiting.lines)
        first_page.sources.append(attention.report)
