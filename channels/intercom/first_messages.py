"""First messages of the bot to people of a workspace (Intercom, "Create a message").

Such a message belongs to no conversation until the contact answers; then it is the conversation's source.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any, Final

import httpx

from channels._kit.inbound import JsonObject, get_identifier, get_object, get_object_list, get_text
from channels._kit.outbound import find_email_address
from channels.intercom.capabilities import NAME
from channels.intercom.conversations.assignment import Author, Workspace
from channels.intercom.conversations.contacts import build_consent_names
from channels.intercom.conversations.html_body import parse_body
from channels.intercom.rendering import render_comment_html
from core.errors import InvalidContact, Unknown
from core.model import Address, Reply, SentMessage
from core.ports import NewConversation

CONTACT_ID: Final = re.compile(r"[0-9a-f]{24}")
_CONTACT_PREFIX: Final = "contact:"
_MAX_SUBJECT_LENGTH: Final = 80
_MAX_RECEIVERS: Final = 1_000

Json = dict[str, Any]
PostCall = Callable[[str, Json, httpx.AsyncClient], Awaitable[Json]]
"""Posts JSON to a path of the API. Raises a `DeliveryError`."""


def is_new_contact(address: Address) -> bool:
    """Return whether an address is that of a contact, who has no conversation yet."""
    return "@" in address.theirs or address.theirs.startswith(_CONTACT_PREFIX)


def build_conversation(workspace: Workspace, to: str) -> NewConversation:
    """Return the conversation with a contact by e-mail address or contact ID. Raises `InvalidContact`."""
    if not workspace.id:
        raise InvalidContact("Intercom needs INTERCOM_WORKSPACE_ID to send the first message")
    contact = to.strip()
    consent_names = build_consent_names(workspace.id, email=contact)
    if email := find_email_address(contact):
        contact = email
    elif CONTACT_ID.fullmatch(contact):
        consent_names = build_consent_names(workspace.id, contact)
        contact = f"{_CONTACT_PREFIX}{contact}"
    else:
        raise InvalidContact("not an e-mail address, nor the ID of a contact (24 hexadecimal digits)")
    address = Address(channel=NAME, account=workspace.id, ours=workspace.id, theirs=contact)
    return NewConversation(address, f"{NAME}:{workspace.id}:{contact}", consent_names=consent_names)


def find_started_sessions(conversation: JsonObject, workspace: Workspace, account: str) -> tuple[str, ...]:
    """Return the names of the session whose message started a conversation; none if the bot did not send it.

    They are the message's name and, in case its send is not recorded yet, that of its recipient.
    """
    source = get_object(conversation, "source")
    number = get_identifier(source, "id", 60)
    if not number or workspace.classify_author(source) is not Author.BOT:
        return ()
    contacts = get_object_list(get_object(conversation, "contacts"), "contacts")
    receiver = get_identifier(next(iter(contacts), {}), "id", 60)
    names = (_build_message_session(account, number),)
    return (*names, _build_receiver_session(account, receiver)) if receiver else names


class FirstMessageClient:
    """Sends messages to contacts, whom it creates if needed."""

    def __init__(self, call: PostCall, workspace: Workspace) -> None:
        self._call = call
        self._workspace = workspace
        self._receivers: OrderedDict[str, Json] = OrderedDict()

    async def send(self, reply: Reply, http: httpx.AsyncClient) -> SentMessage:
        """Send an e-mail to an address, or a Messenger message to a contact. Raises a `DeliveryError`."""
        theirs = reply.address.theirs
        text = render_comment_html(reply)
        body: Json = {
            "from": {"type": "admin", "id": self._workspace.admin},
            "to": self._receivers.pop(theirs, None) or await self._find_receiver(theirs, http),
            "body": text,
        }
        if "@" in theirs:
            subject = parse_body(text, "html").text.partition("\n")[0][:_MAX_SUBJECT_LENGTH]
            body |= {"message_type": "email", "subject": subject, "template": "plain"}
        else:
            body |= {"message_type": "inapp"}
        sent = await self._call("/messages", body, http)
        number = get_identifier(sent, "id", 60)
        if not number:
            raise Unknown("intercom: accepted, but the response has no message")
        session = _build_message_session(reply.address.account, number)
        return SentMessage(provider_id=number, thread=reply.address, thread_session=session)

    async def find_thread_names(self, reply: Reply, http: httpx.AsyncClient) -> tuple[str, ...]:
        """Return the name of the contact, by whom the conversation is known before the message has an ID."""
        receiver = await self._find_receiver(reply.address.theirs, http)
        self._receivers[reply.address.theirs] = receiver  # for the send that follows
        while len(self._receivers) > _MAX_RECEIVERS:
            self._receivers.popitem(last=False)
        return (_build_receiver_session(reply.address.account, str(receiver["id"])),)

    async def _find_receiver(self, theirs: str, http: httpx.AsyncClient) -> Json:
        """Return the contact, who is created if there is none with this e-mail address."""
        if theirs.startswith(_CONTACT_PREFIX):
            return {"type": "user", "id": theirs.removeprefix(_CONTACT_PREFIX)}
        query = {"query": {"field": "email", "operator": "=", "value": theirs}}
        found = get_object_list(await self._call("/contacts/search", query, http), "data")
        contact = (
            found[0] if found else await self._call("/contacts", {"role": "user", "email": theirs}, http)
        )
        number = get_identifier(contact, "id", 60)
        if not number:
            raise Unknown("intercom: accepted, but the response has no contact")
        role = "lead" if get_text(contact, "role", 20) == "lead" else "user"
        return {"type": role, "id": number}


def _build_message_session(account: str, number: str) -> str:
    return f"{NAME}:{account}:message:{number}"


def _build_receiver_session(account: str, contact: str) -> str:
    return f"{NAME}:{account}:receiver:{contact}"
