"""Intercom's own library against the simulator."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from intercom import (
    CreateOrUpdateTagRequest,
    Intercom,
    MultipleFilterSearchRequest,
    RedactConversationRequest_ConversationPart,
    RedactConversationRequest_Source,
    SingleFilterSearchRequest,
)
from intercom.core.api_error import ApiError

from channels._kit.simulator import UserMessage
from channels.intercom.simulator.records import contact_id
from channels.intercom.simulator.server import IntercomSimulator
from tests.channels.sdk.hosted import HostedSimulator, host

SECRET, TOKEN, ADA, BOT, TEAM = "client-secret", "token", "+15550180", "9608555", "5017001"


class Workspace:
    """The simulated workspace with one conversation, and Intercom's client."""

    def __init__(self, hosted: HostedSimulator, client: Intercom, thread: str) -> None:
        self.hosted = hosted
        self.client = client
        self.thread = thread

    async def reply(self, **request: Any) -> Any:
        body = {"type": "admin", "admin_id": BOT, **request}
        return await self.hosted.call(
            lambda: self.client.conversations.reply(conversation_id=self.thread, request=body)
        )

    async def manage(self, **request: Any) -> Any:
        body = {"type": "admin", "admin_id": BOT, **request}
        return await self.hosted.call(
            lambda: self.client.conversations.manage(conversation_id=self.thread, request=body)
        )


@pytest.fixture
async def workspace() -> AsyncIterator[Workspace]:
    url = "https://bots.example.com/webhooks/intercom"
    simulator = IntercomSimulator(client_secret=SECRET, access_token=TOKEN, webhook_url=url, seed=1)
    async with host(simulator) as hosted:
        await hosted.say(UserMessage("intercom", ADA, "Hello & é"))
        with httpx.Client() as http:
            client = Intercom(base_url=hosted.url, token=TOKEN, httpx_client=http)
            yield Workspace(hosted, client, simulator.get_desk_status(ADA).thread)


async def test_the_account_is_described(workspace: Workspace) -> None:
    call, client = workspace.hosted.call, workspace.client
    me = await call(client.admins.identify)
    admins = await call(client.admins.list)
    teams = await call(client.teams.list)

    assert me is not None
    assert (me.id, me.app.id_code if me.app else "") == (BOT, "wk7h2xqz")
    assert len(admins.admins or []) == 3
    assert [team.id for team in teams.teams or [] if team] == [TEAM]


@pytest.mark.long
async def test_replies_assignments_and_tags_are_parsed(workspace: Workspace) -> None:
    option = {"text": "Yes", "uuid": "2b1e6c5e-7a86-4b4e-9d2c-0c7a4d1c1e01"}
    await workspace.reply(message_type="comment", body="<p>Hi</p>")
    await workspace.reply(message_type="note", body="<p>For agents</p>")
    await workspace.reply(message_type="quick_reply", reply_options=[option])
    await workspace.reply(message_type="comment", body="Look", attachment_urls=["https://shop.example/a.png"])
    await workspace.manage(message_type="assignment", assignee_id=TEAM, type="team")
    await workspace.manage(message_type="snoozed", snoozed_until=1_900_000_000)
    await workspace.manage(message_type="close")
    tag = await workspace.hosted.call(
        lambda: workspace.client.tags.tag_conversation(workspace.thread, tag_id="86", admin_id=BOT)
    )
    found = await workspace.hosted.call(
        lambda: workspace.client.conversations.find(conversation_id=workspace.thread)
    )

    parts = found.conversation_parts.conversation_parts if found.conversation_parts else []
    assert [part.part_type for part in parts] == [
        *("comment", "note", "quick_reply", "comment", "assignment", "snoozed", "close")
    ]
    assert (tag.id, tag.name, found.state) == ("86", "bot-handoff", "closed")


async def test_a_conversation_is_created_as_a_contact(workspace: Workspace) -> None:
    contact = {"type": "user", "id": contact_id(ADA)}
    created = await workspace.hosted.call(
        lambda: workspace.client.conversations.create(from_=contact, body="A new question")
    )

    assert (created.message_type, created.body) == ("inapp", "A new question")
    assert created.created_at


async def test_lists_come_in_pages(workspace: Workspace) -> None:
    people = [ADA, *(f"contact{number}@example.com" for number in range(4))]
    for person in people[1:]:
        await workspace.hosted.say(UserMessage("intercom", person, "Hello"))
    client, call = workspace.client, workspace.hosted.call
    pages = await call(lambda: client.conversations.list(per_page=2))
    conversations = await call(lambda: list(pages))
    contacts = await call(lambda: list(client.contacts.list(per_page=2)))
    whole = await call(client.contacts.list)

    authors = [each.source.author.id for each in conversations]
    assert authors == [contact_id(person) for person in reversed(people)]
    assert [each.email or each.phone for each in contacts] == list(reversed(people))
    assert len(whole.items or []) == 5
    found = await call(lambda: client.contacts.find(contact_id(ADA)))
    assert found.phone == ADA


async def find_parts(workspace: Workspace) -> Any:
    found = await workspace.hosted.call(
        lambda: workspace.client.conversations.find(conversation_id=workspace.thread)
    )
    return found.conversation_parts.conversation_parts


async def test_tags_are_created_renamed_removed_and_deleted(workspace: Workspace) -> None:
    call, client = workspace.hosted.call, workspace.client
    made = await call(lambda: client.tags.create(request=CreateOrUpdateTagRequest(name="Refund")))
    same = await call(lambda: client.tags.create(request=CreateOrUpdateTagRequest(name="refund")))
    renamed = await call(
        lambda: client.tags.create(request=CreateOrUpdateTagRequest(name="Money", id=made.id))
    )
    assert (same.id, renamed.id, renamed.name) == (made.id, made.id, "Money")
    assert (await call(lambda: client.tags.find(made.id))).name == "Money"

    await call(lambda: client.tags.tag_conversation(workspace.thread, tag_id=made.id, admin_id=BOT))
    removed = await call(lambda: client.tags.untag_conversation(workspace.thread, made.id, admin_id=BOT))
    found = await call(lambda: client.conversations.find(conversation_id=workspace.thread))
    assert (removed.id, found.tags.tags if found.tags else None) == (made.id, [])

    await call(lambda: client.tags.delete(made.id))
    assert [tag.id for tag in (await call(client.tags.list)).data or []] == ["86"]


async def test_a_conversation_is_found_changed_and_deleted(workspace: Workspace) -> None:
    call, client = workspace.hosted.call, workspace.client
    await workspace.hosted.say(UserMessage("intercom", "grace@example.com", "Hello"))
    await workspace.manage(message_type="close")
    closed = SingleFilterSearchRequest(field="state", operator="=", value="closed")
    of_ada = SingleFilterSearchRequest(field="contact_ids", operator="=", value=contact_id(ADA))
    both = MultipleFilterSearchRequest(operator="AND", value=[closed, of_ada])
    either = MultipleFilterSearchRequest(
        operator="OR", value=[closed, SingleFilterSearchRequest(field="open", operator="=", value="true")]
    )

    searched = [
        await call(lambda query=query: list(client.conversations.search(query=query)))  # type: ignore[misc]
        for query in (closed, both, either)
    ]
    assert [len(each) for each in searched] == [1, 1, 2]
    assert searched[1][0].id == workspace.thread

    changed = await call(
        lambda: client.conversations.update(
            workspace.thread, title="A refund", custom_attributes={"order": "A1"}
        )
    )
    assert (changed.title, changed.custom_attributes) == ("A refund", {"order": "A1"})
    deleted = await call(lambda: client.conversations.delete_conversation(workspace.thread))
    assert (deleted.id, deleted.deleted) == (workspace.thread, True)
    with pytest.raises(ApiError) as error:
        await call(lambda: client.conversations.find(conversation_id=workspace.thread))
    assert error.value.status_code == 404


async def test_messages_are_redacted(workspace: Workspace) -> None:
    call, client = workspace.hosted.call, workspace.client
    await workspace.reply(message_type="comment", body="<p>My secret</p>")
    [part] = await find_parts(workspace)
    redacted = await call(
        lambda: client.conversations.redact_conversation_part(
            request=RedactConversationRequest_ConversationPart(
                conversation_id=workspace.thread, conversation_part_id=part.id
            )
        )
    )

    [shown] = redacted.conversation_parts.conversation_parts
    assert (shown.redacted, "secret" in shown.body) == (True, False)
    topics = [json.loads(await each.aread())["topic"] for each in workspace.hosted.webhooks]
    assert topics[-1] == "conversation_part.redacted"
    redacted = await call(
        lambda: client.conversations.redact_conversation_part(
            request=RedactConversationRequest_Source(
                conversation_id=workspace.thread, source_id=redacted.source.id
            )
        )
    )
    assert "Hello" not in redacted.source.body


async def test_notes_about_a_contact_and_a_team_are_read(workspace: Workspace) -> None:
    call, client = workspace.hosted.call, workspace.client
    person = contact_id(ADA)
    note = await call(lambda: client.notes.create(person, body="VIP", admin_id=BOT))
    listed = await call(lambda: list(client.notes.list(contact_id=person)))

    assert (note.body, note.author.id if note.author else "") == ("<p>VIP</p>", BOT)
    assert [each.id for each in listed] == [note.id]
    assert (await call(lambda: client.notes.find(int(note.id)))).id == note.id
    assert (await call(lambda: client.teams.find(team_id=TEAM))).name == "Support"
    assert (await call(lambda: client.admins.find(admin_id=int(BOT)))).id == BOT


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (lambda w: w.reply(message_type="comment", body=""), 400),
        (lambda w: w.reply(message_type="comment", body="x", admin_id="1"), 404),
        (lambda w: w.manage(message_type="assignment", assignee_id="7", type="team"), 404),
        (lambda w: w.hosted.call(lambda: w.client.conversations.list(per_page=151)), 400),
        (lambda w: w.hosted.call(lambda: w.client.contacts.list(starting_after="x")), 400),
        (lambda w: w.hosted.call(lambda: w.client.contacts.find("x")), 404),
        (lambda w: w.hosted.call(lambda: w.client.teams.find("x")), 404),
        (lambda w: w.hosted.call(lambda: w.client.notes.find(9)), 404),
        (
            lambda w: w.hosted.call(lambda: w.client.tags.untag_conversation(w.thread, "86", admin_id=BOT)),
            404,
        ),
        (lambda w: w.hosted.call(lambda: w.client.tags.create(request={"name": ""})), 400),
        (
            lambda w: w.hosted.call(lambda: w.client.notes.create(contact_id(ADA), body="x", admin_id="1")),
            404,
        ),
        (
            lambda w: w.hosted.call(
                lambda: w.client.conversations.search(query={"field": "x", "operator": "=", "value": "1"})
            ),
            400,
        ),
    ],
)
async def test_errors_have_their_status(
    workspace: Workspace, request_: Callable[[Workspace], Any], status: int
) -> None:
    with pytest.raises(ApiError) as error:
        await request_(workspace)

    assert error.value.status_code == status


async def test_every_notification_has_a_valid_signature(workspace: Workspace) -> None:
    await workspace.reply(message_type="comment", body="<p>Hi</p>")
    for request in workspace.hosted.webhooks:
        digest = hmac.new(SECRET.encode(), await request.aread(), hashlib.sha1).hexdigest()
        assert request.headers["x-hub-signature"] == f"sha1={digest}"
    assert len(workspace.hosted.webhooks) == 2
