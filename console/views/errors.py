"""What went wrong, in the console's look, with what can be done about it.

The page of a failure depends on nothing that may have failed: no database, no navigation.
"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import requires_csrf_token


def _error(request: HttpRequest, status: int, title: str, text: str) -> HttpResponse:
    context = {"status": status, "title": title, "text": text}
    return render(request, "console/error.html", context, status=status)


@requires_csrf_token
def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _error(
        request, 400, _("This request makes no sense"), _("Check the address, or start again.")
    )


@requires_csrf_token
def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    needs = str(exception) or _("Your role does not allow it.")
    how = _("An administrator can grant a role with `manage.py add_user NAME --role ROLE`.")
    return _error(request, 403, _("You may not do this"), f"{needs} {how}")


@requires_csrf_token
def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    text = _said_by(exception) or _("Nothing is at this address. It may have been deleted.")
    return _error(request, 404, _("Not found"), text)


def _said_by(exception: Exception) -> str:
    """The sentence of our own Http404; the URL resolver's carries a dict and tells addresses."""
    said = exception.args[0] if exception.args else ""
    return said if isinstance(said, str) else ""


@requires_csrf_token
def failed(request: HttpRequest) -> HttpResponse:
    text = _("Nothing more is known here: the reason is in podgate's log. Try again in a moment.")
    return _error(request, 500, _("podgate failed on this page"), text)


@requires_csrf_token
def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    text = _(
        "The form was opened before you logged in or out, or without cookies. "
        "Nothing was written. Go back, reload the page and send it again."
    )
    return _error(request, 403, _("This form is out of date"), text)
