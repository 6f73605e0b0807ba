"""Why it is stuck: from the facts of a Pod, workload or Service to findings with evidence.

All but `gather` and `live` is pure. Pages and `manage.py explain` print the same findings.
"""

from services.diagnosis.finding import Code, Finding, Proof, Ref
from services.diagnosis.pods import diagnose_pod
from services.diagnosis.services import diagnose_service
from services.diagnosis.workloads import diagnose_workload

__all__ = [
    "Code",
    "Finding",
    "Proof",
    "Ref",
    "diagnose_pod",
    "diagnose_service",
    "diagnose_workload",
]
