"""Headers that every answer has, static files and the admin's pages too."""

from collections.abc import Awaitable, Callable

from asgiref.sync import markcoroutinefunction
from django.http import HttpRequest, HttpResponseBase

# What no page here asks a browser for. Of what browsers can be asked for, those names that all of
# them know or pass over without a word.
UNUSED = (
    "accelerometer autoplay camera display-capture encrypted-media fullscreen geolocation gyroscope"
    " magnetometer microphone midi payment picture-in-picture publickey-credentials-get"
    " screen-wake-lock usb xr-spatial-tracking"
).split()
EVERYWHERE = {
    "Permissions-Policy": ", ".join(f"{name}=()" for name in UNUSED),
    # No page of another site may take what is here for its own, as an image or a script.
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Headers:
    """To be the first middleware: what comes later may answer by itself."""

    async_capable = True
    sync_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], Awaitable[HttpResponseBase]]) -> None:
        self._get_response = get_response
        markcoroutinefunction(self)

    async def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = await self._get_response(request)
        for name, value in EVERYWHERE.items():
            response.headers[name] = value
        return response
