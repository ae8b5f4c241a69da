"""Results of proactive sends, and why one was refused."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class SendOutcome(StrEnum):
    """Result of a proactive send; a code of HTTP errors for all but the first three.

    `scheduled` when it is sent later, `duplicate` when the same content was sent or scheduled under the key
    before in this session, `id_used` when it was another, `full` when too many replies wait. A message with
    any other outcome is not sent and does not use its key up. `unscheduled` is a scheduled message that
    another process has released, or that waits again. `moved`: the contact is in another partition.
    """

    QUEUED = "queued"
    SCHEDULED = "scheduled"
    DUPLICATE = "duplicate"
    ID_USED = "id_used"
    FULL = "full"
    UNKNOWN = "unknown_session"
    OPTED_OUT = "opted_out"
    PERSON = "person"
    CLOSED = "closed"
    WINDOW = "window"
    EMPTY = "empty"
    INVALID_CONTACT = "invalid_contact"
    PAST = "past"
    TOO_FAR = "too_far"
    SCHEDULE_FULL = "schedule_full"
    UNSCHEDULED = "unscheduled"
    MOVED = "moved"
    STOPPED = "stopped"
    TEMPLATE_UNKNOWN = "template_unknown"
    TEMPLATE_VARIABLES = "template_variables"
    TEMPLATE_NOT_APPROVED = "template_not_approved"


ACCEPTED = frozenset({SendOutcome.QUEUED, SendOutcome.SCHEDULED, SendOutcome.DUPLICATE})
REFUSAL_SENTENCES = {
    SendOutcome.ID_USED: "not sent: this id belongs to an earlier message with another content; use a new id",
    SendOutcome.FULL: "not sent: too many replies wait in this session; send it again later",
    SendOutcome.UNKNOWN: "not sent: no message was received in this session; check its name",
    SendOutcome.OPTED_OUT: "not sent: the person opted out; only they can opt in again",
    SendOutcome.PERSON: "not sent: an agent has the session; send it again when the bot has it back",
    SendOutcome.CLOSED: "not sent: the session is closed; a message of the person opens it again",
    SendOutcome.WINDOW: "not sent: the service window is closed, so only approved templates are accepted; "
    "send a template, or name a fallback",
    SendOutcome.EMPTY: "not sent: nothing of the message can be shown; give it a text",
    SendOutcome.INVALID_CONTACT: "not sent: the contact cannot be written to; check the number or address",
    SendOutcome.PAST: "not sent: the time of sending was more than an hour ago; check it and its time zone",
    SendOutcome.TOO_FAR: "not sent: the time of sending is more than a year ahead; schedule it later",
    SendOutcome.STOPPED: "not sent: its broadcast was stopped; start another one",
    SendOutcome.SCHEDULE_FULL: "not sent: too many messages are scheduled; schedule it later",
    SendOutcome.TEMPLATE_UNKNOWN: "not sent: the provider has no such template in this language; see "
    "`turngate templates list`",
    SendOutcome.TEMPLATE_VARIABLES: "not sent: the template takes other variables; see "
    "`turngate templates show`",
    SendOutcome.TEMPLATE_NOT_APPROVED: "not sent: the provider has not approved the template, or has "
    "withdrawn it; see `turngate templates show`",
}
"""Reasons why a message was not sent, and what to do, for people."""


class SendReceipt(NamedTuple):
    """Result of a message to a contact: the session that it was put into, and why it was refused.

    `due_ms` is when it is sent if it is scheduled, in ms since the epoch.
    """

    outcome: SendOutcome
    session: str = ""
    reason: str = ""
    due_ms: int = 0


def build_receipt(outcome: SendOutcome, session: str, due_ms: int = 0) -> SendReceipt:
    """Return the result of a send, with the sentence about a refusal."""
    return SendReceipt(outcome, session, REFUSAL_SENTENCES.get(outcome, ""), due_ms)
