"""The inbox's lists of conversations (mine, unassigned, all), a page at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request

from gateway.redis.records.sessions.session_index import AgentSessionRow

LISTS: Final = ("mine", "unassigned", "all")
ROWS_PER_PAGE: Final = 100
_MAX_DIGITS: Final = 6


@dataclass(frozen=True, slots=True)
class DeskList:
    """The chosen list's rows of one page, the length of each list, and where the neighbouring pages begin.

    `start` is the number of the page's first row; `before` and `behind` are `None` where there is no page.
    """

    which: str
    counts: Mapping[str, int]
    rows: Sequence[AgentSessionRow]
    start: int
    before: int | None
    behind: int | None

    @property
    def query(self) -> dict[str, str]:
        """The part of a URL that leads back to this page."""
        return {"show": self.which, **({"from": str(self.start)} if self.start else {})}


def choose_list(request: Request, rows: Sequence[AgentSessionRow], agent: str) -> DeskList:
    """Return the page of a list that a request names; the first of all conversations if it names none."""
    lists = {
        "mine": [row for row in rows if row.agent == agent],
        "unassigned": [row for row in rows if not row.agent],
        "all": rows,
    }
    asked, start = request.query_params.get("show", ""), request.query_params.get("from", "")
    which = asked if asked in LISTS else "all"
    chosen = lists[which]
    first = int(start) if start.isascii() and start.isdecimal() and len(start) <= _MAX_DIGITS else 0
    if first >= len(chosen):
        first = 0
    end = first + ROWS_PER_PAGE
    return DeskList(
        which=which,
        counts={name: len(each) for name, each in lists.items()},
        rows=chosen[first:end],
        start=first,
        before=max(0, first - ROWS_PER_PAGE) if first else None,
        behind=end if end < len(chosen) else None,
    )
