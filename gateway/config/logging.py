"""Logging configuration: one line per event to standard error, without message texts, numbers or secrets."""

from __future__ import annotations

import logging


def configure_logging() -> None:
    """Log our own events from INFO on, others' from WARNING on."""
    logging.basicConfig(
        level=logging.WARNING, format="%(asctime)s %(levelname)-7s %(name)s: %(message)s", datefmt="%H:%M:%S"
    )
    logging.getLogger("turngate").setLevel(logging.INFO)
