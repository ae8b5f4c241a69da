"""Events that a webhook can carry.

A turn, a message of another participant, a delivery status, a control event, a new address of the contact,
or nothing of interest.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import Field

from core.model.base import FrozenModel
from core.model.consent import ConsentRequest, OptOutScope
from core.model.failure import FailureKind
from core.model.owner import ControlAction
from core.model.turn import Address, Turn


class DeliveryStatus(StrEnum):
    """Delivery status of a reply after the provider accepted it."""

    QUEUED = "queued"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"


_STATUS_RANKS = {
    DeliveryStatus.QUEUED: 1,
    DeliveryStatus.SENT: 2,
    DeliveryStatus.DELIVERED: 3,
    DeliveryStatus.FAILED: 3,
    DeliveryStatus.READ: 4,
}


def status_rank(status: DeliveryStatus) -> int:
    """Return the rank of a status: a callback counts only if it outranks the one before.

    Callbacks come late, repeated and out of order. The two ends (delivered, failed) share a rank, so the
    first of them stays.
    """
    return _STATUS_RANKS[status]


Aliases = tuple[str, ...]
"""Session names of one conversation, the most reliable first; any of them finds its session."""


class TurnReceived(FrozenModel):
    """A message of the contact.

    `author` identifies who wrote it where several people may write in one conversation, unique over all
    channels; empty: nobody else can, or the channel has checked it. Who wrote first is the session's contact,
    and the message of any other author is that of a participant. With `author_is_contact` the provider says
    that the author is the contact: if it was another one, the conversation starts anew. `control_is_ours`:
    the provider's own record, in the same webhook, says that the bot has the conversation. `request`: the
    message asks for an opt-out, or, while the contact is opted out, for an opt-in; with `request_confirmed`
    the provider itself answers that. With `by_phone` the contact writes by SMS or WhatsApp, where single
    words such as STOP are requests. An opt-out of the session counts in all others with one of its
    `consent_names`, which lead to none.
    """

    kind: Literal["turn"] = "turn"
    turn: Turn
    author: str = ""
    author_is_contact: bool = False
    control_is_ours: bool = False
    request: ConsentRequest | None = None
    request_confirmed: bool = False
    by_phone: bool = False
    aliases: Aliases = ()
    consent_names: Aliases = ()


class ParticipantPolicy(StrEnum):
    """Consequence of a message of a participant who is not the contact; it is recorded in any case."""

    IGNORE = "ignore"
    TAKE_OVER = "take_over"
    OWN_SESSION = "own_session"


class ParticipantMessage(FrozenModel):
    """A message of somebody else in the contact's conversation: a CC, a further user (guarantee L15).

    `turn` is that message, in the session of the contact, whose dialog it never reaches. `author` as in
    `TurnReceived`.
    """

    kind: Literal["participant"] = "participant"
    turn: Turn
    author: str
    aliases: Aliases = ()


class StatusChanged(FrozenModel):
    """A delivery status of a reply, which is identified by the provider's id.

    `failure` classifies a failed delivery, and `retry_after` is how many seconds a reply that may be sent
    again must wait for that at least. `reply_key` is our key of the reply where the provider returns it,
    `details` further facts, such as a price category. `window_until` is when the service window closes, in
    seconds since the epoch, if the provider says so.
    """

    kind: Literal["status"] = "status"
    channel: str
    provider_id: str
    status: DeliveryStatus
    error_code: str = ""
    error_text: str = ""
    failure: FailureKind | None = None
    retry_after: float = 0.0
    reply_key: str = ""
    window_until: float = 0.0
    details: dict[str, str] = Field(default_factory=dict)


class ControlReceived(FrozenModel):
    """Somebody took over, handed back, closed, opted out or in. `id` deduplicates redeliveries.

    `at` is the provider's time in seconds since the epoch, 0 if not given. An event older than the last known
    one changes nothing, because webhooks come out of order. `by_transfer`: the provider's own record says
    that somebody else has the conversation, by an assignment or by passed control. Such a hold ends with the
    record, as a newer message shows it; a person's words alone hold until somebody hands back. `scope` is
    that of an opt-out or opt-in.
    """

    kind: Literal["control"] = "control"
    id: str
    session: str
    address: Address
    act: ControlAction
    actor: str = ""
    at: float = 0.0
    by_transfer: bool = False
    scope: OptOutScope = OptOutScope.ALL
    aliases: Aliases = ()


class ContactMoved(FrozenModel):
    """The contact has another number or user id: what waits, and all that follows, goes to `address`.

    All `aliases` lead to one session from now on, except `retired`: a number that the contact gave up may be
    given to somebody else. `absorbed` is the session of a conversation that the provider has merged into this
    one: an agent who has it, and an opt-out there, count here. `id` and `at` as in `ControlReceived`.
    """

    kind: Literal["moved"] = "moved"
    id: str
    session: str
    address: Address
    at: float = 0.0
    aliases: Aliases = ()
    retired: Aliases = ()
    absorbed: str = ""


class TemplateChanged(FrozenModel):
    """The provider changed the status, quality or category of a template; what is empty has not changed.

    All three are in lower case. `reason` is the provider's.
    """

    kind: Literal["template"] = "template"
    channel: str
    name: str
    language: str
    status: str = ""
    quality: str = ""
    category: str = ""
    reason: str = ""


OTHER_ACCOUNT: Final = "other account"
"""Reason of a webhook that the provider signed for another account than the one that reads it."""


class Activity(StrEnum):
    """Something that was done to an earlier message: by its contact, or by an operator (`redacted`)."""

    EDITED = "edited"
    DELETED = "deleted"
    REDACTED = "redacted"


class ActivityReceived(FrozenModel):
    """An earlier message was edited, deleted or redacted: recorded in the session's log, answered by nobody.

    `id` deduplicates redeliveries, `message_id` is the provider's id of that message. `redacted`: it was
    stored here, and its text has been deleted.
    """

    kind: Literal["activity"] = "activity"
    id: str
    session: str
    activity: Activity
    message_id: str = ""
    redacted: bool = False
    aliases: Aliases = ()


class Ignored(FrozenModel):
    """Verified but of no interest; acknowledged and counted under `reason`, a short fixed phrase.

    It may still report that two session names mean one contact: `aliases`, the older one first. With
    `joins_known` only if one of them is known: a late report stores nothing of a contact who was erased.
    """

    kind: Literal["ignored"] = "ignored"
    reason: str
    aliases: Aliases = ()
    joins_known: bool = False


Event = Annotated[
    TurnReceived
    | ParticipantMessage
    | StatusChanged
    | ControlReceived
    | ContactMoved
    | ActivityReceived
    | TemplateChanged
    | Ignored,
    Field(discriminator="kind"),
]


def add_aliases(event: Event, names: Aliases) -> Event:
    """Return an event of a thread with further names that lead to its session."""
    match event:
        case TurnReceived(turn=turn) | ParticipantMessage(turn=turn):
            return event.model_copy(update={"aliases": (turn.session, *names)})
        case ControlReceived(session=session) | ActivityReceived(session=session):
            return event.model_copy(update={"aliases": (session, *names)})
    return event
