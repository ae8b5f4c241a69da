"""Trigger webhooks: with the placeholders of the template filled in, they are parsed like events."""

from __future__ import annotations

import json

import pytest

from channels.zendesk.trigger_template import TRIGGER_EVENTS, build_trigger_body
from core.model import (
    ControlAction,
    ControlReceived,
    Event,
    Ignored,
    ParticipantMessage,
    TurnReceived,
)
from tests.channels.zendesk.builders import AGENT, BOT, URL, build_channel, build_trigger, build_webhook


def parse_trigger(name: str, **changed: str) -> list[Event]:
    """Return the events of a trigger's webhook, with its placeholders filled in."""
    return build_channel().parse(build_webhook(build_trigger(name, **changed)))


def parse_actions(name: str, **changed: str) -> list[ControlAction]:
    return [found.act for found in parse_trigger(name, **changed) if isinstance(found, ControlReceived)]


def test_a_comment_with_its_files_is_a_turn() -> None:
    [found] = parse_trigger("comment", attachment__url=URL)

    assert isinstance(found, TurnReceived)
    assert (found.turn.id, found.turn.text) == ("77", "Where is it?")
    assert [(file.url, file.content_type, file.name) for file in found.turn.attachments] == [
        (URL, "image/png", "parcel.png")
    ]
    assert found.turn.details["via"] == "Web form"
    assert found.turn.details["email"] == "ada@shop.example"


def test_the_address_of_the_requester_is_not_that_of_another_author() -> None:
    [found] = parse_trigger("comment", current_user__id="8447000000077")

    assert isinstance(found, ParticipantMessage)
    assert "email" not in found.turn.details


def test_quotes_and_separator_lines_are_handled() -> None:
    [found] = parse_trigger("comment", ticket__latest_public_comment='----------\nShe said "no"\nand left')

    assert isinstance(found, TurnReceived)
    assert found.turn.text == 'She said "no"\nand left'


@pytest.mark.parametrize("user", [BOT, "-1"])
@pytest.mark.parametrize("name", ["comment", "note"])
def test_bot_and_system_actions_are_ignored(name: str, user: str) -> None:
    [found] = parse_trigger(name, current_user__id=user, current_user__role="Agent")

    assert isinstance(found, Ignored)


@pytest.mark.parametrize(
    ("name", "changed", "act"),
    [
        ("comment", {"current_user__id": AGENT, "current_user__role": "Agent"}, ControlAction.TAKE_OVER),
        ("comment", {"current_user__id": AGENT, "current_user__role": "Agente"}, ControlAction.TAKE_OVER),
        ("note", {"current_user__id": AGENT, "current_user__role": "Administrator"}, ControlAction.GIVE_BACK),
        ("assigned", {"ticket__assignee__id": AGENT}, ControlAction.TAKE_OVER),
        ("assigned", {"ticket__assignee__id": BOT}, ControlAction.GIVE_BACK),
        ("solved", {"current_user__id": AGENT}, ControlAction.CLOSE),
        ("reopened", {"ticket__assignee__id": AGENT}, ControlAction.TAKE_OVER),
    ],
)
def test_triggers_change_the_owner(name: str, changed: dict[str, str], act: ControlAction) -> None:
    assert parse_actions(name, **changed) == [act]
    assert parse_trigger(name, **changed) == parse_trigger(name, **changed)


@pytest.mark.parametrize("name", ["assigned", "reopened"])
def test_an_empty_assignee_changes_nothing(name: str) -> None:
    assert parse_actions(name) == []


def test_a_customers_note_is_not_a_command() -> None:
    assert parse_actions("note") == []


@pytest.mark.parametrize("name", TRIGGER_EVENTS)
def test_every_template_is_json(name: str) -> None:
    assert json.loads(build_trigger_body(name))["type"].startswith("zen:event-type:ticket.")
