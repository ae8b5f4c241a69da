"""Outcomes of a broadcast's recipients as a CSV file."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import AsyncIterator, Sequence
from typing import Final

from gateway.broadcasts.broadcast import RowOutcome
from gateway.broadcasts.recipient_file import Recipient

_FORMULA: Final = re.compile(r"\s*(?:[=@-]|\+(?![\d ().-]*$))")
"""Start of a formula of a spreadsheet; a phone number is none."""


async def write_outcomes(rows: AsyncIterator[tuple[Recipient, RowOutcome | None]]) -> AsyncIterator[str]:
    """Write the outcomes of rows as CSV. Values that a spreadsheet would take for a formula are quoted."""
    yield format_csv_line(["line", "to", "outcome", "reason", "session", "code"])
    async for row, outcome in rows:
        found = outcome or RowOutcome(outcome="not_processed")
        values = [str(row.line), row.to, found.outcome, found.reason, found.session, found.code]
        yield format_csv_line(values)


def format_csv_line(values: Sequence[str]) -> str:
    """Return a line of a CSV file in which no value is a formula of a spreadsheet."""
    buffer = io.StringIO()
    csv.writer(buffer).writerow(f"'{each}" if _FORMULA.match(each) else each for each in values)
    return buffer.getvalue()
