"""What this room tells the console when Django starts."""

from django.apps import AppConfig


class WorkloadsConfig(AppConfig):
    name = "workloads"

    def ready(self) -> None:
        from console import attention as first_page
        from console import metrics as figures
        from console import search
        from workloads import failing, finding, metrics, unread

        figures.sources.append(metrics.metrics)
        search.sources.append(finding.groups)
        first_page.sources.append(failing.report)
        first_page.sources.append(unread.report)
