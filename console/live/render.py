"""A region's HTML, as its own view renders it for a user of the scope; runs in a thread."""

import hashlib
import json
import logging
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.template.response import SimpleTemplateResponse
from django.urls import ResolverMatch, resolve
from django.utils import translation
from django.utils.functional import SimpleLazyObject
from django_htmx.middleware import HtmxDetails

from console.live.regions import Region, region_of
from console.live.sharing import Shared
from console.live.viewer import Viewer, user_of

_log = logging.getLogger(__name__)
# A page's regions are often drawn at the same moment, for the same person.
_users = Shared[str, Any](most=64)


@dataclass(frozen=True)
class Source:
    """Where a region's HTML comes from: the view behind its URL."""

    url: str
    element: str
    match: ResolverMatch
    region: Region
    topics: tuple[str, ...]


@dataclass(frozen=True)
class Rendered:
    """What came of it: `status` 200 with the message to push, 403, 404, or 500."""

    status: int
    message: bytes = b""
    digest: bytes = b""


class PersonalText(Exception):
    """The region holds a CSRF token; it would be pushed to other people."""


def source(url: str) -> Source:
    """The source of a region's URL; Http404 when no region lives there."""
    parts = urlsplit(url)
    if parts.scheme or parts.netloc or not parts.path.startswith("/"):
        raise Http404(url)
    match = resolve(parts.path)
    found = region_of(match.func)
    if found is None:
        raise Http404(url)
    element = parts.path.rstrip("/").rsplit("/", 1)[-1]
    return Source(url, element, match, found, tuple(found.topics(**match.kwargs)))


def render(source: Source, viewer: Viewer) -> Rendered:
    """Render for one user, on behalf of everyone of the same scope and language."""
    try:
        with translation.override(viewer.language):
            user = _users.get(viewer.session_key, lambda _before: _user(viewer.session_key))
            if user is None:
                return Rendered(403)
            request = _request(source, user, viewer.language)
            response = source.match.func(request, *source.match.args, **source.match.kwargs)
            if isinstance(response, SimpleTemplateResponse):
                response.render()
        return _rendered(source, request, response)
    except Http404:
        return Rendered(404, event("gone", {"url": source.url, "id": source.element}))
    except PermissionDenied:
        return Rendered(403)
    except Exception:
        # One broken region must not end the page's other regions; the page shows its age.
        _log.exception("region %s could not be rendered", source.url)
        return Rendered(500)


def _user(session_key: str) -> Any:
    """As a request has its user: what is asked about him again and again is read once."""
    user = user_of(session_key)
    return user if user is None else SimpleLazyObject(lambda: user)


def _request(source: Source, user: Any, language: str) -> HttpRequest:
    """A bare GET: no cookies, no nonce, nothing of the person but who they are."""
    parts = urlsplit(source.url)
    request = HttpRequest()
    request.method = "GET"
    request.path = request.path_info = parts.path
    request.GET = QueryDict(parts.query)
    request.META = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": parts.path,
        "QUERY_STRING": parts.query,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "HTTP_HX_REQUEST": "true",
    }
    request.resolver_match = source.match
    request.user = user or AnonymousUser()
    request.LANGUAGE_CODE = language
    request.htmx = HtmxDetails(request)  # type: ignore[attr-defined]
    return request


def _rendered(source: Source, request: HttpRequest, response: HttpResponse) -> Rendered:
    if "CSRF_COOKIE" in request.META:
        raise PersonalText(source.url)
    if response.status_code != 200:
        return Rendered(403 if response.status_code in {301, 302, 403} else response.status_code)
    html = response.content.decode()
    digest = hashlib.blake2b(html.encode(), digest_size=12).digest()
    body = {"url": source.url, "id": source.element, "html": html}
    return Rendered(200, event("region", body), digest)


def event(name: str, body: dict[str, Any]) -> bytes:
    return f"event: {name}\ndata: {json.dumps(body, ensure_ascii=False)}\n\n".encode()
