"""The ASGI entry point: Django, with the live streams and static files dispatched beside it."""

import os
from typing import Any

from django.conf import settings
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")

django_application: Any = get_asgi_application()

from console import assets  # noqa: E402  (they need the app registry)
from console.live.stream import stream  # noqa: E402


async def application(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "http" and scope["path"] == "/live/":
        await stream(scope, receive, send)
    elif scope["type"] == "http" and scope["path"].startswith(settings.STATIC_URL):
        await assets.serve(scope, send)
    else:
        await django_application(scope, receive, send)
