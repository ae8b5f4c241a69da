"""Contact identifiers: a phone number, a business-scoped user id, or both; either may be missing.

A user with a user name shows no number, and numbers of three countries come in two spellings; the business-
scoped id is more reliable, since it belongs to the person and not to the SIM card (Meta, "Business-scoped
user IDs").
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from channels._kit.inbound import (
    JsonObject,
    canonical_number,
    get_identifier,
    get_object,
    get_text,
    is_whatsapp_user_id,
)
from channels._kit.outbound import parse_phone_number, select_sender
from channels.whatsapp.capabilities import NAME
from core.errors import InvalidContact
from core.model import Address
from core.ports import NewConversation

_NUMBER_ID: Final = re.compile(r"\d{1,64}", re.ASCII)
_PHONE: Final = re.compile(r"\+?\d{5,20}")


@dataclass(frozen=True, slots=True)
class BusinessNumber:
    """One of the app's numbers: the business account that owns it, and Meta's id of it."""

    account: str
    phone_number_id: str

    def build_session_id(self, contact_id: str) -> str:
        """Return a session name of the conversation with `who` on this number."""
        return f"{NAME}:{self.phone_number_id}:{contact_id}"


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact as one message identifies it."""

    phone: str = ""
    user_id: str = ""
    parent_id: str = ""
    name: str = ""
    username: str = ""

    @property
    def recipient(self) -> str:
        """The number as received, which outranks the user id when sending."""
        return self.phone or self.user_id

    def build_address(self, business_number: BusinessNumber) -> Address:
        """Return the address for replies to this contact."""
        return Address(
            channel=NAME,
            account=business_number.account,
            ours=business_number.phone_number_id,
            theirs=self.recipient,
        )

    def build_aliases(self, business_number: BusinessNumber) -> tuple[str, ...]:
        """Return all session names of the conversation, the most reliable first."""
        spelling = canonical_number(f"+{self.phone.removeprefix('+')}") if self.phone else ""
        return tuple(
            business_number.build_session_id(each)
            for each in (self.user_id, self.parent_id, spelling)
            if each
        )


def parse_sender(message: JsonObject, contacts: list[JsonObject]) -> Contact:
    """Return the sender of a message. Contacts are matched by id, never by index; they may be missing."""
    return _build_contact(
        message, contacts, phone="from", user_id="from_user_id", parent_id="from_parent_user_id"
    )


def parse_receiver(echo: JsonObject, contacts: list[JsonObject]) -> Contact:
    """Return the recipient of a message that somebody at the business sent."""
    return _build_contact(echo, contacts, phone="to", user_id="to_user_id", parent_id="to_parent_user_id")


def get_phone_number(value: JsonObject, name: str) -> str:
    """Return a phone number as received; the empty string if it is none."""
    identifier = get_identifier(value, name, 40)
    return identifier if _PHONE.fullmatch(identifier) else ""


def get_user_id(value: JsonObject, name: str) -> str:
    """Return a business-scoped user id; the empty string if it is none."""
    identifier = get_identifier(value, name)
    return identifier if is_whatsapp_user_id(identifier) else ""


def build_conversation(to: str, sender: str, number_ids: Sequence[str]) -> NewConversation:
    """Return the conversation with a phone number or user ID; `sender` is the ID of a business number.

    The business account is not known before a webhook names it. Raises `InvalidContact`.
    """
    number_id = select_sender(sender.strip(), number_ids, "WHATSAPP_PHONE_NUMBER_IDS")
    if not _NUMBER_ID.fullmatch(number_id) or (number_ids and number_id not in number_ids):
        raise InvalidContact("`from` must be the ID of one of the account's phone numbers, not the number")
    is_user = is_whatsapp_user_id(to.strip())
    phone = "" if is_user else parse_phone_number(to).removeprefix("+")
    contact = Contact(phone=phone, user_id=to.strip() if is_user else "")
    business_number = BusinessNumber(account="", phone_number_id=number_id)
    aliases = contact.build_aliases(business_number)
    return NewConversation(contact.build_address(business_number), aliases[0], aliases)


def _build_contact(
    message: JsonObject, contacts: list[JsonObject], *, phone: str, user_id: str, parent_id: str
) -> Contact:
    number, user = get_phone_number(message, phone), get_user_id(message, user_id)
    contact = next((each for each in contacts if _matches_contact(each, number, user)), {})
    if not number and not user and len(contacts) == 1:  # the message itself may name nobody
        contact = contacts[0]
    profile = get_object(contact, "profile")
    return Contact(
        phone=number or get_phone_number(contact, "wa_id"),
        user_id=user or get_user_id(contact, "user_id"),
        parent_id=get_user_id(message, parent_id) or get_user_id(contact, "parent_user_id"),
        name=get_text(profile, "name"),
        username=get_text(profile, "username"),
    )


def _matches_contact(contact: JsonObject, phone: str, user_id: str) -> bool:
    """Return whether a `contacts` entry is this person; `wa_id` may be another spelling of `from`."""
    same_id = user_id and get_user_id(contact, "user_id") == user_id
    contact_phone = get_phone_number(contact, "wa_id")
    same_phone = (
        phone and contact_phone and canonical_number(f"+{contact_phone}") == canonical_number(f"+{phone}")
    )
    return bool(same_id or same_phone)
