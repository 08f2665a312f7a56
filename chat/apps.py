import atexit

from django.apps import AppConfig


class ChatConfig(AppConfig):
    name = "chat"

    def ready(self):
        # `daphne …` reads its server class after it has imported the application, `runserver`
        # before, so asgi.py would be too late.
        from chat import checks  # noqa: F401 - registers them
        from chat.database import close_pool
        from chatsite.server import register

        register()
        atexit.register(close_pool)
