"""The ASGI entry point: Django, with the live streams dispatched beside it."""

import os
from typing import Any

from asgiref.sync import ThreadSensitiveContext
from django.conf import settings
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")

django_application: Any = get_asgi_application()

from django.utils.module_loading import import_string  # noqa: E402

from console import kube  # noqa: E402
from console.threads import Threads  # noqa: E402

# Before there are threads.
kube.load()

# Raw ASGI applications by path.
streams: dict[str, Any] = {
    path: import_string(name) for path, name in settings.LIVE_STREAMS.items()
}
threads = Threads("view", most_idle=8)


async def application(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "http" and (stream := streams.get(scope["path"])):
        await stream(scope, receive, send)
    else:
        # All synchronous code of a request runs in one thread.
        async with threads.one() as thread, ThreadSensitiveContext(executor=thread):
            await django_application(scope, receive, send)
