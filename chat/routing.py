"""The one WebSocket address."""

from django.urls import path, re_path

from chat.web.asgi import Message, Receive, Send
from chat.web.consumers import ChatConsumer
from chat.web.origin import deny


async def not_found(scope: Message, receive: Receive, send: Send) -> None:
    await deny(scope, send, 404)


websocket_urlpatterns = [
    path("ws/chat/", ChatConsumer.as_asgi()),
    re_path("", not_found),  # type: ignore[arg-type]  # no view, but what channels' URLRouter takes
]
