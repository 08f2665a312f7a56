"""How passwords are hashed."""

import os

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher, check_password, make_password

from chatsite.hashing import NICENESS, hashing

pytestmark = pytest.mark.stack("embedded")  # no server has a part in it


def test_a_hash_is_djangos_and_a_password_fits_or_not():
    stored = make_password("correct horse")
    assert stored == PBKDF2PasswordHasher().encode("correct horse", stored.split("$")[2])
    assert check_password("correct horse", stored)
    assert not check_password("letmein", stored)


def test_it_is_made_by_a_thread_that_gives_way_and_the_others_do_not():
    before = os.getpriority(os.PRIO_PROCESS, 0)
    make_password("correct horse")
    hashes = hashing.submit(os.getpriority, os.PRIO_PROCESS, 0).result()
    assert hashes == NICENESS
    assert os.getpriority(os.PRIO_PROCESS, 0) == before < NICENESS
