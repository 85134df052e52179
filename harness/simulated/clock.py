"""The wall clock of a simulated machine: it may be wrong, and run fast or slow; virtual time itself never is."""

from harness.simulated.loop import VirtualLoop


class SimulatedClock:
    """What one machine believes the time to be.

    Args:
        loop: Where true time comes from.
        offset: Nanoseconds that the clock is ahead of virtual time at the start.
        rate: Seconds of this clock per second of virtual time; above 0.
    """

    def __init__(self, loop: VirtualLoop, offset: int = 0, rate: float = 1.0) -> None:
        self._loop = loop
        self._base = 0
        self._reading = 0
        self.rate = rate
        self.set(offset, rate)

    @property
    def offset(self) -> int:
        """Nanoseconds that the clock is ahead of virtual time now."""
        return self.now() - self._loop.now

    def now(self) -> int:
        """The time in nanoseconds, as this machine tells it."""
        return self._reading + round((self._loop.now - self._base) * self.rate)

    def set(self, offset: int, rate: float = 1.0) -> None:
        """Step the clock to ``offset`` nanoseconds ahead of virtual time, and let it go on at ``rate``.

        Raises:
            ValueError: The rate is not above 0.
        """
        if not rate > 0:
            raise ValueError(f"a clock cannot run at rate {rate}: it must be above 0")
        self._base = self._loop.now
        self._reading = self._base + offset
        self.rate = rate
