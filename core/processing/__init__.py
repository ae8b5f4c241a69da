"""Session processing in a worker: claim, dialog, commit, delivery, concurrency policy, retry limits."""

from __future__ import annotations

from core.processing.abuse import AbuseLimits, describe_words
from core.processing.concurrency import Concurrency, ConcurrencyPolicy, bypasses_policy, merge_turns
from core.processing.retry_policy import ProcessingLimits
from core.processing.session_processor import SessionProcessor

__all__ = [
    "AbuseLimits",
    "Concurrency",
    "ConcurrencyPolicy",
    "ProcessingLimits",
    "SessionProcessor",
    "bypasses_policy",
    "describe_words",
    "merge_turns",
]
