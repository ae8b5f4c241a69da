"""The contact of an Intercom conversation, and other people in it (Intercom, "Group conversations")."""

from __future__ import annotations

from enum import StrEnum

from channels._kit.inbound import JsonObject, get_identifier, get_object, get_object_list, get_text
from channels._kit.outbound import name_consents
from channels.intercom.capabilities import CONTACT_AUTHOR_TYPES, NAME


class AuthorRole(StrEnum):
    """Author of a customer's part: the contact, another participant, or unknown by the payload alone."""

    CONTACT = "contact"
    PARTICIPANT = "participant"
    UNKNOWN = "unknown"


def classify_customer(conversation: JsonObject, part: JsonObject) -> AuthorRole:
    """Return who wrote a customer's part: the contact is the person who started the conversation.

    A lead that becomes a user may get another id; then the user is the conversation's only contact. In a
    conversation that an agent started, or that does not say who did, only the stored session knows who the
    contact is. A part without its author's ID is the contact's in a conversation with nobody else.
    """
    starter, author = get_object(get_object(conversation, "source"), "author"), get_object(part, "author")
    author_id, starter_id = get_identifier(author, "id", 60), get_identifier(starter, "id", 60)
    contacts = get_object_list(get_object(conversation, "contacts"), "contacts")
    if not author_id:
        return AuthorRole.CONTACT if len(contacts) == 1 else AuthorRole.PARTICIPANT
    if get_text(starter, "type", 40) not in CONTACT_AUTHOR_TYPES or not starter_id:
        return AuthorRole.UNKNOWN
    if author_id == starter_id:
        return AuthorRole.CONTACT
    became_user = get_text(starter, "type", 40) != "user" and get_text(author, "type", 40) == "user"
    is_only_contact = [get_identifier(each, "id", 60) for each in contacts] == [author_id]
    return AuthorRole.CONTACT if became_user and is_only_contact else AuthorRole.PARTICIPANT


def build_author_name(workspace_id: str, user: str) -> str:
    """Return the name of a user or lead that is unique over all channels."""
    return f"{NAME}:{workspace_id}:user:{user}"


def build_consent_names(workspace_id: str, user: str = "", email: str = "") -> tuple[str, ...]:
    """Return the names under which a contact's opt-out counts in all their conversations."""
    return name_consents(f"{NAME}:{workspace_id}", user, email)


def is_certain_contact(conversation: JsonObject, part: JsonObject) -> bool:
    """Return whether the author of a customer's part is certainly the contact: the starter, or alone."""
    match classify_customer(conversation, part):
        case AuthorRole.CONTACT:
            return True
        case AuthorRole.PARTICIPANT:
            return False
    contacts = get_object_list(get_object(conversation, "contacts"), "contacts")
    author_id = get_identifier(get_object(part, "author"), "id", 60)
    return bool(author_id) and [get_identifier(each, "id", 60) for each in contacts] == [author_id]


def parse_merged_contacts(contact: JsonObject, workspace_id: str) -> tuple[str, ...]:
    """Return the names of two merged contacts, the older one first (`contact.merged`)."""
    old, new = get_identifier(get_object(contact, "merged_from"), "id", 60), get_identifier(contact, "id", 60)
    if not (old and new and workspace_id):
        return ()
    return build_author_name(workspace_id, old), build_author_name(workspace_id, new)
