"""Agents' actions on a simulated ticket, and the fields that each changes."""

from __future__ import annotations

from typing import Any, Final

from channels._kit.simulator import AgentAction
from channels.zendesk.simulator.tickets import (
    BOT_ID,
    FIRST_AGENT_ID,
    HAND_OFF_GROUP_ID,
    SECOND_AGENT_ID,
    Json,
    Ticket,
    TicketStore,
)

AGENT_ACTIONS: Final = (
    AgentAction("reply", "Reply", speaks=True),
    AgentAction("reply_and_assign", "Reply and take", speaks=True),
    AgentAction("reply_and_solve", "Reply and solve", speaks=True),
    AgentAction("note", "Internal note", speaks=True),
    AgentAction("take", "Take it"),
    AgentAction("pass_on", "Assign to Linus"),
    AgentAction("group", "Move to People"),
    AgentAction("give_back", "Assign to the bot"),
    AgentAction("unassign", "Unassign"),
    AgentAction("keep_off", "Tag bot_off"),
    AgentAction("let_in", "Remove tags"),
    AgentAction("solve", "Solve"),
    AgentAction("open", "Reopen"),
    AgentAction("close", "Close for good"),
    AgentAction("redact", "Redact the last comment"),
    AgentAction("merge", "Merge into another"),
    AgentAction("delete", "Delete"),
)


def apply_agent_action(desk: TicketStore, ticket: Ticket, action_name: str, text: str, now: float) -> Json:
    """Run one of Grace's actions and return its audit.

    Raises `KeyError` if it is unknown or lacks its text.
    """
    action = {each.name: each for each in AGENT_ACTIONS}[action_name]
    if action.speaks and not text:
        raise KeyError(action_name)
    comment = {"body": text, "public": action_name != "note"} if action.speaks else None
    audit = desk.update_ticket(ticket, FIRST_AGENT_ID, now, comment, _build_changes(ticket, action_name))
    if action_name == "redact":
        ticket.comments[-1] |= {"plain_body": "▇▇▇▇", "body": "▇▇▇▇"}
        audit["events"].append({"type": "CommentRedactionEvent", "comment_id": ticket.comments[-1]["id"]})
    return audit


def _build_changes(ticket: Ticket, action_name: str) -> dict[str, Any]:
    tags = [tag for tag in ticket.tags if tag not in ("bot_off", "bot_handoff")]
    changes: dict[str, dict[str, Any]] = {
        "reply": {"status": "pending"},
        "reply_and_assign": {"assignee_id": FIRST_AGENT_ID, "status": "pending"},
        "reply_and_solve": {"assignee_id": ticket.assignee_id or FIRST_AGENT_ID, "status": "solved"},
        "take": {"assignee_id": FIRST_AGENT_ID, "status": "open"},
        "pass_on": {"assignee_id": SECOND_AGENT_ID, "status": "open"},
        "group": {"assignee_id": None, "group_id": HAND_OFF_GROUP_ID},
        "give_back": {"assignee_id": BOT_ID},
        "unassign": {"assignee_id": None},
        "keep_off": {"tags": [*tags, "bot_off"]},
        "let_in": {"tags": tags},
        "solve": {"assignee_id": ticket.assignee_id or FIRST_AGENT_ID, "status": "solved"},
        "open": {"status": "open"},
        "close": {"status": "closed"},
        "merge": {"status": "closed", "tags": [*tags, "closed_by_merge"]},
    }
    return changes.get(action_name, {})
