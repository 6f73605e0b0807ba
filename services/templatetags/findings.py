"""`{% findings cluster "Pod" namespace name %}`: what is wrong, at the top of any page.

A tag, because pages of rooms below show it too and may not import this one.
"""

from typing import Any

from django import template
from django.template import Context

from console.models import Cluster
from services.diagnosis.finding import Ref
from services.diagnosis.reads import PAGE
from services.views.findings import context_of, is_operator

register = template.Library()


@register.inclusion_tag("snippets/findings.html", takes_context=True)
def findings(
    context: Context, cluster: Cluster, kind: str, namespace: str, name: str
) -> dict[str, Any]:
    """As the page knows it; the live region, which follows at once, reads more."""
    user = context["request"].user
    return context_of(cluster, Ref(kind, namespace, name), PAGE, may_write=is_operator(user))
