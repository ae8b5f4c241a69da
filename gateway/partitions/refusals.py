"""Refusals of features that do not work with several partitions: one sentence each."""

from __future__ import annotations

from typing import Final

from core.errors import ConfigurationError

SENTENCE: Final = "{} do not work with several partitions (TURNGATE_PARTITIONS) yet; they need one partition"
BROADCASTS: Final = SENTENCE.format("broadcasts")
COMMAND: Final = (
    "this command does not work with several partitions (TURNGATE_PARTITIONS) yet; it needs one partition"
)


def refuse_with_partitions(count: int, sentence: str) -> None:
    """Raise `ConfigurationError` with the sentence if there are several partitions."""
    if count > 1:
        raise ConfigurationError(sentence)
