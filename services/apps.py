"""What this room tells the rooms below when Django starts."""

from django.apps import AppConfig


class ServicesConfig(AppConfig):
    name = "services"

    def ready(self) -> None:
        from console import attention as first_page
        from console import metrics as figures
        from console import search
        from services import attention, bound_by, finding, metrics, seen_by, waiting
        from services.guard import told as guard
        from services.printed import endings
        from workloads import behind, binders, health, notes, waits

        # Services come before what runs behind them.
        search.sources.insert(0, finding.groups)
        binders.providers.append(bound_by.services_of)
        waits.providers.append(waiting.lines)
        notes.providers.append(endings.stopping_note)
        health.providers.append(seen_by.PROVIDER)
        behind.providers.append(guard.in_front)
        behind.stops.append(guard.stops)
        figures.sources.append(metrics.metrics)
        first_page.sources.append(attention.report)
        first_page.sources.append(guard.report)
