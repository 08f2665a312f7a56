"""The ASGI application: `daphne chatsite.asgi:application`."""

import os

import django
from channels.routing import ProtocolTypeRouter, URLRouter

from chatsite.private import keep_to_ourselves
from chatsite.start import in_one_line

keep_to_ourselves()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatsite.settings")
with in_one_line():
    django.setup(set_prefix=False)  # before anything that needs the models
    from chatsite.handler import Handler

    http = Handler()

from chat.routing import websocket_urlpatterns  # noqa: E402
from chat.web.lifespan import lifespan  # noqa: E402
from chatsite.static_files import StaticFiles  # noqa: E402

application = ProtocolTypeRouter(
    {"http": StaticFiles(http), "websocket": URLRouter(websocket_urlpatterns), "lifespan": lifespan}
)
