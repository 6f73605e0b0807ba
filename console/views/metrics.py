"""`/metrics`: for whoever holds the token of the settings, or is logged in."""

import hmac

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from console import access
from console import metrics as found

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@login_not_required
@require_GET
def metrics(request: HttpRequest) -> HttpResponse:
    if not (_holds_the_token(request) or access.has_role(request.user, access.Role.VIEWER)):
        refusal = HttpResponse(_("This needs a token."), status=401, content_type="text/plain")
        refusal.headers["WWW-Authenticate"] = 'Bearer realm="podgate metrics"'
        return refusal
    answer = HttpResponse(found.text(), content_type=CONTENT_TYPE)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _holds_the_token(request: HttpRequest) -> bool:
    scheme, _space, given = request.headers.get("Authorization", "").partition(" ")
    wanted = settings.METRICS_TOKEN
    if not wanted or scheme != "Bearer":
        return False
    return hmac.compare_digest(given.encode(), wanted.encode())
