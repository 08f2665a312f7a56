"""The two addresses for whoever watches over the process, apart from all that is for people.

A balancer asks the machine's address, in plain http, or gives no Host at all: no name is looked
at, nothing is redirected. What they answer depends on nothing in the request.
"""

from collections.abc import Awaitable, Callable

from asgiref.sync import markcoroutinefunction
from django.http import HttpRequest, HttpResponse

from chat.ops import health

VIEWS = {"/healthz": health.healthz, "/readyz": health.readyz}


class Probes:
    """To come before the middleware that looks at the host."""

    async_capable = True
    sync_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], Awaitable[HttpResponse]]) -> None:
        self._get_response = get_response
        markcoroutinefunction(self)

    async def __call__(self, request: HttpRequest) -> HttpResponse:
        view = VIEWS.get(request.path_info, self._get_response)
        return await view(request)
