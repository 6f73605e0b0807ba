"""Regions of a Service's page: what goes, and the moment when a CLB sends to the dead."""

from typing import Any

from django import template

from console.models import Cluster
from services.views.endings import context_of

register = template.Library()


@register.inclusion_tag("services/outage.html")
def outage(cluster: Cluster, namespace: str, name: str) -> dict[str, Any]:
    return context_of(cluster, namespace, name)


@register.inclusion_tag("services/drains.html")
def drains(cluster: Cluster, namespace: str, name: str) -> dict[str, Any]:
    return context_of(cluster, namespace, name)
