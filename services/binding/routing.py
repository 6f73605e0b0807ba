"""Whether load balancers can have GlobalRouter addresses of a cluster, by what was last read of it.

Only what is known to stand in the way counts: of what could not be read the CLB itself will tell.
"""

from console import container_routes
from console.models import Cluster
from console.network import ROUTED
from services.limits import Facts, PodFacts, Problem, Severity, router
from services.spec import Access, ServiceSpec

_CHECKS = (router.account_type, router.route)
_ANY = ServiceSpec(namespace="", name="", access=Access.PUBLIC, ports=())


def unrouted(cluster: Cluster) -> Problem | None:
    """What keeps GlobalRouter Pods from being bound here; None where nothing is known to."""
    stored = cluster.facts
    network = stored.get("network") or {}
    if network.get("add_on") not in ROUTED:
        return None
    known = Facts(
        kubernetes=None,
        add_on=network["add_on"],
        vpc_id=network.get("vpc_id", ""),
        pods=(PodFacts("", "route"),),
        account_type=stored.get("account_type"),
        ccn=container_routes.restored(stored.get("ccn")),
        ticket_route=cluster.ticket_route,
    )
    for check in _CHECKS:
        found = check(_ANY, known)
        if isinstance(found, Problem) and found.severity is Severity.BLOCKS:
            return found
    return None


def is_routed_only(cluster: Cluster) -> bool:
    """Whether all its Pods are GlobalRouter's."""
    return (cluster.facts.get("network") or {}).get("add_on") == "GLOBAL_ROUTER"
