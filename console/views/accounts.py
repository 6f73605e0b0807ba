"""The Tencent Cloud accounts podgate knows; their keys never leave the database."""

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from console import access
from console.models import Account


@require_GET
@access.require_role(access.Role.VIEWER)
def accounts(request: HttpRequest) -> HttpResponse:
    # Keys are not even fetched for the page.
    rows = (
        Account.objects.defer("secret_id", "secret_key")
        .annotate(cluster_count=Count("clusters"))
        .prefetch_related("clusters")
        .order_by("name")
    )
    return render(request, "console/accounts.html", {"section": "accounts", "accounts": rows})
