"""Logging in and out, the theme and the language: what belongs to the person, not to a cluster."""

from django.contrib import auth
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AuthenticationForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST
from django.views.i18n import set_language as django_set_language

THEMES = ("light", "dark", "system")
YEAR = 365 * 86400


def way_back(request: HttpRequest) -> str:
    """The page in `next`, if it is one of ours."""
    target = request.POST.get("next") or request.GET.get("next") or ""
    ours = url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return target if ours else resolve_url("/")


@login_not_required
@sensitive_post_parameters("password")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def login(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect(way_back(request))
    form = AuthenticationForm(request, data=request.POST or None)
    if request.method == "POST" and form.is_valid():
        auth.login(request, form.get_user())
        return redirect(way_back(request))
    return render(request, "console/login.html", {"form": form, "next": way_back(request)})


@require_POST
def logout(request: HttpRequest) -> HttpResponse:
    auth.logout(request)
    return redirect("login")


@login_not_required
@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """A cookie read by the server: the first byte already has the right colours, no flash."""
    response = redirect(way_back(request))
    choice = request.POST.get("theme", "")
    if choice not in THEMES:
        return HttpResponse(status=400)
    if choice == "system":
        response.delete_cookie("theme")
    else:
        response.set_cookie("theme", choice, max_age=YEAR, samesite="Lax", httponly=True)
    return response


set_language = login_not_required(require_POST(django_set_language))
