"""Kinds of inbound messages are handled as documented."""

from __future__ import annotations

import pytest

from tests.channels.contract.inbound_kind import InboundKind, classify
from tests.channels.contract.inbound_kinds import ALL_KINDS


@pytest.mark.parametrize(
    "row", [row for _, row in ALL_KINDS], ids=[f"{name}: {row.kind}" for name, row in ALL_KINDS]
)
def test_a_kind_becomes_what_the_table_says(row: InboundKind) -> None:
    assert classify(row.events()) == row.becomes
