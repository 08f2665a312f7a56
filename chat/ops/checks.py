"""System checks: what starts, but would lose messages, cut people off, or could be forged.

`migrate`, which Heroku runs before each release, stops at an error; `check --deploy` shows all.
"""

import os
from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper

Configs = Sequence[AppConfig] | None

ASKED = 5  # times, each of two connections: see `sessions_are_ours`


@register()
def history_is_kept(app_configs: Configs, **options: Any) -> list[CheckMessage]:
    """A dyno's disk is emptied whenever it restarts, once a day at least."""
    if settings.ON_HEROKU and _is_sqlite():
        return [
            Error(
                "On Heroku an SQLite file, and every message in it, is gone with the next restart.",
                hint="heroku addons:create heroku-postgresql:essential-0 (it sets DATABASE_URL)",
                id="chat.E001",
            )
        ]
    return []


@register()
def processes_reach_each_other(app_configs: Configs, **options: Any) -> list[CheckMessage]:
    """The in-memory layer is one process's own; on Heroku there are two at every deploy."""
    if settings.REDIS_URL:
        return []
    if settings.ON_HEROKU:
        return [
            Error(
                "Dynos can't reach each other: the channel layer is in the memory of one process.",
                hint="heroku addons:create heroku-redis:mini (it sets REDIS_URL)",
                id="chat.E002",
            )
        ]
    processes = os.environ.get("WEB_CONCURRENCY", "")
    if processes.isdecimal() and int(processes) > 1:
        return [
            Warning(
                f"WEB_CONCURRENCY={processes}, but the channel layer is in the memory of one "
                "process: people on another hear of a message seconds later, or see nobody there.",
                hint="Set REDIS_URL, or run one process.",
                id="chat.W003",
            )
        ]
    return []


@register(Tags.security)
def addresses_are_true(app_configs: Configs, **options: Any) -> list[CheckMessage]:
    """Limits and bans go by the client's address, which a proxy tells us, or anyone."""
    hops = settings.CHAT_TRUSTED_HOPS
    if settings.ON_HEROKU and hops == 0:
        return [
            Error(
                "CHAT_TRUSTED_HOPS=0: behind Heroku's router everyone has the router's address, "
                "and no request counts as https, so each is redirected for ever.",
                hint="heroku config:unset CHAT_TRUSTED_HOPS (it is 1 there)",
                id="chat.E004",
            )
        ]
    if settings.ON_HEROKU and hops > 1:
        return [
            Warning(
                f"CHAT_TRUSTED_HOPS={hops}: who calls Heroku's router directly, around the other "
                "proxies, writes their own address into X-Forwarded-For, and escapes every ban.",
                hint="Say 1, unless nothing but your own proxy can reach the app.",
                id="chat.W005",
            )
        ]
    if not settings.ON_HEROKU and hops and not settings.HTTPS:
        return [
            Warning(
                f"CHAT_TRUSTED_HOPS={hops}, but plain http: if there is no such proxy in front, "
                "everyone writes their own address into X-Forwarded-For, and escapes every ban.",
                hint="Say CHAT_HTTPS=1 if a proxy speaks https; CHAT_TRUSTED_HOPS=0 without one.",
                id="chat.W006",
            )
        ]
    return []


@register(Tags.security)
def https_is_seen(app_configs: Configs, **options: Any) -> list[CheckMessage]:
    if settings.HTTPS and not settings.ON_HEROKU and not settings.CHAT_TRUSTED_HOPS:
        return [
            Warning(
                "CHAT_HTTPS=1 without a trusted proxy: unless Daphne itself speaks https, no "
                "request counts as https, and each is redirected for ever.",
                hint="Say CHAT_TRUSTED_HOPS=1 if a proxy in front sets X-Forwarded-Proto itself.",
                id="chat.W007",
            )
        ]
    return []


@register(Tags.security)
def hosts_are_named(app_configs: Configs, **options: Any) -> list[CheckMessage]:
    """A page is one of ours if its origin is the host it calls, and that host is ours."""
    if "*" in settings.ALLOWED_HOSTS:
        return [
            Warning(
                "ALLOWED_HOSTS=*: a page under any name that its owner points at this server may "
                "connect as if it were ours.",
                hint="Name the hosts: ALLOWED_HOSTS=chat.example.org,www.example.org",
                id="chat.W008",
            )
        ]
    return []


@register(Tags.security, deploy=True)
def secret_is_shared(app_configs: Configs, **options: Any) -> list[CheckMessage]:
    """On Heroku there is no start without one; elsewhere each CHAT_DATA has its own."""
    if settings.REDIS_URL and not os.environ.get("SECRET_KEY"):
        return [
            Warning(
                "SECRET_KEY is not set: another machine makes another one, and takes the cookies "
                "of this one for forged.",
                hint="Give the same SECRET_KEY, 50 or more random characters, to every process.",
                id="chat.W009",
            )
        ]
    return []


@register(Tags.database)
def sessions_are_ours(
    app_configs: Configs, databases: Sequence[str] | None = None, **options: Any
) -> list[CheckMessage]:
    """Time-outs are set once a connection. A pooler that gives its own to another client between
    two transactions would lose them, and hang somebody else's."""
    if not databases or _is_sqlite():
        return []
    if not _share_a_process(connection.copy(), connection.copy()):
        return []
    return [
        Error(
            "The pooler between this and PostgreSQL shares a session among several connections: "
            "time-outs do not last.",
            hint="PgBouncer: pool_mode = session, for this database.",
            id="chat.E010",
        )
    ]


def _share_a_process(one: BaseDatabaseWrapper, other: BaseDatabaseWrapper) -> bool:
    """Asked in turn, as a pooler may have had to make a second process for the second of them: once
    both are free, it gives the one that was used last to whoever asks next."""
    behind: dict[BaseDatabaseWrapper, set[int]] = {one: set(), other: set()}
    try:
        for link in (one, other) * ASKED:
            behind[link].add(_process_behind(link))
    finally:
        one.close()
        other.close()
    return not behind[one].isdisjoint(behind[other])


def _process_behind(link: BaseDatabaseWrapper) -> int:
    with link.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        number: int = cursor.fetchone()[0]
        return number


def _is_sqlite() -> bool:
    return connection.vendor == "sqlite"
