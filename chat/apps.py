import atexit

from django.apps import AppConfig


class ChatConfig(AppConfig):
    name = "chat"

    def ready(self) -> None:
        from chat.log.database import close_pool
        from chat.ops import checks  # noqa: F401 - registers them

        atexit.register(close_pool)
