"""Zendesk Support webhooks: verification, turns and control events."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import httpx
import pytest
import respx

from channels.zendesk import ZendeskChannel
from core.errors import InvalidSignature, MalformedWebhook
from core.model import (
    Activity,
    ActivityReceived,
    ControlAction,
    ControlReceived,
    Event,
    Ignored,
    Turn,
    TurnReceived,
)
from core.ports import Webhook
from tests.channels.contract.channel_cases import ChannelCases
from tests.channels.zendesk.builders import (
    ACCEPTED,
    ADA,
    AGENT,
    BASE,
    BOT,
    SECRET,
    Json,
    build_all_webhooks,
    build_channel,
    build_comment_event,
    build_comments,
    build_event,
    build_ticket,
    build_webhook,
)


class TestZendesk(ChannelCases):
    send_method = "PUT"
    send_url = f"{BASE}/tickets/5158.json"
    accepted: ClassVar[httpx.Response] = httpx.Response(200, json=ACCEPTED)

    def channel(self) -> ZendeskChannel:
        return build_channel()

    def build_genuine_webhook(self) -> Webhook:
        return build_webhook(build_comment_event())

    def build_samples(self) -> list[Webhook]:
        return build_all_webhooks()

    @pytest.fixture
    def api(self) -> Iterator[respx.MockRouter]:
        with respx.mock(assert_all_called=False) as router:
            router.get(f"{BASE}/tickets/5158.json").respond(json=build_ticket())
            router.get(f"{BASE}/tickets/5158/comments.json").respond(json=build_comments())
            yield router


def parse_events(event: Json) -> list[Event]:
    return build_channel().parse(build_webhook(event))


def parse_turn(event: Json) -> Turn:
    [found] = parse_events(event)
    assert isinstance(found, TurnReceived)
    return found.turn


def parse_actions(event: Json) -> list[ControlAction]:
    return [found.act for found in parse_events(event) if isinstance(found, ControlReceived)]


@pytest.mark.parametrize("minutes", [-6, 6, 60 * 24])
def test_a_signed_replay_is_refused(minutes: int) -> None:
    at = (datetime.now(UTC) + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")

    with pytest.raises(InvalidSignature, match="five minutes"):
        build_channel().verify(build_webhook(build_comment_event(), at))


@pytest.mark.parametrize("at", ["", "now", "é", "9999999-01-01", "20261123"])
def test_a_malformed_timestamp_is_refused(at: str) -> None:
    with pytest.raises(InvalidSignature):
        build_channel().verify(build_webhook(build_comment_event(), at or " "))


def test_every_secret_of_a_rotation_is_accepted() -> None:
    build_channel(ZENDESK_WEBHOOK_SECRET=f"new,{SECRET}").verify(build_webhook(build_comment_event()))


def test_zendesks_public_test_secret_is_refused() -> None:
    with pytest.raises(InvalidSignature):
        build_channel().verify(
            build_webhook(build_comment_event(), secret="dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ==")
        )


def test_a_new_ticket_is_a_turn_with_its_subject() -> None:
    found = parse_turn(build_event("created"))

    assert found.text == "Parcel\n\nWhere is my parcel?"
    assert (found.id, found.session) == ("5158:description", "zendesk:example:5158")
    assert found.details == {"user_id": ADA, "subject": "Parcel", "via": "web_service", "told_by": "event"}
    assert parse_turn(build_event("created", subject="Where is my…")).text == "Where is my parcel?"


def test_a_repeated_first_comment_is_one_turn() -> None:
    again = build_comment_event("Where is my parcel?", created_at="2026-11-23T09:59:58Z")

    assert parse_turn(again).id == parse_turn(build_event("created")).id
    assert (
        parse_turn(build_comment_event("Where is my parcel?")).id == "98765432101"
    )  # the same words an hour later


def test_a_comment_is_a_turn_with_its_id() -> None:
    found = parse_turn(build_comment_event())

    assert (found.id, found.text, found.address.theirs) == ("98765432101", "Hello? Any news?", "5158")


@pytest.mark.parametrize(
    "made",
    [
        build_comment_event(author=BOT, staff=True),
        build_comment_event(author=ADA, actor_id=BOT),
        build_comment_event(author="-1"),
        build_comment_event(author=BOT, staff=True, public=False),
        build_event("created", submitter_id=BOT),
        build_event("created", submitter_id=AGENT),
        build_event("created", is_public=False),
        build_event("agent_assignment_changed", {"current": None, "previous": BOT}, actor_id=BOT),
        build_event("group_assignment_changed", {"current": "17"}, actor_id=BOT),
        build_event("group_assignment_changed", {"current": "17"}, actor_id="-1"),
        build_event("group_assignment_changed", {"current": "17"}, actor_id=AGENT, assignee_id=BOT),
        build_event("status_changed", {"current": "SOLVED"}, actor_id=BOT),
        build_event("status_changed", {"current": "PENDING"}, actor_id=AGENT),
        build_event("comment_redacted", {}),
        build_event("merged", {}, status="OPEN"),
        build_comment_event(via={"channel": "native_messaging"}),
    ],
)
def test_own_and_irrelevant_events_are_ignored(made: Json) -> None:
    assert all(isinstance(found, Ignored) for found in parse_events(made))


@pytest.mark.parametrize(
    ("description", "deleted"), [("Where is it?", ["98765432101"]), ("▇▇▇▇", ["98765432101", "description"])]
)
def test_a_redacted_comment_is_a_deletion(description: str, deleted: list[str]) -> None:
    """The first comment came without its number, so its redaction is seen in the description."""
    redacted = {"comment": {"id": "98765432101"}}
    found = parse_events(
        build_event("comment_redacted", redacted, "e-9", actor_id=AGENT, description=description)
    )

    assert [(type(each), getattr(each, "activity", "")) for each in found] == [
        (ActivityReceived, Activity.DELETED)
    ] * len(deleted)
    assert [getattr(each, "message_id", "").rpartition(":")[2] for each in found] == deleted
    [first] = [each for each in parse_events(build_comment_event()) if isinstance(each, TurnReceived)]
    assert getattr(found[0], "message_id", "") == first.turn.id
    assert len({getattr(each, "id", "") for each in found}) == len(found)


@pytest.mark.parametrize(
    ("made", "act"),
    [
        (build_comment_event(author=AGENT, staff=True), ControlAction.TAKE_OVER),
        (build_comment_event("/bot on", author=AGENT, staff=True, public=False), ControlAction.GIVE_BACK),
        (build_comment_event("/end", author=AGENT, staff=True, public=False), ControlAction.CLOSE),
        (
            build_event("agent_assignment_changed", {"current": AGENT}, actor_id=AGENT),
            ControlAction.TAKE_OVER,
        ),
        (build_event("agent_assignment_changed", {"current": AGENT}, actor_id=BOT), ControlAction.TAKE_OVER),
        (
            build_event("agent_assignment_changed", {"current": None, "previous": BOT}, actor_id=AGENT),
            ControlAction.TAKE_OVER,
        ),
        (build_event("agent_assignment_changed", {"current": BOT}, actor_id=AGENT), ControlAction.GIVE_BACK),
        (build_event("group_assignment_changed", {"current": "17"}, actor_id=AGENT), ControlAction.TAKE_OVER),
        (build_event("status_changed", {"current": "SOLVED"}, actor_id=AGENT), ControlAction.CLOSE),
        (build_event("status_changed", {"current": "CLOSED"}, actor_id="-1"), ControlAction.CLOSE),
        (
            build_event("status_changed", {"current": "OPEN", "previous": "SOLVED"}, assignee_id=AGENT),
            ControlAction.TAKE_OVER,
        ),
        (build_event("merged", {}, status="CLOSED"), ControlAction.CLOSE),
        (build_event("soft_deleted"), ControlAction.CLOSE),
        (build_event("permanently_deleted"), ControlAction.CLOSE),
        (build_event("marked_as_spam"), ControlAction.CLOSE),
        (build_event("tags_changed", {"tags_added": ["bot_off"]}, actor_id=AGENT), ControlAction.TAKE_OVER),
        (
            build_event("tags_changed", {"tags_removed": ["bot_handoff"]}, actor_id=AGENT),
            ControlAction.GIVE_BACK,
        ),
    ],
)
def test_events_change_the_owner(made: Json, act: ControlAction) -> None:
    assert parse_actions(made) == [act]


@pytest.mark.parametrize("text", ["call me", "please /bot on", ""])
def test_other_notes_are_ignored(text: str) -> None:
    assert isinstance(
        parse_events(build_comment_event(text, author=AGENT, staff=True, public=False))[0], Ignored
    )


def test_a_customer_cannot_command_the_bot() -> None:
    assert parse_actions(build_comment_event("/bot off", public=False)) == []
    assert parse_turn(build_comment_event("/bot off")).text == "/bot off"


def test_an_agent_who_is_the_requester_is_a_customer() -> None:
    assert (
        parse_turn(build_comment_event(author=AGENT, staff=True, requester_id=AGENT)).text
        == "Hello? Any news?"
    )


def test_the_bot_off_tag_is_a_take_over_before_the_turn() -> None:
    control, said = parse_events(build_comment_event(tags=["bot_off"]))

    assert isinstance(control, ControlReceived)
    assert isinstance(said, TurnReceived)


def test_two_tickets_in_one_event_are_malformed() -> None:
    with pytest.raises(MalformedWebhook, match="two tickets"):
        parse_events({**build_comment_event(), "subject": "zen:ticket:5159"})


def test_64_kilobytes_and_html_stay_text() -> None:
    text = "<script>alert(1)</script> " + "€" * 30_000

    assert parse_turn(build_comment_event(text)).text == text


def test_a_comment_without_text_may_consist_of_files_that_are_fetched_later() -> None:
    [found] = parse_events(build_comment_event(""))

    assert isinstance(found, TurnReceived)
    assert (found.turn.text, found.turn.details["told_by"]) == ("", "event")
