"""Connections to PostgreSQL that can't hang for long, through a pooler too."""

from typing import Any, Self

import psycopg


def bounded(timeouts: dict[str, str]) -> type[psycopg.Connection[Any]]:
    """Connections that have set these parameters before anybody gets them.

    Not by libpq's `options`: PgBouncer refuses them, or, told to ignore them, drops them.
    """

    class Bounded(psycopg.Connection[Any]):
        @classmethod
        def connect(cls, *args: Any, **options: Any) -> Self:
            link = super().connect(*args, **options)
            try:
                for name, value in timeouts.items():
                    link.execute("SELECT set_config(%s, %s, false)", (name, value))
                if not link.autocommit:
                    link.commit()  # a setting of a transaction that is rolled back is none
            except BaseException:
                link.close()
                raise
            return link

    return Bounded
