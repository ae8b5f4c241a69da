"""Contact identifiers: a phone number, a WhatsApp user ID beside it or in its place (Twilio, "BSUID")."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from channels._kit.inbound import FormData, canonical_number, is_whatsapp_user_id
from channels._kit.outbound import parse_phone_number, select_sender
from channels.twilio.capabilities import NAME, WHATSAPP_PREFIX, is_whatsapp
from core.model import Address
from core.ports import NewConversation

_PHONE: Final = re.compile(r"\+?\d{5,20}")
_SHORT_CODE: Final = re.compile(r"\d{3,8}", re.ASCII)
_MAX_IDENTIFIER_LENGTH: Final = 200
_USER_ID_FIELDS: Final = ("ExternalUserId", "ParentExternalUserId")


def read_identifier(form: FormData, *fields: str, limit: int = _MAX_IDENTIFIER_LENGTH) -> str:
    """Return an identifier, never truncated: a truncated one would be another one."""
    identifier = form.first_value(*fields).strip()
    return identifier if len(identifier) <= limit and identifier.isprintable() else ""


def read_address(form: FormData, field: str) -> str:
    """Return an address, with WhatsApp's prefix in the one spelling that leads to the session."""
    return _lower_prefix(read_identifier(form, field))


def _lower_prefix(address: str) -> str:
    start = address[: len(WHATSAPP_PREFIX)]
    return WHATSAPP_PREFIX + address[len(start) :] if start.lower() == WHATSAPP_PREFIX else address


def build_session_id(address: Address) -> str:
    """Return the session id; WhatsApp sends some numbers now with, now without their mobile digit."""
    contact = address.theirs
    if is_whatsapp(contact):
        contact = WHATSAPP_PREFIX + canonical_number(contact.removeprefix(WHATSAPP_PREFIX))
    return f"{NAME}:{address.account}:{address.ours}:{contact}"


def build_aliases(form: FormData, address: Address) -> tuple[str, ...]:
    """Return all session names of a WhatsApp conversation, the most reliable first; empty for SMS.

    A user ID belongs to the person, not to the SIM card. It comes with and without a prefix; an invalid one
    is dropped.
    """
    if not is_whatsapp(address.theirs):
        return ()
    sender = address.theirs.removeprefix(WHATSAPP_PREFIX)
    given = [read_address(form, field).removeprefix(WHATSAPP_PREFIX) for field in _USER_ID_FIELDS]
    user_ids = [each for each in (given[0], sender, given[1]) if is_whatsapp_user_id(each)]
    phones = [
        f"+{each.removeprefix('+')}" for each in (sender, form.first_value("WaId")) if _PHONE.fullmatch(each)
    ]
    names = [*user_ids, *phones] or [sender]
    addresses = [address.model_copy(update={"theirs": WHATSAPP_PREFIX + name}) for name in names]
    return tuple(dict.fromkeys(build_session_id(each) for each in addresses))


def parse_business_number(text: str) -> str:
    """Return a business number in Twilio's spelling.

    It is in E.164, a short code, or a WhatsApp sender with its prefix. Raises `InvalidContact`.
    """
    given = text.strip()
    number = given.removeprefix(WHATSAPP_PREFIX)
    if number == given and _SHORT_CODE.fullmatch(given):
        return given
    prefix = WHATSAPP_PREFIX if number != given else ""
    return prefix + parse_phone_number(number)


def build_conversation(account: str, to: str, sender: str, numbers: Sequence[str]) -> NewConversation:
    """Return the conversation with a contact, by WhatsApp if one of its ends has that prefix, else by SMS.

    `numbers` are those of the account that may be used if no sender is given. Raises `InvalidContact`.
    """
    contact = to.strip().removeprefix(WHATSAPP_PREFIX)
    on_whatsapp = is_whatsapp(to.strip()) or is_whatsapp(sender.strip())
    prefix = WHATSAPP_PREFIX if on_whatsapp else ""
    possible = [number for number in numbers if is_whatsapp(number) == on_whatsapp]
    given = select_sender(sender.strip(), possible, "TWILIO_NUMBERS")
    if on_whatsapp and not is_whatsapp(given):
        given = f"{WHATSAPP_PREFIX}{given}"
    is_user_id = on_whatsapp and is_whatsapp_user_id(contact)
    address = Address(
        channel=NAME,
        account=account,
        ours=parse_business_number(given),
        theirs=prefix + (contact if is_user_id else parse_phone_number(contact)),
    )
    aliases = build_aliases(FormData(), address)
    return NewConversation(address, aliases[0] if aliases else build_session_id(address), aliases)
