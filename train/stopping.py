"""Ctrl-C and SIGTERM while a model trains: the step is finished and a checkpoint saved before it ends."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class StopRequest:
    """Whether the training has been asked to stop."""

    def __init__(self) -> None:
        self.asked = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Takes the signal; whoever sends a second one does not want to wait for the checkpoint."""
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True


@contextmanager
def stop_request() -> Iterator[StopRequest]:
    """While it is open, the first SIGINT or SIGTERM sets ``asked`` and the second raises KeyboardInterrupt.

    In another than the main thread, where no signal arrives, nothing is taken over.
    """
    request = StopRequest()
    numbers = (signal.SIGINT, signal.SIGTERM) if threading.current_thread() is threading.main_thread() else ()
    before = {number: signal.signal(number, request) for number in numbers}
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
