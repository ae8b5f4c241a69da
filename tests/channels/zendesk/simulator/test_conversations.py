"""Zendesk simulator against the channel: both kinds of webhooks, agents, limits and races."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from channels._kit.simulator import Fault, FaultSettings, UserMessage, WebhookDelivery, WebhookResult
from channels.zendesk.simulator.tickets import BOT_ID, HAND_OFF_GROUP_ID
from core.errors import Rejected, Unavailable, Unknown
from core.model import ControlAction, TurnReceived
from tests.channels.zendesk.simulation import ADA, Simulation, list_actions, list_texts, send_user_message


def run_action(desk: Simulation, move: str, text: str = "") -> list[ControlAction]:
    """Run an agent's action and return the control actions."""
    found = list_actions(desk.parse_deliveries(desk.simulator.run_agent_action(ADA, move, text, desk.now)))
    desk.now += 5
    return found


@pytest.mark.parametrize("by_triggers", [False, True])
async def test_a_conversation_works_with_either_kind_of_webhook(by_triggers: bool) -> None:
    desk = Simulation(by_triggers=by_triggers)

    assert send_user_message(desk) == ["Where is my parcel?"]
    await desk.send("Which one?")
    assert send_user_message(desk, 'The "blue" one\nplease') == ['The "blue" one\nplease']
    await desk.send("It left today.")
    assert list_texts(desk.events) == ["Where is my parcel?", 'The "blue" one\nplease']
    assert list_actions(desk.events) == []
    assert [line.text for line in desk.list_lines()] == ["Which one?", "It left today."]
    assert desk.list_lines()[-1].status == "pending"


@pytest.mark.parametrize("by_triggers", [False, True])
def test_agent_actions_are_reported_by_either_kind_of_webhook(by_triggers: bool) -> None:
    desk = Simulation(by_triggers=by_triggers)
    send_user_message(desk)

    assert ControlAction.TAKE_OVER in run_action(desk, "take")
    assert ControlAction.GIVE_BACK in run_action(desk, "give_back")
    assert ControlAction.TAKE_OVER in run_action(desk, "reply", "I'll look.")
    assert run_action(desk, "note", "call her") == []
    assert run_action(desk, "note", "/bot on") == [ControlAction.GIVE_BACK]
    assert ControlAction.TAKE_OVER in run_action(desk, "reply_and_assign", "Mine now.")
    assert run_action(desk, "pass_on") == [ControlAction.TAKE_OVER]
    assert ControlAction.CLOSE in run_action(desk, "solve")
    assert send_user_message(desk, "Thanks, but no") == ["Thanks, but no"]
    assert (
        list_actions(desk.events)[-1] is ControlAction.TAKE_OVER
    )  # it is a person's ticket that was reopened


def test_deletion_and_merge_are_reported_by_events() -> None:
    for move in ("merge", "delete"):
        desk = Simulation()
        send_user_message(desk)
        assert ControlAction.CLOSE in run_action(desk, move)


def test_the_bot_off_tag_disables_and_enables_the_bot() -> None:
    desk = Simulation()
    send_user_message(desk)

    assert run_action(desk, "keep_off") == [ControlAction.TAKE_OVER]
    assert run_action(desk, "let_in") == [ControlAction.GIVE_BACK]


@pytest.mark.parametrize("move", ["reply", "dance"])
def test_impossible_actions_raise(move: str) -> None:
    desk = Simulation()
    send_user_message(desk)

    with pytest.raises(KeyError):
        run_action(desk, move)


def test_the_desk_status_is_that_of_the_ticket() -> None:
    desk = Simulation()
    assert desk.simulator.get_desk_status(ADA).words == ""
    send_user_message(desk)
    run_action(desk, "take")

    assert desk.simulator.get_desk_status(ADA).words == "open, assigned to Grace"


def test_a_move_to_another_group_is_a_take_over() -> None:
    desk = Simulation()
    send_user_message(desk)

    assert run_action(desk, "group") == [ControlAction.TAKE_OVER]


@pytest.mark.parametrize("by_triggers", [False, True])
@pytest.mark.parametrize("is_first", [False, True])
async def test_files_are_fetched_before_the_turn_is_answered(is_first: bool, by_triggers: bool) -> None:
    desk = Simulation(by_triggers=by_triggers)
    if not is_first:
        send_user_message(desk)
    url = "https://example.zendesk.com/attachments/token/x/?name=a.png"
    send_user_message(desk, "Look", media=(url,), media_type="image/png")
    send_user_message(desk, "Did you see it?")
    heard = [each.turn for each in desk.events if isinstance(each, TurnReceived)]
    found = [await desk.channel.enrich_turn(turn, desk.http) for turn in heard]

    assert [turn.text for turn in found if turn.attachments] == ["Look"]
    [file] = [file for turn in found for file in turn.attachments]
    assert (file.url, file.content_type) == (url, "image/png")


@pytest.mark.parametrize("by_triggers", [False, True])
async def test_a_hand_off_is_a_note_and_not_a_take_over(by_triggers: bool) -> None:
    desk = Simulation(by_triggers=by_triggers)
    send_user_message(desk)
    await desk.send("I'm passing you on.")
    await desk.send("wants a person", act="hand_off")
    ticket = desk.simulator.tickets.find_open_ticket(ADA)

    assert ticket is not None
    assert (ticket.group_id, ticket.assignee_id, ticket.status) == (HAND_OFF_GROUP_ID, None, "open")
    assert ticket.tags == ["bot_answered", "bot_handoff"]
    assert [line.text for line in desk.list_lines("note")] == ["wants a person"]
    assert list_actions(desk.events) == []
    assert ControlAction.TAKE_OVER in run_action(desk, "take")
    with pytest.raises(Rejected, match="assigned to an agent"):
        await desk.send("too late")


async def test_other_tags_stay() -> None:
    desk = Simulation()
    send_user_message(desk)
    ticket = desk.simulator.tickets.find_open_ticket(ADA)
    assert ticket is not None
    ticket.tags = ["vip"]
    await desk.send()

    assert ticket.tags == ["vip", "bot_answered"]


async def test_sends_to_merged_deleted_or_closed_tickets_are_rejected() -> None:
    desk = Simulation()
    send_user_message(desk)
    ticket = desk.simulator.tickets.find_open_ticket(ADA)
    assert ticket is not None
    run_action(desk, "merge")
    with pytest.raises(Rejected, match="closed"):
        await desk.send(ticket=ticket.id)
    send_user_message(desk, "A new one")
    other = desk.simulator.tickets.find_open_ticket(ADA)
    assert other is not None
    run_action(desk, "delete")
    with pytest.raises(Rejected, match="404"):
        await desk.send(ticket=other.id)
    assert desk.list_lines() == []


async def test_a_ticket_closed_between_read_and_update_is_rejected() -> None:
    desk = Simulation()
    send_user_message(desk)

    def close(method: str, path: str) -> None:
        if method == "PUT":
            desk.before_call = lambda method, path: None
            run_action(desk, "merge")

    number = desk.simulator.tickets.find_open_ticket(ADA)
    assert number is not None
    desk.before_call = close
    with pytest.raises(Rejected, match="closed"):
        await desk.send(ticket=number.id)


@pytest.mark.parametrize(
    "fault", [Fault.ERROR_AFTER, Fault.DROP_AFTER, Fault.DROP_BEFORE, Fault.SERVER_ERROR, Fault.UNAVAILABLE]
)
async def test_an_unknown_outcome_is_looked_up(fault: Fault) -> None:
    desk = Simulation()
    send_user_message(desk)
    desk.simulator.set_faults(FaultSettings(next=(fault,)))

    with pytest.raises(Unknown):
        await desk.send()
    taken = fault in (Fault.ERROR_AFTER, Fault.DROP_AFTER)
    assert len(desk.list_lines()) == taken


async def test_the_bot_stays_below_thirty_updates_in_ten_minutes() -> None:
    desk = Simulation()
    send_user_message(desk)
    for _ in range(25):
        await desk.send()
        desk.now += 3
    with pytest.raises(Unavailable) as error:
        await desk.send()
    assert error.value.code == "ticket_updates"
    assert error.value.retry_after is not None
    desk.now += error.value.retry_after
    await desk.send()


def test_a_webhook_is_retried_for_few_reasons() -> None:
    desk = Simulation()
    _, [delivery] = desk.simulator.send_user_message(UserMessage("zendesk", ADA, "Hello"), desk.now)

    def tries(status: int | None, *, timed_out: bool = False, retry_after: float | None = None) -> int:
        queue: list[WebhookDelivery] = [delivery]
        for each in queue:
            queue += desk.simulator.handle_delivery_result(
                each, WebhookResult(status, timed_out=timed_out, retry_after=retry_after), desk.now
            )
        return len(queue)

    assert [tries(200), tries(500), tries(401), tries(409), tries(503)] == [1, 1, 1, 4, 1]
    assert [tries(503, retry_after=30), tries(429, retry_after=5), tries(503, retry_after=60)] == [4, 4, 1]
    assert tries(None, timed_out=True) == 6


def test_repeated_and_shuffled_webhooks_are_the_same_turns() -> None:
    desk = Simulation()
    desk.simulator.set_faults(FaultSettings(webhooks_twice=1.0, webhooks_shuffled=10.0))
    send_user_message(desk)
    send_user_message(desk, "Hello?")

    assert sorted(set(list_texts(desk.events))) == ["Hello?", "Where is my parcel?"]
    assert len(list_texts(desk.events)) == 4


def test_a_modified_webhook_is_refused() -> None:
    desk = Simulation()
    _, [delivery] = desk.simulator.send_user_message(UserMessage("zendesk", ADA, "Hello"), desk.now)

    with pytest.raises(Exception, match="signature"):
        desk.parse_deliveries([replace(delivery, body=delivery.body.replace(b"Hello", b"Hallo"))])


@pytest.mark.long
async def test_no_race_lets_the_bot_reply_after_an_agent() -> None:
    """An agent acts at any API call of a reply, in the same second or later: no public comment follows."""
    for seed in range(1000):
        await race(seed)


async def race(seed: int) -> None:
    chance = Random(seed)
    desk = Simulation()
    send_user_message(desk)
    desk.now += chance.choice([0.0, 0.3, 7.0])
    move, at = (
        chance.choice(["take", "reply", "reply_and_assign", "pass_on", "keep_off"]),
        chance.randrange(8),
    )
    if chance.random() < 0.3:
        desk.simulator.run_agent_action(ADA, "give_back", "", desk.now)
    calls, held_since = 0, 0

    def interfere(method: str, path: str) -> None:
        nonlocal calls, held_since
        calls += 1
        desk.now += chance.choice([0.01, 0.2, 0.9])
        if calls == at:
            desk.simulator.run_agent_action(ADA, move, "Mine.", desk.now)
            held_since = len(desk.list_lines())

    desk.before_call = interfere
    for _ in range(2):
        try:
            await desk.send()
        except (Rejected, Unavailable):
            continue
    if at and calls >= at:
        assert len(desk.list_lines()) == held_since, f"seed {seed}"


async def test_solved_answers_on_a_ticket_without_assignee_arrive() -> None:
    """Zendesk refuses to solve a ticket that nobody has: the bot assigns it to itself in the same update."""
    desk = Simulation(answered_status="solved")
    send_user_message(desk)
    await desk.send("It left today.")
    ticket = desk.simulator.tickets.find_open_ticket(ADA)

    assert ticket is not None
    assert (ticket.status, ticket.assignee_id) == ("solved", BOT_ID)
    assert send_user_message(desk, "Thanks, and the other one?") == ["Thanks, and the other one?"]
    await desk.send("Tomorrow.")
    assert [line.text for line in desk.list_lines()] == ["It left today.", "Tomorrow."]
    assert ControlAction.TAKE_OVER not in list_actions(desk.events)


async def test_an_answer_is_sent_without_a_status_that_the_accounts_rules_refuse() -> None:
    desk = Simulation(answered_status="solved")
    desk.simulator.ticket_api.required_to_solve = "order_number"
    send_user_message(desk)
    await desk.send("It left today.")
    ticket = desk.simulator.tickets.find_open_ticket(ADA)

    assert ticket is not None
    assert (ticket.status, ticket.assignee_id) == ("pending", None)
    assert [line.text for line in desk.list_lines()] == ["It left today."]


async def test_a_hand_off_reaches_agents_without_a_group_that_does_not_exist() -> None:
    desk = Simulation(group="1799999999999")
    send_user_message(desk)
    await desk.send("wants a person", act="hand_off")
    ticket = desk.simulator.tickets.find_open_ticket(ADA)

    assert ticket is not None
    assert (ticket.status, ticket.tags) == ("open", ["bot_handoff"])
    assert [line.text for line in desk.list_lines("note")] == ["wants a person"]
