"""How often somebody may sign their other browsers out: every process hears of it, and reads."""

from limits import RateLimitItemPerHour

from chat.policy.budgets import Budget, take

RATE = RateLimitItemPerHour(5)  # of a member, and of all at an address


class SignOuts:
    """Counted in each process by itself."""

    def __init__(self) -> None:
        self._members, self._addresses = Budget("sign-outs"), Budget("sign-outs")

    def take(self, member_id: str, address: str | None) -> None:
        """A member at `address` signs others out. Raises `FrameError("rate_limited")`."""
        own = self._members.of(member_id, RATE)
        take(address, own + self._addresses.of_address(address, RATE))


sign_outs = SignOuts()
