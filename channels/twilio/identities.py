"""Contact identifiers: a phone number, a WhatsApp user ID beside it or in its place (Twilio, "BSUID")."""

from __future__ import annotations

import re
from typing import Final

from channels._kit.inbound import FormData, canonical_number, is_whatsapp_user_id
from channels.twilio.capabilities import NAME, WHATSAPP_PREFIX, is_whatsapp
from core.model import Address

_PHONE: Final = re.compile(r"\+?\d{5,20}")
_USER_ID_FIELDS: Final = ("ExternalUserId", "ParentExternalUserId")


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
    given = [form.first_value(field).strip().removeprefix(WHATSAPP_PREFIX) for field in _USER_ID_FIELDS]
    user_ids = [each for each in (given[0], sender, given[1]) if is_whatsapp_user_id(each)]
    phones = [
        f"+{each.removeprefix('+')}" for each in (sender, form.first_value("WaId")) if _PHONE.fullmatch(each)
    ]
    names = [*user_ids, *phones] or [sender]
    addresses = [address.model_copy(update={"theirs": WHATSAPP_PREFIX + name}) for name in names]
    return tuple(dict.fromkeys(build_session_id(each) for each in addresses))
