"""Middleware of our own."""

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_only_middleware

type Answer = Callable[[HttpRequest], HttpResponseBase]


@sync_only_middleware
def in_one_thread(get_response: Answer) -> Answer:
    """The innermost one: around a synchronous one Django runs all of them in the view's thread.

    Else, under ASGI, each crosses from the loop to a thread and back, twice: a third of a page.
    """
    return get_response
