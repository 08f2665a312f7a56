"""Settings, all from the environment (the table is in README.md); without any it runs here."""

import os
import sys
from pathlib import Path

from csp.constants import NONE, SELF
from django.core.management.utils import get_random_secret_key

from chatsite import environment, private

BASE_DIR = Path(__file__).resolve().parent.parent
# From here, not from where somebody happens to be: that would be another, empty database.
DATA_DIR = BASE_DIR / (environment.env.str("CHAT_DATA", "") or "data")
# Heroku does it in a build, perhaps before there is a secret, and none must be left in the slug; on
# a server whoever owns the code does it. Neither has to do with the data.
COLLECTS_STATIC = sys.argv[1:2] == ["collectstatic"]
if not COLLECTS_STATIC:
    private.folder(DATA_DIR)

ON_HEROKU = "DYNO" in os.environ
HTTPS = environment.flag("CHAT_HTTPS", default=ON_HEROKU)

# --- Who may come in -----------------------------------------------------------------------------
DEBUG = environment.flag("DEBUG")
if COLLECTS_STATIC:
    SECRET_KEY = get_random_secret_key()
else:
    SECRET_KEY = environment.secret("SECRET_KEY", DATA_DIR / "secret", required=ON_HEROKU)
# The app's own name is known there with `heroku labs:enable runtime-dyno-metadata`. Without, any
# name of theirs will do: their router sends us no request for another app.
HEROKU_HOST = os.environ.get("HEROKU_APP_DEFAULT_DOMAIN_NAME") or ".herokuapp.com"
ALLOWED_HOSTS = environment.words(
    "ALLOWED_HOSTS", [HEROKU_HOST] if ON_HEROKU else ["localhost", "127.0.0.1", "[::1]"]
)
PORT = environment.whole("PORT", 8000, most=65_535)  # for the Procfile

CHAT_TRUSTED_HOPS = environment.whole("CHAT_TRUSTED_HOPS", 1 if ON_HEROKU else 0)
CHAT_ORIGINS = environment.origins("CHAT_ORIGINS")

# By default as much as two hundred people at one address need, a school's: they come within a
# minute, talk, and all come back at once.
CHAT_LIMITS = environment.flag("CHAT_LIMITS", default=True)  # all rates and budgets
CHAT_REQUEST_RATE = environment.rate("CHAT_REQUEST_RATE", "300/30 seconds")
CHAT_HANDSHAKE_RATE = environment.rate("CHAT_HANDSHAKE_RATE", "600/minute")
CHAT_JOIN_RATE = environment.rate("CHAT_JOIN_RATE", "600/minute")
CHAT_NAME_RATE = environment.rate("CHAT_NAME_RATE", "400/day")
CHAT_RESUME_BYTES_PER_ADDRESS = environment.budget("CHAT_RESUME_BYTES_PER_ADDRESS", "16 MiB/minute")
CHAT_POST_RATE = environment.rate("CHAT_POST_RATE", "20/10 seconds")
CHAT_REACT_RATE = environment.rate("CHAT_REACT_RATE", "30/10 seconds")
CHAT_POSTS_PER_ADDRESS = environment.rate("CHAT_POSTS_PER_ADDRESS", "400/10 seconds")
CHAT_POST_BYTES_PER_ADDRESS = environment.budget("CHAT_POST_BYTES_PER_ADDRESS", "1 MiB/10 seconds")
# A reader with 1 MB/s keeps up, with four times as much.
CHAT_ROOM_PACE = environment.budget("CHAT_ROOM_PACE", "256 KiB/second")
CHAT_SOCKETS_PER_ADDRESS = environment.whole("CHAT_SOCKETS_PER_ADDRESS", 500)
CHAT_SOCKETS = environment.whole("CHAT_SOCKETS", 20_000)

CHAT_NAME_DAYS = environment.whole("CHAT_NAME_DAYS", 30, most=36_500)

SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
# Subdomains and browsers' preload lists are for the owner of the whole domain to decide on.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
# These look for the names of three middlewares; ours extend them.
SILENCED_SYSTEM_CHECKS += ["security.W001", "security.W002", "security.W003"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if CHAT_TRUSTED_HOPS else None
SECURE_REFERRER_POLICY = "same-origin"
# Browsers ignore it on plain http, and complain.
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin" if HTTPS else None
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# --- What it is made of --------------------------------------------------------------------------
INSTALLED_APPS = [
    "daphne",  # first: it installs the reactor and takes over runserver
    "chatsite",  # registers its own Daphne
    "chat",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "csp",
]
PASSWORD_HASHERS = ["chatsite.hashing.GivesWay"]
MIDDLEWARE = [
    "chatsite.headers.Headers",  # on whatever the others answer
    "chatsite.probes.Probes",  # early: they are asked in plain http, under any name
    "chatsite.middleware.Security",
    "chatsite.middleware.Csp",
    "chat.admin.log_in.LogInThrottle",
    "chatsite.turns.Turns",
    "chatsite.middleware.Sessions",
    "chatsite.middleware.Common",
    "chatsite.middleware.Csrf",
    "chatsite.middleware.Authentication",
    "chatsite.middleware.Messages",
    "chatsite.middleware.Frames",
]
ROOT_URLCONF = "chatsite.urls"
ASGI_APPLICATION = "chatsite.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# --- Where things are kept -----------------------------------------------------------------------
DATABASES = {
    "default": environment.database("DATABASE_URL", f"sqlite:///{DATA_DIR / 'chat.sqlite3'}")
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["NAME"] = BASE_DIR / DATABASES["default"]["NAME"]
    if not COLLECTS_STATIC:
        database = str(DATABASES["default"]["NAME"])
        private.files(*(Path(database + end) for end in ("", "-wal", "-shm")))
        environment.check_writable(Path(database))
# A pool, or a connection for each job: kept-alive connections leak under ASGI, where every
# request may run in another thread.
DATABASES["default"]["CONN_MAX_AGE"] = 0
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"].setdefault("OPTIONS", {}).update(
        timeout=20,
        # A transaction that reads first and writes later would fail at once ("database is
        # locked"), without waiting, if another one wrote in between.
        transaction_mode="IMMEDIATE",
        # FULL: in WAL mode NORMAL may lose the last commits when the power fails.
        # The limit: where somebody has read for long, what was written meanwhile is kept in a
        # -wal that grows, and would stay as it is once it is all used again.
        init_command=(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
            f"PRAGMA journal_size_limit={16 * 1024 * 1024};"
        ),
    )
else:
    from chatsite.postgres import bounded

    from_url = DATABASES["default"].get("OPTIONS", {})
    # A process that hangs in a transaction loses it, and the log's lock, which all wait for.
    timeouts = {
        "lock_timeout": "2s",
        # Migrations of a long history may take as long as they need.
        "statement_timeout": "0" if sys.argv[1:2] == ["migrate"] else "5s",
        "idle_in_transaction_session_timeout": "5s",
    }
    DATABASES["default"]["OPTIONS"] = {
        "connect_timeout": 5,
        # A server that is gone without a word, as by a power cut, is given up after 10 s.
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 3,
        "tcp_user_timeout": 10_000,
        **({"sslmode": "require"} if ON_HEROKU else {}),
        **from_url,
        "pool": {
            "connection_class": bounded(
                {
                    name: value
                    for name, value in timeouts.items()
                    if name not in from_url.get("options", "")
                }
            ),
            # The writer keeps one, other work two, who looks back one, /readyz one; pages of the
            # admin take turns at the last. Heroku's small plans allow 20, and at a deploy the old
            # dyno and the new one overlap.
            "min_size": 1,
            "max_size": 6,
            "timeout": 2,
            # The pool's own attempts come less and less often, so it would be down for as long
            # again as the server was; without them each job tries.
            "reconnect_timeout": 0,
        },
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = environment.redis_url("REDIS_URL")
if REDIS_URL:
    REDIS = {"address": REDIS_URL, "health_check_interval": 10}
    if ON_HEROKU and REDIS_URL.startswith("rediss://"):
        # Its key-value stores sign their certificates themselves, and nobody publishes what to
        # compare them with: the connection is encrypted, and the password says who we are.
        REDIS |= {"ssl_cert_reqs": None, "ssl_check_hostname": False}
    CHANNEL_LAYERS = {
        "default": {
            # Pub/sub, not the core layer: with redis-py 8 its 5 s socket time-out meets its 5 s
            # BZPOPMIN.
            "BACKEND": "chat.relay.layer.SealedLayer",
            "CONFIG": {"hosts": [REDIS]},
        }
    }
else:
    CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}

# --- What people see -----------------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "chatsite.storage.StaticFilesStorage"},
}
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "outages": {"()": "chatsite.logs.Outages"},
        "strangers": {"()": "chatsite.logs.Strangers"},
    },
    "formatters": {"line": {"()": "chatsite.logs.Line"}},
    "handlers": {
        "stdout": {
            "class": "logging.StreamHandler",
            "stream": "ext://sys.stdout",
            "formatter": "line",
            "filters": ["outages", "strangers"],
        },
    },
    "root": {"handlers": ["stdout"], "level": "INFO"},
    "loggers": {
        "daphne": {"level": "WARNING"},
        "websockets": {"level": "WARNING"},
        "django": {"level": "INFO", "propagate": True, "handlers": []},
        # What is wrong with a request is told to whoever sent it.
        "django.request": {"level": "ERROR"},
    },
}
