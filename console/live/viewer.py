"""Whose stream it is: the session's user, what they may see, and in which language."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.http import HttpRequest, parse_cookie
from django.utils import translation

SessionStore: Any = import_module(settings.SESSION_ENGINE).SessionStore


@dataclass(frozen=True)
class Viewer:
    """Who looks; two viewers of one scope and language see the same HTML."""

    session_key: str
    user_id: int
    scope: str
    language: str


def viewer_of(headers: Mapping[bytes, bytes]) -> Viewer | None:
    """The viewer of a request's headers, or None without a valid session."""
    cookies = parse_cookie(headers.get(b"cookie", b"").decode("latin-1"))
    key = cookies.get(settings.SESSION_COOKIE_NAME, "")
    user = user_of(key) if key else None
    if user is None:
        return None
    request = HttpRequest()
    request.COOKIES = cookies
    request.META["HTTP_ACCEPT_LANGUAGE"] = headers.get(b"accept-language", b"").decode("latin-1")
    return Viewer(key, user.pk, scope(user), translation.get_language_from_request(request))


def user_of(session_key: str) -> Any:
    """The active user behind a session; None after a logout or a change of password."""
    request = HttpRequest()
    request.session = SessionStore(session_key)
    user: AbstractBaseUser | AnonymousUser = get_user(request)
    return user if user.is_authenticated and user.is_active else None


def scope(user: Any) -> str:
    """What decides what a user sees: their groups and permissions, not who they are."""
    grants = sorted(user.get_all_permissions()) + sorted(user.groups.values_list("name", flat=True))
    digest = hashlib.sha256("\n".join(grants).encode()).hexdigest()[:16]
    return "superuser" if user.is_superuser else digest


def still(viewer: Viewer) -> bool:
    """Whether the viewer may go on: same session, same user, same rights."""
    user = user_of(viewer.session_key)
    return user is not None and user.pk == viewer.user_id and scope(user) == viewer.scope
