"""Django's middlewares, without a thread where they need none.

They are half async: each changes to a thread and back for every request, whatever it does there.
"""

from http import HTTPStatus
from typing import Any

from csp.middleware import CSPMiddleware
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponseBase
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.common import CommonMiddleware
from django.middleware.csrf import CsrfViewMiddleware
from django.middleware.security import SecurityMiddleware

from chatsite.handler import is_threaded


class Inline:
    """For those that only look at the request and change the headers of the answer."""

    sync_capable = False
    get_response: Any

    async def __call__(self: Any, request: HttpRequest) -> HttpResponseBase:
        begin = getattr(self, "process_request", None)
        response = (begin and begin(request)) or await self.get_response(request)
        answer: HttpResponseBase = self.process_response(request, response)
        return answer


class Security(Inline, SecurityMiddleware): ...


class Csp(Inline, CSPMiddleware): ...


class Common(Inline, CommonMiddleware):
    def process_response(self, request: HttpRequest, response: Any) -> Any:
        """What has not changed is not empty: a 304 says nothing of a length (RFC 9110, 8.6)."""
        response = super().process_response(request, response)
        if response.status_code == HTTPStatus.NOT_MODIFIED:
            del response["Content-Length"]
        return response


class Frames(Inline, XFrameOptionsMiddleware): ...


class AdminOnly:
    """For those that only who logs in needs: they pass by whatever is for everybody."""

    sync_capable = False
    get_response: Any

    async def __call__(self, request: HttpRequest) -> HttpResponseBase:
        follows: Any = super().__call__ if is_threaded(request.path_info) else self.get_response  # type: ignore[misc]
        response: HttpResponseBase = await follows(request)
        return response


class Sessions(AdminOnly, SessionMiddleware): ...


class Authentication(AdminOnly, AuthenticationMiddleware): ...


class Messages(AdminOnly, MessageMiddleware): ...


class Csrf(AdminOnly, CsrfViewMiddleware):
    async def process_view(self, request: HttpRequest, *view: Any) -> Any:  # type: ignore[override]
        """It compares what came with the request, and waits for nothing."""
        return super().process_view(request, *view) if is_threaded(request.path_info) else None
