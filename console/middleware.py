"""Middleware of our own."""

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_only_middleware

from console.views import health

type Answer = Callable[[HttpRequest], HttpResponseBase]


@sync_only_middleware
def in_one_thread(get_response: Answer) -> Answer:
    """The innermost one: around a synchronous one Django runs all of them in the view's thread.

    Else, under ASGI, each crosses from the loop to a thread and back, twice: a third of a page.
    """
    return get_response


@sync_only_middleware
def probed(get_response: Answer) -> Answer:
    """The outermost one: probes ask by whatever address they have, which is no name of ours."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        is_probe = request.path_info == health.PATH
        return health.healthz(request) if is_probe else get_response(request)

    return answer
