"""What the people at the twin's desk can do with a ticket, and what of it each of that changes."""

from __future__ import annotations

from typing import Any, Final

from channels._kit.simulator import Move
from channels.zendesk.simulator.tickets import BOT, GRACE, LINUS, PEOPLE, Json, TwinDesk, TwinTicket

MOVES: Final = (
    Move("reply", "Reply", speaks=True),
    Move("reply_and_assign", "Reply and take", speaks=True),
    Move("reply_and_solve", "Reply and solve", speaks=True),
    Move("note", "Internal note", speaks=True),
    Move("take", "Take it"),
    Move("pass_on", "Assign to Linus"),
    Move("group", "Move to People"),
    Move("give_back", "Assign to the bot"),
    Move("unassign", "Unassign"),
    Move("keep_off", "Tag bot_off"),
    Move("let_in", "Remove tags"),
    Move("solve", "Solve"),
    Move("open", "Reopen"),
    Move("close", "Close for good"),
    Move("redact", "Redact the last comment"),
    Move("merge", "Merge into another"),
    Move("delete", "Delete"),
)


def moved(desk: TwinDesk, ticket: TwinTicket, move: str, text: str, now: float) -> Json:
    """Grace does something: the audit of it. Raises `KeyError` for what is no move, or lacks its words."""
    found = {known.name: known for known in MOVES}[move]
    if found.speaks and not text:
        raise KeyError(move)
    if move == "redact":
        ticket.comments[-1] |= {"plain_body": "▇▇▇▇", "body": "▇▇▇▇"}
    comment = {"body": text, "public": move != "note"} if found.speaks else None
    return desk.update(ticket, GRACE, now, comment, _changes(ticket, move))


def _changes(ticket: TwinTicket, move: str) -> dict[str, Any]:
    tags = [tag for tag in ticket.tags if tag not in ("bot_off", "bot_handoff")]
    changes: dict[str, dict[str, Any]] = {
        "reply": {"status": "pending"},
        "reply_and_assign": {"assignee_id": GRACE, "status": "pending"},
        "reply_and_solve": {"assignee_id": ticket.assignee_id or GRACE, "status": "solved"},
        "take": {"assignee_id": GRACE, "status": "open"},
        "pass_on": {"assignee_id": LINUS, "status": "open"},
        "group": {"assignee_id": None, "group_id": PEOPLE},
        "give_back": {"assignee_id": BOT},
        "unassign": {"assignee_id": None},
        "keep_off": {"tags": [*tags, "bot_off"]},
        "let_in": {"tags": tags},
        "solve": {"assignee_id": ticket.assignee_id or GRACE, "status": "solved"},
        "open": {"status": "open"},
        "close": {"status": "closed"},
        "merge": {"status": "closed", "tags": [*tags, "closed_by_merge"]},
    }
    return changes.get(move, {})
