"""Termination of commands that have to clean up."""

from __future__ import annotations

import signal
import sys
from types import FrameType


def clean_up_on_termination() -> None:
    """Let SIGTERM end this command as Ctrl-C does: what it has begun is removed first."""
    signal.signal(signal.SIGTERM, _exit)


def _exit(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)
