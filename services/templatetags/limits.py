"""Tags for limits: remedies' addresses and buttons, kept texts, and direct access on Basic
Information.

A tag, because Basic Information is of a room below, which may not import this one.
"""

from typing import Any

from django import template

from console.models import Cluster
from services.limits import Remedy
from services.printed import fixes
from services.views.readiness import context_of
from services.words import stored

FIRST_SECONDS = 0.2
register = template.Library()


@register.inclusion_tag("services/direct_access.html", takes_context=True)
def direct_access(context: dict[str, Any], cluster: Cluster) -> dict[str, Any]:
    """`{% direct_access cluster %}`: the live region, which waits longer than a page may."""
    return context_of(cluster, context["request"].user, seconds=FIRST_SECONDS)


@register.simple_tag
def remedy_address(cluster: Cluster, remedy: Remedy, back: str = "") -> str:
    return fixes.address(cluster.cluster_id, remedy, back)


@register.filter
def kept(text: str) -> str:
    """A text that the engine wrote down, such as a gate's message, in the reader's language."""
    return stored(text)


@register.filter
def remedy_button(remedy: Remedy) -> str:
    return fixes.button(remedy)
