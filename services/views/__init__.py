"""The pages of Services: the list, one of them, making one and taking one away."""

from services.views.access_layer import (
    access_layer,
    access_layer_settings,
    check_access_layer,
    coverage,
    health,
    repairs,
    roll_all,
    roll_to_inject,
)
from services.views.create import check_field, create_service, outlook
from services.views.delete import delete_service, release_service
from services.views.detail import (
    head,
    limits,
    service,
    state,
    steps,
    targets,
    yaml,
)
from services.views.endings import drains, outage
from services.views.evidence import evidence
from services.views.findings import pod_findings, service_findings, workload_findings
from services.views.guard import guard, set_guard
from services.views.listing import rows, services
from services.views.readiness import direct_access
from services.views.remedies import remedy

__all__ = [
    "access_layer",
    "access_layer_settings",
    "check_access_layer",
    "coverage",
    "health",
    "repairs",
    "roll_all",
    "roll_to_inject",
    "check_field",
    "create_service",
    "delete_service",
    "direct_access",
    "drains",
    "outage",
    "evidence",
    "pod_findings",
    "service_findings",
    "workload_findings",
    "guard",
    "head",
    "limits",
    "outlook",
    "release_service",
    "remedy",
    "rows",
    "service",
    "services",
    "set_guard",
    "state",
    "steps",
    "targets",
    "yaml",
]
