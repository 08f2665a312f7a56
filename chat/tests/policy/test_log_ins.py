"""How often a password may be tried."""

import pytest
from django.contrib.auth.forms import UsernameField

from chat.policy.log_ins import LogIns
from chat.protocol.errors import FrameError

pytestmark = pytest.mark.stack("embedded")  # needs no server: once is enough


def test_an_address_has_five_tries_a_minute_and_another_one_its_own():
    log_ins = LogIns()
    for _ in range(5):
        log_ins.try_address("192.0.2.7")
    with pytest.raises(FrameError) as refused:
        log_ins.try_address("192.0.2.7")
    assert refused.value.code == "rate_limited"
    assert 0 < refused.value.retry_after <= 12
    log_ins.try_address("192.0.2.8")


def test_a_name_is_tried_ten_times_an_hour_at_an_address_and_its_owner_elsewhere_is_not_kept_out():
    log_ins = LogIns()
    for _ in range(10):
        log_ins.try_name("192.0.2.7", "Owner")
    with pytest.raises(FrameError):
        log_ins.try_name("192.0.2.7", "OWNER")
    log_ins.try_name("192.0.2.7", "helper")
    log_ins.try_name("192.0.2.8", "owner")


@pytest.mark.parametrize(
    "written",
    ["  owner ", "\t" * 200 + "owner", "Ｏｗｎｅｒ", "ｏwner", "\u3000ＯＷＮＥＲ\u00a0"],
)
def test_however_a_name_is_written_it_is_the_one_that_django_takes_it_for(written):
    assert UsernameField(max_length=150).clean(written).casefold() == "owner"
    log_ins = LogIns()
    for _ in range(10):
        log_ins.try_name("192.0.2.7", "owner")
    with pytest.raises(FrameError):
        log_ins.try_name("192.0.2.7", written)


def test_where_limits_are_off_nobody_is_refused(settings):
    settings.CHAT_LIMITS = False
    log_ins = LogIns()
    for _ in range(50):
        log_ins.try_address("192.0.2.7")
