"""What a process has imported stays: no garbage collection needs to look at it."""

import gc


def freeze() -> None:
    """To be called once, when everything that stays is there."""
    gc.collect()
    gc.freeze()
