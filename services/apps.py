"""What this room tells the rooms below when Django starts."""

from django.apps import AppConfig


class ServicesConfig(AppConfig):
    name = "services"

    def ready(self) -> None:
        from console import attention as first_page
        from services import attention, bound_by, seen_by, waiting
        from services.guard import told as guard
        from workloads import behind, binders, health, waits

        binders.providers.append(bound_by.services_of)
        waits.providers.append(waiting.lines)
        health.providers.append(seen_by.PROVIDER)
        behind.providers.append(guard.in_front)
        behind.stops.append(guard.stops)
        first_page.sources.append(attention.report)
        first_page.sources.append(guard.report)
