"""First messages: the contact is found or created, and the opened conversation is linked to the session."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
import respx

from channels.intercom.webhook import parse
from core.errors import InvalidContact, Rejected, Unavailable
from core.model import Address, ControlReceived, Reply, TurnReceived
from core.ports import Webhook
from tests.channels.intercom.builders import BOT, build_channel

API = "https://api.intercom.io"
WORKSPACE = "wk7h2xqz"
CONTACT = "6962aa01bb02cc03dd04ee05"


def build_reply(theirs: str = "ada@example.com") -> Reply:
    address = Address(channel="intercom", account=WORKSPACE, ours=WORKSPACE, theirs=theirs)
    return Reply(key="own-1", address=address, body="Your **parcel** is here.\n\nSee you.")


def read_sent_json(route: respx.Route) -> Any:
    return json.loads(route.calls.last.request.content)


@respx.mock
@pytest.mark.parametrize("known", [True, False])
async def test_an_address_gets_an_email_from_the_bot(known: bool) -> None:
    found = [{"id": CONTACT, "role": "lead"}] if known else []
    respx.post(f"{API}/contacts/search").respond(json={"data": found})
    create = respx.post(f"{API}/contacts").respond(json={"id": CONTACT, "role": "user"})
    route = respx.post(f"{API}/messages").respond(json={"type": "admin_message", "id": "403"})
    async with httpx.AsyncClient() as http:
        sent = await build_channel(INTERCOM_WORKSPACE_ID=WORKSPACE).send(build_reply(), http)

    assert create.called is not known
    message = read_sent_json(route)
    assert message["to"] == {"type": "lead" if known else "user", "id": CONTACT}
    assert (message["from"], message["subject"]) == ({"type": "admin", "id": BOT}, "Your parcel is here.")
    assert (sent.provider_id, sent.thread_session) == ("403", f"intercom:{WORKSPACE}:message:403")
    assert sent.thread == build_reply().address


@respx.mock
async def test_a_contact_gets_a_messenger_message() -> None:
    route = respx.post(f"{API}/messages").respond(json={"id": "403"})
    async with httpx.AsyncClient() as http:
        await build_channel(INTERCOM_WORKSPACE_ID=WORKSPACE).send(build_reply(f"contact:{CONTACT}"), http)

    assert read_sent_json(route)["to"] == {"type": "user", "id": CONTACT}
    assert read_sent_json(route)["message_type"] == "inapp"


@respx.mock
@pytest.mark.parametrize(("status", "error"), [(404, Rejected), (429, Unavailable)])
async def test_a_refusal_is_classified(status: int, error: type[Exception]) -> None:
    respx.post(f"{API}/contacts/search").respond(json={"data": [{"id": CONTACT}]})
    respx.post(f"{API}/messages").respond(status, json={"errors": [{"code": "not_found", "message": "?"}]})
    async with httpx.AsyncClient() as http:
        with pytest.raises(error):
            await build_channel(INTERCOM_WORKSPACE_ID=WORKSPACE).send(build_reply(), http)


def test_the_conversation_is_named_without_a_call() -> None:
    configured = build_channel(INTERCOM_WORKSPACE_ID=WORKSPACE)
    by_address = configured.start_conversation(" Ada@Example.com ")
    assert by_address.session == f"intercom:{WORKSPACE}:ada@example.com"
    assert configured.start_conversation(CONTACT).address.theirs == f"contact:{CONTACT}"
    for to in ("", "ada", "ada@example", CONTACT.upper(), "a@b.com c@d.com", "x" * 300 + "@example.com"):
        with pytest.raises(InvalidContact):
            configured.start_conversation(to)
    with pytest.raises(InvalidContact, match="INTERCOM_WORKSPACE_ID"):
        build_channel().start_conversation("ada@example.com")
    with pytest.raises(InvalidContact, match="from"):
        configured.start_conversation("ada@example.com", "+15550100")


def read_aliases(author: dict[str, str]) -> list[tuple[str, ...]]:
    """Return the aliases of the events of a contact's answer in a conversation that `author` started."""
    part = {
        "id": "37",
        "part_type": "comment",
        "body": "<p>Thanks</p>",
        "created_at": 1790000000,
        "author": {"type": "user", "id": CONTACT},
    }
    item = {
        "id": "2154",
        "source": {"id": "403", "author": author, "delivered_as": "admin_initiated"},
        "conversation_parts": {"conversation_parts": [part]},
    }
    body = {"app_id": WORKSPACE, "id": "n", "topic": "conversation.user.replied", "data": {"item": item}}
    webhook = Webhook("POST", "/webhooks/intercom", {}, json.dumps(body).encode())
    events = parse(webhook, build_channel()._workspace, "html")
    return [event.aliases for event in events if isinstance(event, TurnReceived | ControlReceived)]


def test_only_what_the_bots_message_started_belongs_to_its_session() -> None:
    names = (f"intercom:{WORKSPACE}:2154", f"intercom:{WORKSPACE}:message:403")

    assert read_aliases({"type": "admin", "id": BOT}) == [names]
    assert read_aliases({"type": "admin", "id": "1"}) == [()]
    assert read_aliases({"type": "user", "id": CONTACT}) == [()]
