from django.apps import AppConfig


class ChatSiteConfig(AppConfig):
    name = "chatsite"

    def ready(self) -> None:
        # `daphne …` reads its server class after it has imported the application, `runserver`
        # before, so asgi.py would be too late.
        from chat.protocol import bounds, outgoing
        from chat.web import lifespan, send_queue
        from chatsite import listening
        from chatsite.server.daphne import register
        from chatsite.server.terms import Goodbye, Terms

        def goodbye(code: str, message: str) -> Goodbye:
            return Goodbye(outgoing.bye(code, message), bounds.CLOSE_CODES[code])

        register(
            Terms(
                frame_bytes=bounds.LIMITS["frame"],
                extension=send_queue.EXTENSION,
                slow=goodbye("slow", "You don't read what is sent to you."),
                flood=goodbye("flood", "You send faster than this can be read."),
                begins=listening.be_the_only_one,
                listens=listening.say_which_database,
                is_deaf=listening.refuse,
                farewell=lifespan.farewell,
            )
        )
