"""How patient the watcher is."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Pace:
    """All in seconds; tests and benchmarks are less patient."""

    # How long one watch request lasts; silence beyond it means a dead connection.
    watch: float = 30
    # Everything is listed again this often, for what a watch lost in silence.
    relist: float = 300
    back_off: float = 30
    lease: float = 8
    # How often clusters, leases and API servers are looked at.
    look: float = 2

    @property
    def rest(self) -> float:
        """Between two looks at the leases."""
        return min(self.look / 2, 1)

    @property
    def take_over(self) -> float:
        """Within this a watcher that died is replaced: it had just renewed, and another looked."""
        return self.lease + self.rest
