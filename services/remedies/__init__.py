"""Remedies: what podgate can do about a limit, prepared to be shown and confirmed.

Each takes the cluster and parameters of the address, reads what is there now, and answers what
would be called; it refuses what it cannot do. `services.views.remedies` shows and does it.
"""

from collections.abc import Callable

from django.contrib.auth.models import AnonymousUser, User

from console.models import Cluster
from services.remedies.balancers import (
    pass_to_target,
    turn_off_deletion_protection,
    withdraw_pass_to_target,
)
from services.remedies.cluster import (
    declare_ticket_route,
    enable_global_route_direct_access,
    withdraw_ticket_route,
)
from services.remedies.connect import attach_ccn, register_ccn, unregister_ccn
from services.remedies.groups import open_security_group
from services.remedies.remedy import Call, Choice, NotDone, Parameters, Prepared, Refused

__all__ = ["NAMES", "Call", "Choice", "NotDone", "Prepared", "Refused", "prepare"]

_PLAIN: dict[str, Callable[[Cluster, Parameters], Prepared]] = {
    "open-security-group": open_security_group,
    "register-ccn": register_ccn,
    "unregister-ccn": unregister_ccn,
    "attach-ccn": attach_ccn,
    "enable-global-route-direct-access": enable_global_route_direct_access,
    "turn-off-deletion-protection": turn_off_deletion_protection,
    "pass-to-target": pass_to_target,
    "withdraw-pass-to-target": withdraw_pass_to_target,
}
_SIGNED: dict[str, Callable[[Cluster, Parameters, User | AnonymousUser], Prepared]] = {
    "declare-ticket-route": declare_ticket_route,
    "withdraw-ticket-route": withdraw_ticket_route,
}
NAMES = frozenset(_PLAIN) | frozenset(_SIGNED)


def prepare(
    name: str, cluster: Cluster, parameters: Parameters, user: User | AnonymousUser
) -> Prepared:
    """Refused, CloudError or KubeError when it cannot be; KeyError for a name that is none."""
    if name in _SIGNED:
        return _SIGNED[name](cluster, parameters, user)
    return _PLAIN[name](cluster, parameters)
