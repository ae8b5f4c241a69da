"""Preview of a broadcast: who would get it, why others would not, and what it would cost."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

from channels._kit.rendering import count_segments
from core.errors import InvalidContact
from core.model import FrozenModel, Reply
from gateway.broadcasts.broadcast import Broadcast, MissingVariable
from gateway.broadcasts.recipient_file import Recipient
from gateway.redis.sending.outbox import ProactiveSender
from gateway.redis.sending.send_outcome import SendOutcome

_ROWS_AT_ONCE: Final = 200


class SkippedRow(FrozenModel):
    """A row whose contact would get nothing, and why."""

    line: int
    to: str
    code: str
    reason: str


class Preview(FrozenModel):
    """Result of a preview: SMS are billed by `segments`, templates by number and category.

    `templates` is that number, `template_category` what the provider says, empty if that is not known.
    `unused` are the columns that no variable has.
    """

    total: int = 0
    sendable: int = 0
    segments: int = 0
    templates: int = 0
    template_category: str = ""
    skipped: tuple[SkippedRow, ...] = ()
    unused: tuple[str, ...] = ()

    def reasons(self) -> list[tuple[str, int]]:
        """Return how many rows are skipped for each reason, the most frequent first."""
        return Counter(each.reason for each in self.skipped).most_common()


class Previewer:
    """Runs the checks of a send for each row, and sends nothing."""

    def __init__(self, sender: ProactiveSender) -> None:
        self._sender = sender

    async def run(
        self,
        broadcast: Broadcast,
        recipients: Sequence[Recipient],
        report: Callable[[int], None] = lambda rows: None,
    ) -> Preview:
        """Preview all rows; `report` is called with the number of rows that are done."""
        template = await self._sender.find_template(
            broadcast.contact(""), broadcast.template, broadcast.language
        )
        known = template.variable_names if template else None
        seen: dict[str, int] = {}
        skipped: list[SkippedRow] = []
        segments = templates = 0
        for first in range(0, len(recipients), _ROWS_AT_ONCE):
            rows = recipients[first : first + _ROWS_AT_ONCE]
            results = await asyncio.gather(*(self._check(broadcast, row, known) for row in rows))
            for row, (code, reason, session, replies) in zip(rows, results, strict=True):
                earlier = seen.setdefault(session, row.line) if session else row.line
                if not code and earlier != row.line:
                    code, reason = "duplicate_contact", f"the same contact as in line {earlier}"
                if code:
                    skipped.append(SkippedRow(line=row.line, to=row.to, code=code, reason=reason))
                    continue
                segments += sum(count_segments(each.body).count for each in replies if each.segments)
                templates += sum(each.template is not None for each in replies)
            report(first + len(rows))
        total = len(recipients)
        return Preview(
            total=total,
            sendable=total - len(skipped),
            segments=segments,
            templates=templates,
            template_category=template.category if template and templates else "",
            skipped=tuple(skipped),
            unused=_find_unused(recipients, broadcast.used_columns(known)),
        )

    async def _check(
        self, broadcast: Broadcast, row: Recipient, known: frozenset[str] | None
    ) -> tuple[str, str, str, list[Reply]]:
        """Return code and reason if the row is skipped, its session and its replies."""
        if row.problem:
            return "invalid_row", row.problem, "", []
        try:
            message = broadcast.message(row.variables, known)
            receipt, replies = await self._sender.preview(broadcast.contact(row.to), message)
        except MissingVariable as error:
            return "missing_variable", str(error), "", []
        except InvalidContact as error:
            return "invalid_contact", str(error), "", []
        if receipt.outcome is SendOutcome.QUEUED:
            return "", "", receipt.session, replies
        return receipt.outcome, receipt.reason.removeprefix("not sent: "), receipt.session, []


def _find_unused(recipients: Sequence[Recipient], used: frozenset[str] | None) -> tuple[str, ...]:
    if used is None:
        return ()
    columns = dict.fromkeys(name for row in recipients for name in row.variables)
    return tuple(name for name in columns if name not in used)
