"""Passwords are hashed when nobody else needs the processor.

A hash takes a third of a second of a core, in another thread than the one that serves all: where
there is one core the system would give each of the two half of it meanwhile.
"""

import os
import sys
from concurrent.futures import ThreadPoolExecutor

from django.contrib.auth.hashers import PBKDF2PasswordHasher

NICENESS = 19  # the most there is: a sixty-eighth of what another thread gets


def _give_way() -> None:
    if sys.platform == "linux":  # elsewhere it would be the whole process
        os.setpriority(os.PRIO_PROCESS, 0, NICENESS)


# A thread of its own, as no thread may become less nice again.
hashing = ThreadPoolExecutor(1, "hashing", initializer=_give_way)


class GivesWay(PBKDF2PasswordHasher):
    """Django's: what is stored is the same."""

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        return hashing.submit(super().encode, password, salt, iterations).result()
