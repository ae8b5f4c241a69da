"""Builds events of a ticket."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from channels._kit.outbound import find_email_address, name_consents
from channels.zendesk.capabilities import NAME
from core.errors import InvalidContact
from core.model import (
    Address,
    Attachment,
    ControlAction,
    ControlReceived,
    ParticipantMessage,
    Turn,
    TurnReceived,
)
from core.ports import NewConversation

SYSTEM_USER_ID: Final = "-1"
"""User id of actions by triggers and automations."""

USER_PREFIX: Final = "user:"
"""Prefix of the address of a user who has no ticket yet; the user's ID follows."""

EXTERNAL_ID_PREFIX: Final = "turngate-"
"""Prefix of the external ID of a ticket that the bot opened."""

_TICKET_NUMBER: Final = re.compile(r"[1-9][0-9]{0,18}")


def is_new_contact(address: Address) -> bool:
    """Return whether an address is that of a contact, for whom a ticket is yet to be opened."""
    return "@" in address.theirs or address.theirs.startswith(USER_PREFIX)


@dataclass(frozen=True, slots=True)
class Account:
    """One Zendesk account: its subdomain, and the bot's user id."""

    account: str
    bot: str

    def build_ticket(self, number: str) -> TicketEventFactory | None:
        """Return the event factory of a ticket; `None` if that is not a ticket number."""
        if not _TICKET_NUMBER.fullmatch(number):
            return None
        address = Address(channel=NAME, account=self.account, ours=self.account, theirs=number)
        return TicketEventFactory(session=f"{NAME}:{self.account}:{number}", address=address)

    def start_conversation(self, to: str) -> NewConversation:
        """Return the conversation with a requester, by e-mail address or user ID, who has no ticket yet.

        The first reply opens the ticket. Raises `InvalidContact`.
        """
        contact = to.strip()
        if email := find_email_address(contact):
            consent_names = build_consent_names(self.account, email=email)
            contact = email
        elif _TICKET_NUMBER.fullmatch(contact):
            consent_names = build_consent_names(self.account, contact)
            contact = f"{USER_PREFIX}{contact}"
        else:
            raise InvalidContact("not an e-mail address, nor the numeric ID of a user")
        address = Address(channel=NAME, account=self.account, ours=self.account, theirs=contact)
        return NewConversation(address, f"{NAME}:{self.account}:{contact}", consent_names=consent_names)

    def name_opened_ticket(self, external_id: str) -> str:
        """Return the name by which the events of a ticket that the bot opens find its session."""
        return f"{NAME}:{self.account}:{external_id}"

    def is_agent(self, user: str) -> bool:
        """Return whether a ticket's assignee is anybody but the bot."""
        return user not in ("", self.bot, SYSTEM_USER_ID)


@dataclass(frozen=True, slots=True)
class TicketEventFactory:
    """Builds events of one ticket."""

    session: str
    address: Address

    def build_control_event(
        self, action: ControlAction, event_id: str, actor: str, at: float
    ) -> ControlReceived:
        """Build the control event of an agent's action."""
        number = f"{event_id}.{action}"
        return ControlReceived(
            id=number, session=self.session, address=self.address, act=action, actor=actor, at=at
        )

    def build_turn_event(self, comment: Comment, requester: str) -> TurnReceived | ParticipantMessage:
        """Build the event of a customer's comment: any but the requester is a participant (guarantee L15)."""
        turn = self._build_turn(comment)
        author = comment.details["user_id"]
        account = self.address.account
        name = f"{NAME}:{account}:user:{author}" if author else ""
        if requester and author != requester:
            return ParticipantMessage(turn=turn, author=name)
        email = comment.details.get("email", "")
        return TurnReceived(
            turn=turn,
            author=name,
            author_is_contact=bool(requester),
            consent_names=build_consent_names(account, requester, email) if requester else (),
        )

    def _build_turn(self, comment: Comment) -> Turn:
        return Turn(
            id=comment.id,
            session=self.session,
            address=self.address,
            text=comment.text,
            attachments=comment.attachments,
            profile_name=comment.details.get("profile_name", ""),
            subject=comment.details.get("subject", ""),
            details={name: value for name, value in comment.details.items() if value},
            at=comment.at,
        )

    def description_turn_id(self) -> str:
        """Turn id of the first comment, which comes without an id."""
        return f"{self.address.theirs}:description"


def build_consent_names(account: str, user: str = "", email: str = "") -> tuple[str, ...]:
    """Return the names under which a user's opt-out counts in all tickets of which they are the requester."""
    return name_consents(f"{NAME}:{account}", user, email)


@dataclass(frozen=True, slots=True)
class Comment:
    """A customer's comment; `at` as in a turn."""

    id: str
    text: str
    attachments: tuple[Attachment, ...] = ()
    details: dict[str, str] = field(default_factory=dict)
    at: float = 0.0
