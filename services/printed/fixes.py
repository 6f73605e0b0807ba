"""Where a remedy is applied, and what its button says."""

from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from services.limits import Remedy

_BUTTONS = {
    "open-security-group": gettext_noop("Add the missing rule"),
    "register-ccn": gettext_noop("Register in the CCN"),
    "unregister-ccn": gettext_noop("Take it out of the CCN"),
    "attach-ccn": gettext_noop("Attach the VPC to a CCN"),
    "enable-global-route-direct-access": gettext_noop("Switch it on"),
    "turn-off-deletion-protection": gettext_noop("Turn the protection off"),
    "pass-to-target": gettext_noop("Allow traffic by default"),
    "withdraw-pass-to-target": gettext_noop("Switch it off"),
    "declare-ticket-route": gettext_noop("Declare a route made by ticket"),
    "withdraw-ticket-route": gettext_noop("Withdraw the declaration"),
}


def address(cluster_id: str, remedy: Remedy, back: str = "") -> str:
    """Its page, which leads back to where the user came from."""
    # Sorted: a database that keeps JSON its own way must not make another address of it.
    asked = dict(sorted(remedy.parameters.items())) | ({"next": back} if back else {})
    where = reverse("remedy", args=[cluster_id, remedy.name])
    return f"{where}?{urlencode(asked)}" if asked else where


def button(remedy: Remedy) -> str:
    words = _BUTTONS.get(remedy.name)
    return _(words) if words else _("Fix it")
