from django.apps import AppConfig

# What the server says by itself, before Django is asked.
WORDS = {
    400: "This is no request that can be answered.",
    413: "This is more than can be taken.",
    429: "There is too much from your network at once. Please try again in a moment.",
    503: "The room is full at the moment. Please try again in a minute.",
}
# Connections are more than sockets: a browser keeps up to six for what it loads, for a minute.
CONNECTIONS = 2  # for each socket that the process may have
CONNECTIONS_PER_ADDRESS = 4  # for each socket that an address may have
AT_LEAST = 64  # for an address
REQUESTS_AT_ONCE = 4  # at work for an address; pages are made by one thread, so more are no faster
TEXTS_AT_ONCE = 100  # of a socket: three times what a client may have unanswered
TEXTS_PER_SECOND = 20.0  # after that, as fast as hardly anybody types


class ChatSiteConfig(AppConfig):
    name = "chatsite"

    def ready(self) -> None:
        # `daphne …` reads its server class after it has imported the application, `runserver`
        # before, so asgi.py would be too late.
        from django.conf import settings

        from chat.ops import health
        from chat.policy.refusals import refusals
        from chat.policy.requests import requests
        from chat.protocol import bounds, outgoing
        from chat.web import lifespan, send_queue
        from chatsite import listening
        from chatsite.server import descriptors
        from chatsite.server.daphne import register
        from chatsite.server.terms import Goodbye, Terms

        def goodbye(code: str, message: str) -> Goodbye:
            return Goodbye(outgoing.bye(code, message), bounds.CLOSE_CODES[code])

        own = settings.CHAT_LIMITS and settings.CHAT_SOCKETS_PER_ADDRESS
        # Where people may post without a limit, their sockets have none.
        paced = settings.CHAT_LIMITS and settings.CHAT_POST_RATE
        health.more["descriptors"] = lambda: not descriptors.short()
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
                trusted_hops=settings.CHAT_TRUSTED_HOPS,
                connections=CONNECTIONS * settings.CHAT_SOCKETS,
                connections_per_address=own and max(AT_LEAST, CONNECTIONS_PER_ADDRESS * own),
                requests_at_once=settings.CHAT_LIMITS and REQUESTS_AT_ONCE,
                texts_at_once=TEXTS_AT_ONCE if paced else 0,
                texts_per_second=TEXTS_PER_SECOND,
                words=WORDS,
                admit=requests.admit,
                refused=refusals.note,
            )
        )
