"""Who writes: a phone number, a business-scoped user id, or both, and either may vanish.

A user with a user name shows no number, and numbers of three countries come in two spellings; the
business-scoped id is the surer name, since it is the person's and not the SIM card's (Meta,
"Business-scoped user IDs").
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from channels._kit.inbound.json import Object, child, name_of, word
from channels._kit.inbound.phone_numbers import one_spelling
from channels.whatsapp.capabilities import NAME
from core.model.turn import Address

_PHONE: Final = re.compile(r"\+?\d{5,20}")
_USER_ID: Final = re.compile(r"[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}")


@dataclass(frozen=True, slots=True)
class Line:
    """One of our numbers: the business account that owns it, and the id that Meta sends for it."""

    account: str
    ours: str

    def session(self, who: str) -> str:
        """A name of the conversation with somebody on this line."""
        return f"{NAME}:{self.ours}:{who}"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody as one message names them."""

    phone: str = ""
    user_id: str = ""
    parent_id: str = ""
    name: str = ""
    username: str = ""

    @property
    def theirs(self) -> str:
        """The number as it came, which outranks the id when sending."""
        return self.phone or self.user_id

    def address(self, line: Line) -> Address:
        """Where this person is answered."""
        return Address(channel=NAME, account=line.account, ours=line.ours, theirs=self.theirs)

    def aliases(self, line: Line) -> tuple[str, ...]:
        """All names of the conversation, the surest first."""
        spelling = one_spelling(f"+{self.phone.removeprefix('+')}") if self.phone else ""
        return tuple(line.session(each) for each in (self.user_id, self.parent_id, spelling) if each)


def sender(message: Object, contacts: list[Object]) -> Person:
    """Who sent a message. Contacts are matched by name, never by place; they may be missing or fewer."""
    return _person(message, contacts, phone="from", user_id="from_user_id", parent_id="from_parent_user_id")


def receiver(echo: Object, contacts: list[Object]) -> Person:
    """Whom somebody at the business wrote to."""
    return _person(echo, contacts, phone="to", user_id="to_user_id", parent_id="to_parent_user_id")


def phone_of(value: Object, name: str) -> str:
    """A phone number as it came; the empty string when it is none."""
    found = name_of(value, name, 40)
    return found if _PHONE.fullmatch(found) else ""


def user_id_of(value: Object, name: str) -> str:
    """A business-scoped user id; the empty string when it is none."""
    found = name_of(value, name)
    return found if _USER_ID.fullmatch(found) else ""


def _person(told: Object, contacts: list[Object], *, phone: str, user_id: str, parent_id: str) -> Person:
    number, user = phone_of(told, phone), user_id_of(told, user_id)
    contact = next((each for each in contacts if _is_of(each, number, user)), {})
    profile = child(contact, "profile")
    return Person(
        phone=number or phone_of(contact, "wa_id"),
        user_id=user or user_id_of(contact, "user_id"),
        parent_id=user_id_of(told, parent_id) or user_id_of(contact, "parent_user_id"),
        name=word(profile, "name"),
        username=word(profile, "username"),
    )


def _is_of(contact: Object, phone: str, user_id: str) -> bool:
    """Whether a contact is this person; `wa_id` may be another spelling of `from`."""
    same_id = user_id and user_id_of(contact, "user_id") == user_id
    theirs = phone_of(contact, "wa_id")
    same_phone = phone and theirs and one_spelling(f"+{theirs}") == one_spelling(f"+{phone}")
    return bool(same_id or same_phone)
