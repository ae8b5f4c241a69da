"""Changes of a contact at Meta: another number or ID, or other settings for marketing messages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from channels._kit.inbound import JsonObject, get_identifier, get_object, get_object_list, get_text
from channels.whatsapp.identities import BusinessNumber, Contact, get_phone_number, get_user_id, parse_sender
from channels.whatsapp.message_content import parse_timestamp
from core.model import ContactMoved, ControlAction, ControlReceived, Event, Ignored, OptOutScope

_MAX_SENTENCE_LENGTH: Final = 1000
_CHANGE: Final = re.compile(r" changed from (?P<old>\S+) to (?P<new>\S+?)\.?$")
_PREFERENCES: Final = {"stop": ControlAction.OPT_OUT, "resume": ControlAction.OPT_IN}


def parse_system_message(message: JsonObject, business_number: BusinessNumber) -> Event | None:
    """Parse a changed number or id: both lead to the one session, whose replies go to the new address."""
    if get_text(message, "type") != "system":
        return None
    system = get_object(message, "system")
    new = Contact(
        get_phone_number(system, "wa_id") or get_phone_number(system, "new_wa_id"),
        get_user_id(system, "user_id"),
    )
    old = _parse_old_contact(message, system, new)
    match get_text(system, "type"):
        case "user_changed_number" | "customer_changed_number":
            reason = "changed number"
        case "user_changed_user_id":
            reason = "changed user id"
        case _:
            return Ignored(reason="system message")
    wamid, at = get_identifier(message, "id"), parse_timestamp(message)
    return _build_move(business_number, old, new, wamid, at) or Ignored(reason=reason)


def _parse_old_contact(message: JsonObject, system: JsonObject, new: Contact) -> Contact:
    """Return the contact before the change. Where no field names them, the sentence about the change does.

    Its beginning is the name of the profile, which may be anything, so only its end is read.
    """
    phone = get_phone_number(message, "from") or get_phone_number(system, "customer")
    previous_id = get_user_id(system, "previous_user_id")
    user_id = get_user_id(message, "from_user_id") or previous_id
    if user_id == new.user_id:  # the present ID; with a new number it may be that of before, too
        user_id = previous_id or (user_id if new.phone else "")
    if not (phone or user_id) and (change := _CHANGE.search(get_text(system, "body", _MAX_SENTENCE_LENGTH))):
        stated = change.groupdict()
        if stated["new"].removeprefix("+") in (new.phone.removeprefix("+"), new.user_id):
            phone, user_id = get_phone_number(stated, "old"), get_user_id(stated, "old")
    return Contact(phone, user_id)


def parse_new_ids(value: JsonObject, account: str) -> Iterator[Event]:
    phone_number_id = get_identifier(get_object(value, "metadata"), "phone_number_id", 64)
    business_number = BusinessNumber(account, phone_number_id)
    for update in get_object_list(value, "user_id_update"):
        pair = get_object(update, "user_id")
        old, new = (
            Contact(user_id=get_user_id(pair, "previous")),
            Contact(user_id=get_user_id(pair, "current")),
        )
        move = _build_move(business_number, old, new, f"{old.user_id}>{new.user_id}", parse_timestamp(update))
        yield move if move and phone_number_id else Ignored(reason="changed user id")


def parse_preferences(value: JsonObject, account: str) -> Iterator[Event]:
    """Parse opt-outs of marketing messages, and their end (Meta, "user_preferences webhook")."""
    phone_number_id = get_identifier(get_object(value, "metadata"), "phone_number_id", 64)
    business_number = BusinessNumber(account or phone_number_id, phone_number_id)
    contacts, preferences = get_object_list(value, "contacts"), get_object_list(value, "user_preferences")
    if not phone_number_id or not preferences:
        yield Ignored(reason="user_preferences")
        return
    for preference in preferences:
        sender = {
            "from": preference.get("wa_id"),
            "from_user_id": preference.get("user_id"),
            "from_parent_user_id": preference.get("parent_user_id"),
        }
        contact = parse_sender(sender, contacts)
        act = _PREFERENCES.get(get_text(preference, "value", 20).lower())
        if act is None or not contact.recipient:
            yield Ignored(reason="user_preferences")
            continue
        aliases = contact.build_aliases(business_number)
        at = parse_timestamp(preference)
        yield ControlReceived(
            id=f"preference:{act}:{aliases[0]}:{at:.0f}",
            session=aliases[0],
            address=contact.build_address(business_number),
            act=act,
            actor="WhatsApp settings",
            at=at,
            scope=OptOutScope.MARKETING,
            aliases=aliases,
        )


def _build_move(
    business_number: BusinessNumber, old: Contact, new: Contact, event_id: str, at: float
) -> ContactMoved | None:
    """Return the event of a contact's new address; `None` if there is no old one, or no new one, or no id.

    An abandoned number may be given to somebody else: it is retired if there is a new number.
    """
    aliases = tuple(dict.fromkeys((*old.build_aliases(business_number), *new.build_aliases(business_number))))
    if not old.recipient or not new.recipient or not event_id:
        return None
    numbers = [Contact(each.phone).build_aliases(business_number) for each in (old, new)]
    return ContactMoved(
        id=event_id,
        session=aliases[0],
        address=new.build_address(business_number),
        at=at,
        aliases=aliases,
        retired=numbers[0] if new.phone and numbers[0] != numbers[1] else (),
    )
