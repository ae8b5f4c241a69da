"""Hand-off to agents, and the end of a conversation, through Intercom's API."""

from __future__ import annotations

import json

import pytest
import respx

from core.errors import ConfigurationError
from tests.channels.intercom.api_calls import NOT_FOUND, build_reply, find_sent, read_posts, send
from tests.channels.intercom.builders import (
    BASE,
    BOT,
    GRACE,
    PERSON,
    TEAM,
    US,
    Json,
    build_channel,
    build_conversation,
    build_part,
)


async def test_a_hand_off_never_reassigns_an_agents_conversation(api: respx.MockRouter) -> None:
    api.get(BASE).respond(json=build_conversation(admin=GRACE))
    await send(build_reply(act="hand_off"))

    assert [each["message_type"] for each in read_posts(api)] == ["note"]


async def test_a_hand_off_is_a_note_and_then_the_assignment(api: respx.MockRouter) -> None:
    api.get(BASE).respond(json=build_conversation(admin=BOT))
    await send(build_reply(act="hand_off", body="Wants <a> person\nsoon"))
    note, nobody, team = read_posts(api)

    assert (note["message_type"], note["body"]) == ("note", "<p>Wants &lt;a&gt; person<br>soon</p>")
    assert (nobody["type"], nobody["assignee_id"]) == ("admin", "0")
    assert (team["message_type"], team["type"], team["assignee_id"]) == ("assignment", "team", TEAM)


async def test_a_hand_off_tags_once_and_tolerates_a_deleted_tag(
    api: respx.MockRouter,
) -> None:
    tags = api.post(f"{BASE}/tags").respond(404, json=NOT_FOUND)
    await send(build_reply(act="hand_off"), INTERCOM_HANDOFF_TAG_ID="86")
    assert json.loads(tags.calls.last.request.content) == {"id": "86", "admin_id": BOT}
    assert [each.get("message_type") for each in read_posts(api)] == ["note", None, "assignment"]

    api.get(BASE).respond(
        json=build_conversation(tags={"type": "tag.list", "tags": [{"type": "tag", "id": "86"}]})
    )
    await send(build_reply(act="hand_off"), INTERCOM_HANDOFF_TAG_ID="86")
    assert tags.call_count == 1


@pytest.mark.parametrize(
    ("conversation", "closes"),
    [
        (build_conversation(), True),
        (build_conversation(state="closed"), False),
        (build_conversation(build_part("I see to it", PERSON, 3)), False),
    ],
)
async def test_the_end_of_a_flow_closes_a_conversation_without_an_agent(
    api: respx.MockRouter, conversation: Json, closes: bool
) -> None:
    api.get(BASE).respond(json=conversation)
    made = build_reply(act="close", body="")

    assert bool(await find_sent(made)) is not closes
    await send(made)
    assert [each["message_type"] for each in read_posts(api)] == ["close"] * closes


def test_conversations_are_closed_only_if_configured() -> None:
    assert not build_channel().capabilities.closes
    assert build_channel(INTERCOM_CLOSE="yes").capabilities.closes
    with pytest.raises(ConfigurationError, match="INTERCOM_CLOSE"):
        build_channel(INTERCOM_CLOSE="maybe")


async def test_a_hand_off_to_a_teammate_is_one_assignment(api: respx.MockRouter) -> None:
    api.get(BASE).respond(json=build_conversation(admin=BOT))
    await send(build_reply(act="hand_off"), INTERCOM_HANDOFF_TEAM_ID="", INTERCOM_HANDOFF_ADMIN_ID=GRACE)

    assert [each.get("assignee_id") for each in read_posts(api)] == [None, GRACE]


async def test_without_a_target_the_conversation_is_unassigned(api: respx.MockRouter) -> None:
    api.get(BASE).respond(json=build_conversation(admin=BOT))
    await send(build_reply(act="hand_off"), INTERCOM_HANDOFF_TEAM_ID="")

    assert [each.get("assignee_id") for each in read_posts(api)] == [None, "0"]


async def test_an_interrupted_hand_off_resumes(api: respx.MockRouter) -> None:
    told = build_part("<p>Hello</p>", US, 2, part_type="note")
    api.get(BASE).respond(json=build_conversation(told))
    assert await find_sent(build_reply(act="hand_off")) is None
    await send(build_reply(act="hand_off"))
    assert [each["message_type"] for each in read_posts(api)] == ["assignment"]

    api.get(BASE).respond(json=build_conversation(told, team=TEAM))
    assert await find_sent(build_reply(act="hand_off"))


async def test_a_second_hand_off_adds_its_note_again(api: respx.MockRouter) -> None:
    before = [
        build_part("<p>Hello</p>", US, 2, part_type="note"),
        build_part(None, US, 3, part_type="assignment"),
    ]
    api.get(BASE).respond(json=build_conversation(*before))
    await send(build_reply(act="hand_off"))

    assert [each["message_type"] for each in read_posts(api)] == ["note", "assignment"]


def test_the_bot_cannot_be_the_hand_off_target() -> None:
    with pytest.raises(ConfigurationError, match="INTERCOM_HANDOFF_ADMIN_ID"):
        build_channel(INTERCOM_HANDOFF_TEAM_ID="", INTERCOM_HANDOFF_ADMIN_ID=BOT)
