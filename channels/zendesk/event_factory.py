"""Who is who at a desk, and what our side of a ticket is called."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from channels.zendesk.capabilities import NAME
from core.model.event import ControlReceived, TurnReceived
from core.model.owner import Act
from core.model.turn import Address, Attachment, Turn

SYSTEM: Final = "-1"
"""Who acts when a trigger or an automation does."""

_TICKET: Final = re.compile(r"[1-9]\d{0,18}")


@dataclass(frozen=True, slots=True)
class Desk:
    """One Zendesk account: its subdomain, and the user that the bot is there."""

    account: str
    bot: str

    def ticket(self, number: str) -> Ticket | None:
        """The conversation on a ticket; `None` when that is no number of a ticket."""
        if not _TICKET.fullmatch(number):
            return None
        address = Address(channel=NAME, account=self.account, ours=self.account, theirs=number)
        return Ticket(session=f"{NAME}:{self.account}:{number}", address=address)

    def is_person(self, user: str) -> bool:
        """Whether a ticket's assignee is somebody else than the bot."""
        return user not in ("", self.bot, SYSTEM)


@dataclass(frozen=True, slots=True)
class Ticket:
    """A ticket as a conversation."""

    session: str
    address: Address

    def act(self, act: Act, id_of_event: str, actor: str, at: float) -> ControlReceived:
        """Somebody's act on the ticket."""
        number = f"{id_of_event}.{act}"
        return ControlReceived(
            id=number, session=self.session, address=self.address, act=act, actor=actor, at=at
        )

    def turn(self, comment: Comment) -> TurnReceived:
        """A customer's comment."""
        turn = Turn(
            id=comment.id,
            session=self.session,
            address=self.address,
            text=comment.text,
            attachments=comment.attachments,
            details={name: value for name, value in comment.details.items() if value},
            at=comment.at,
        )
        return TurnReceived(turn=turn)

    def description(self) -> str:
        """The id of the first comment's turn, which comes without an id of its own."""
        return f"{self.address.theirs}:description"


@dataclass(frozen=True, slots=True)
class Comment:
    """What a customer wrote; `at` as in a turn."""

    id: str
    text: str
    attachments: tuple[Attachment, ...] = ()
    details: dict[str, str] = field(default_factory=dict)
    at: float = 0.0
