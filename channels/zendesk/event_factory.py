"""Who is who at a desk, and what our side of a ticket is called."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from channels.zendesk.capabilities import NAME
from core.model import Address, Attachment, ControlAction, ControlReceived, Turn, TurnReceived

SYSTEM_USER_ID: Final = "-1"
"""Who acts when a trigger or an automation does."""

_TICKET_NUMBER: Final = re.compile(r"[1-9]\d{0,18}")


@dataclass(frozen=True, slots=True)
class Account:
    """One Zendesk account: its subdomain, and the user that the bot is there."""

    account: str
    bot: str

    def build_ticket(self, number: str) -> TicketEventFactory | None:
        """The conversation on a ticket; `None` when that is no number of a ticket."""
        if not _TICKET_NUMBER.fullmatch(number):
            return None
        address = Address(channel=NAME, account=self.account, ours=self.account, theirs=number)
        return TicketEventFactory(session=f"{NAME}:{self.account}:{number}", address=address)

    def is_agent(self, user: str) -> bool:
        """Whether a ticket's assignee is somebody else than the bot."""
        return user not in ("", self.bot, SYSTEM_USER_ID)


@dataclass(frozen=True, slots=True)
class TicketEventFactory:
    """A ticket as a conversation."""

    session: str
    address: Address

    def build_control_event(
        self, act: ControlAction, id_of_event: str, actor: str, at: float
    ) -> ControlReceived:
        """Somebody's act on the ticket."""
        number = f"{id_of_event}.{act}"
        return ControlReceived(
            id=number, session=self.session, address=self.address, act=act, actor=actor, at=at
        )

    def build_turn_event(self, comment: Comment) -> TurnReceived:
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

    def description_turn_id(self) -> str:
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
