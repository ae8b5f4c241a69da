"""Zendesk simulator against the channel: both kinds of webhooks, agents, limits and races."""

from __future__ import annotations

import json
from dataclasses import replace
from random import Random

import pytest

from channels._kit.simulator import (
    Fault,
    FaultSettings,
    Operation,
    UserMessage,
    WebhookDelivery,
    WebhookResult,
)
from channels.zendesk.simulator.tickets import BOT_ID, HAND_OFF_GROUP_ID
from core.errors import Rejected, Unavailable, Unknown
from core.model import ControlAction, FailureKind, TurnReceived
from tests.channels.zendesk.simulation import Simulation, acts, turns

ADA = "ada@example.com"


def say(desk: Simulation, text: str = "Where is my parcel?", **more: object) -> list[str]:
    """Send a message as Ada and return the texts of the turns."""
    _, deliveries = desk.simulator.send_user_message(UserMessage("zendesk", ADA, text, **more), desk.now)  # type: ignore[arg-type]
    found = turns(desk.hear(deliveries))
    desk.now += 5
    return found


def act(desk: Simulation, move: str, text: str = "") -> list[ControlAction]:
    """Run an agent's action and return the control actions."""
    found = acts(desk.hear(desk.simulator.run_agent_action(ADA, move, text, desk.now)))
    desk.now += 5
    return found


@pytest.mark.parametrize("by_triggers", [False, True])
async def test_a_conversation_works_with_either_kind_of_webhook(by_triggers: bool) -> None:
    desk = Simulation(by_triggers=by_triggers)

    assert say(desk) == ["Where is my parcel?"]
    await desk.send("Which one?")
    assert say(desk, 'The "blue" one\nplease') == ['The "blue" one\nplease']
    await desk.send("It left today.")
    assert turns(desk.events) == ["Where is my parcel?", 'The "blue" one\nplease']
    assert acts(desk.events) == []
    assert [line.text for line in desk.lines()] == ["Which one?", "It left today."]
    assert desk.lines()[-1].status == "pending"


@pytest.mark.parametrize("by_triggers", [False, True])
def test_agent_actions_are_reported_by_either_kind_of_webhook(by_triggers: bool) -> None:
    desk = Simulation(by_triggers=by_triggers)
    say(desk)

    assert ControlAction.TAKE_OVER in act(desk, "take")
    assert ControlAction.GIVE_BACK in act(desk, "give_back")
    assert ControlAction.TAKE_OVER in act(desk, "reply", "I'll look.")
    assert act(desk, "note", "call her") == []
    assert act(desk, "note", "/bot on") == [ControlAction.GIVE_BACK]
    assert ControlAction.TAKE_OVER in act(desk, "reply_and_assign", "Mine now.")
    assert act(desk, "pass_on") == [ControlAction.TAKE_OVER]
    assert ControlAction.CLOSE in act(desk, "solve")
    assert say(desk, "Thanks, but no") == ["Thanks, but no"]
    assert acts(desk.events)[-1] is ControlAction.TAKE_OVER  # it is a person's ticket that was reopened


def test_deletion_and_merge_are_reported_by_events() -> None:
    for move in ("merge", "delete"):
        desk = Simulation()
        say(desk)
        assert ControlAction.CLOSE in act(desk, move)


def test_the_bot_off_tag_disables_and_enables_the_bot() -> None:
    desk = Simulation()
    say(desk)

    assert act(desk, "keep_off") == [ControlAction.TAKE_OVER]
    assert act(desk, "let_in") == [ControlAction.GIVE_BACK]


@pytest.mark.parametrize("move", ["reply", "dance"])
def test_impossible_actions_raise(move: str) -> None:
    desk = Simulation()
    say(desk)

    with pytest.raises(KeyError):
        act(desk, move)


def test_the_desk_status_is_that_of_the_ticket() -> None:
    desk = Simulation()
    assert desk.simulator.get_desk_status(ADA).words == ""
    say(desk)
    act(desk, "take")

    assert desk.simulator.get_desk_status(ADA).words == "open, assigned to Grace"


def test_a_move_to_another_group_is_a_take_over() -> None:
    desk = Simulation()
    say(desk)

    assert act(desk, "group") == [ControlAction.TAKE_OVER]


@pytest.mark.parametrize("by_triggers", [False, True])
@pytest.mark.parametrize("is_first", [False, True])
async def test_files_are_fetched_before_the_turn_is_answered(is_first: bool, by_triggers: bool) -> None:
    desk = Simulation(by_triggers=by_triggers)
    if not is_first:
        say(desk)
    url = "https://example.zendesk.com/attachments/token/x/?name=a.png"
    say(desk, "Look", media=(url,), media_type="image/png")
    say(desk, "Did you see it?")
    heard = [each.turn for each in desk.events if isinstance(each, TurnReceived)]
    found = [await desk.channel.enrich_turn(turn, desk.http) for turn in heard]

    assert [turn.text for turn in found if turn.attachments] == ["Look"]
    [file] = [file for turn in found for file in turn.attachments]
    assert (file.url, file.content_type) == (url, "image/png")


@pytest.mark.parametrize("by_triggers", [False, True])
async def test_a_hand_off_is_a_note_and_not_a_take_over(by_triggers: bool) -> None:
    desk = Simulation(by_triggers=by_triggers)
    say(desk)
    await desk.send("I'm passing you on.")
    await desk.send("wants a person", act="hand_off")
    ticket = desk.simulator.tickets.find_open_ticket(ADA)

    assert ticket is not None
    assert (ticket.group_id, ticket.assignee_id, ticket.status) == (HAND_OFF_GROUP_ID, None, "open")
    assert ticket.tags == ["bot_answered", "bot_handoff"]
    assert [line.text for line in desk.lines("note")] == ["wants a person"]
    assert acts(desk.events) == []
    assert ControlAction.TAKE_OVER in act(desk, "take")
    with pytest.raises(Rejected, match="assigned to an agent"):
        await desk.send("too late")


async def test_other_tags_stay() -> None:
    desk = Simulation()
    say(desk)
    ticket = desk.simulator.tickets.find_open_ticket(ADA)
    assert ticket is not None
    ticket.tags = ["vip"]
    await desk.send()

    assert ticket.tags == ["vip", "bot_answered"]


async def test_sends_to_merged_deleted_or_closed_tickets_are_rejected() -> None:
    desk = Simulation()
    say(desk)
    ticket = desk.simulator.tickets.find_open_ticket(ADA)
    assert ticket is not None
    act(desk, "merge")
    with pytest.raises(Rejected, match="closed"):
        await desk.send(ticket=ticket.id)
    say(desk, "A new one")
    other = desk.simulator.tickets.find_open_ticket(ADA)
    assert other is not None
    act(desk, "delete")
    with pytest.raises(Rejected, match="404"):
        await desk.send(ticket=other.id)
    assert desk.lines() == []


async def test_a_ticket_closed_between_read_and_update_is_rejected() -> None:
    desk = Simulation()
    say(desk)

    def close(method: str, path: str) -> None:
        if method == "PUT":
            desk.before_call = lambda method, path: None
            act(desk, "merge")

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
    say(desk)
    desk.simulator.set_faults(FaultSettings(next=(fault,)))

    with pytest.raises(Unknown):
        await desk.send()
    taken = fault in (Fault.ERROR_AFTER, Fault.DROP_AFTER)
    assert len(desk.lines()) == taken


async def test_the_bot_stays_below_thirty_updates_in_ten_minutes() -> None:
    desk = Simulation()
    say(desk)
    for _ in range(25):
        await desk.send()
        desk.now += 3
    with pytest.raises(Unavailable) as error:
        await desk.send()
    assert error.value.code == "ticket_updates"
    assert error.value.retry_after is not None
    desk.now += error.value.retry_after
    await desk.send()


@pytest.mark.parametrize("sends_retry_after", [True, False])
async def test_the_accounts_update_limit(sends_retry_after: bool) -> None:
    desk = Simulation(sends_retry_after=sends_retry_after)
    for person in range(101):
        desk.simulator.send_user_message(UserMessage("zendesk", f"p{person}@example.com", "Hello"), desk.now)
    desk.now += 5
    numbers = list(desk.simulator.tickets.tickets)
    for number in numbers[:100]:
        await desk.send(ticket=number)
    with pytest.raises(Unavailable) as error:
        await desk.send(ticket=numbers[100])
    assert error.value.retry_after == (61 if sends_retry_after else 30)


async def test_an_expired_or_revoked_token_is_refreshed() -> None:
    desk = Simulation(oauth=True)
    say(desk)
    await desk.send()
    desk.now += 3600
    await desk.send()
    assert desk.simulator.admin.grant_count == 2
    desk.simulator.admin.revoke()
    await desk.send()
    assert desk.simulator.admin.grant_count == 3
    assert len(desk.lines()) == 3


async def test_wrong_credentials_are_an_account_wide_rejection() -> None:
    desk = Simulation()
    say(desk)
    desk.simulator.admin.change_api_token("another")

    with pytest.raises(Rejected) as error:
        await desk.send()
    assert error.value.failure is FailureKind.ACCOUNT


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
    say(desk)
    say(desk, "Hello?")

    assert sorted(set(turns(desk.events))) == ["Hello?", "Where is my parcel?"]
    assert len(turns(desk.events)) == 4


def test_a_modified_webhook_is_refused() -> None:
    desk = Simulation()
    _, [delivery] = desk.simulator.send_user_message(UserMessage("zendesk", ADA, "Hello"), desk.now)

    with pytest.raises(Exception, match="signature"):
        desk.hear([replace(delivery, body=delivery.body.replace(b"Hello", b"Hallo"))])


@pytest.mark.long
async def test_no_race_lets_the_bot_reply_after_an_agent() -> None:
    """An agent acts at any API call of a reply, in the same second or later: no public comment follows."""
    for seed in range(1000):
        await race(seed)


async def race(seed: int) -> None:
    chance = Random(seed)
    desk = Simulation()
    say(desk)
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
            held_since = len(desk.lines())

    desk.before_call = interfere
    for _ in range(2):
        try:
            await desk.send()
        except (Rejected, Unavailable):
            continue
    if at and calls >= at:
        assert len(desk.lines()) == held_since, f"seed {seed}"


async def test_solved_answers_on_a_ticket_without_assignee_arrive() -> None:
    """Zendesk refuses to solve a ticket that nobody has: the bot assigns it to itself in the same update."""
    desk = Simulation(answered_status="solved")
    say(desk)
    await desk.send("It left today.")
    ticket = desk.simulator.tickets.find_open_ticket(ADA)

    assert ticket is not None
    assert (ticket.status, ticket.assignee_id) == ("solved", BOT_ID)
    assert say(desk, "Thanks, and the other one?") == ["Thanks, and the other one?"]
    await desk.send("Tomorrow.")
    assert [line.text for line in desk.lines()] == ["It left today.", "Tomorrow."]
    assert ControlAction.TAKE_OVER not in acts(desk.events)


async def test_an_answer_is_sent_without_a_status_that_the_accounts_rules_refuse() -> None:
    desk = Simulation(answered_status="solved")
    desk.simulator.required_to_solve = "order_number"
    say(desk)
    await desk.send("It left today.")
    ticket = desk.simulator.tickets.find_open_ticket(ADA)

    assert ticket is not None
    assert (ticket.status, ticket.assignee_id) == ("pending", None)
    assert [line.text for line in desk.lines()] == ["It left today."]


async def test_a_hand_off_reaches_agents_without_a_group_that_does_not_exist() -> None:
    desk = Simulation(group="1799999999999")
    say(desk)
    await desk.send("wants a person", act="hand_off")
    ticket = desk.simulator.tickets.find_open_ticket(ADA)

    assert ticket is not None
    assert (ticket.status, ticket.tags) == ("open", ["bot_handoff"])
    assert [line.text for line in desk.lines("note")] == ["wants a person"]


@pytest.mark.parametrize(
    ("fields", "status", "error"),
    [
        ({"status": "solved"}, 422, "Assignee: is required"),
        ({"status": "closed"}, 422, "Status"),
        ({"status": "dancing"}, 422, "Status"),
        ({"assignee_id": 12345}, 422, "Assignee: is invalid"),
        ({"assignee_id": "ZZZ"}, 422, "Assignee: is invalid"),
        ({"group_id": 12345}, 422, "Group"),
        ({"tags": ["x" * 256]}, 422, "Tags"),
        ({"tags": "vip"}, 400, "tags"),
        ({"priority": "soon"}, 422, "Priority"),
        ({"comment": {"body": "  "}}, 422, "comment body"),
        ({"comment": {"body": "x", "uploads": ["nope"]}}, 422, "upload"),
        ({"comment": "words"}, 400, "comment"),
    ],
)
def test_updates_that_zendesk_refuses_are_refused(fields: object, status: int, error: str) -> None:
    desk = Simulation()
    say(desk)
    answer = desk.call("PUT", "/tickets/5158.json", {"ticket": fields})

    assert answer.status == status
    assert error in answer.body.decode()


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"ticket": []}', b"\xff"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/tickets.json"),
        ("PUT", "/tickets/5158.json"),
        ("POST", "/triggers.json"),
        ("POST", "/webhooks"),
    ],
)
def test_malformed_bodies_are_the_providers_400(method: str, path: str, body: bytes) -> None:
    desk = Simulation()
    say(desk)

    assert desk.call(method, path, body).status == 400


def test_a_space_separates_tags() -> None:
    desk = Simulation()
    say(desk)

    assert desk.call("PUT", "/tickets/5158.json", {"ticket": {"tags": ["a b", "c"]}}).status == 200
    ticket = desk.simulator.tickets.find_open_ticket(ADA)
    assert ticket is not None
    assert ticket.tags == ["a", "b", "c"]


def test_comments_are_sorted_and_paged_as_documented() -> None:
    desk = Simulation()
    for number in range(7):
        say(desk, f"message {number}")

    def page(query: str) -> tuple[list[str], dict[str, object]]:
        body = json.loads(desk.call("GET", f"/tickets/5158/comments.json?{query}").body)
        return [each["plain_body"][-1] for each in body["comments"]], body

    assert page("")[0] == list("0123456")
    assert page("sort_order=desc&per_page=2&page=2")[0] == ["4", "3"]
    assert "users" not in page("")[1]
    assert "users" in page("include=users")[1]
    texts, body = page("page[size]=3&sort=-created_at")
    assert texts == ["6", "5", "4"]
    assert body["meta"]["has_more"] is True  # type: ignore[index]
    cursor = body["meta"]["after_cursor"]  # type: ignore[index]
    assert page(f"page[size]=3&sort=-created_at&page[after]={cursor}")[0] == ["3", "2", "1"]
    assert desk.call("GET", "/tickets/5158/comments.json?page[after]=nonsense").status == 400


async def test_an_answer_is_found_on_a_ticket_of_more_than_a_hundred_comments() -> None:
    desk = Simulation()
    for number in range(120):
        say(desk, f"message {number}")
    desk.simulator.set_faults(FaultSettings(next=(Fault.DROP_AFTER,)))

    with pytest.raises(Unknown):
        await desk.send("It left today.")
    found = await desk.find_sent("It left today.")
    assert found is not None
    assert len(desk.lines()) == 1


@pytest.mark.parametrize("operation", [Operation.LOOK_UP, Operation.UPLOAD])
async def test_look_ups_and_uploads_can_fail_too(operation: Operation) -> None:
    desk = Simulation()
    say(desk)
    desk.simulator.set_faults(FaultSettings(next=(Fault.UNAVAILABLE,), operations=(operation,)))
    path, method = (
        ("/tickets/5158.json", "GET") if operation is Operation.LOOK_UP else ("/uploads.json", "POST")
    )

    assert desk.call(method, path).status == 503
    assert desk.call(method, f"{path}?filename=a.png").status in (200, 201)


def test_an_uploaded_file_is_served() -> None:
    desk = Simulation()
    say(desk)
    assert desk.call("POST", "/uploads.json").status == 400
    upload = json.loads(desk.call("POST", "/uploads.json?filename=a.png", b"png", "image/png").body)["upload"]
    url = upload["attachment"]["content_url"]
    desk.call(
        "PUT", "/tickets/5158.json", {"ticket": {"comment": {"body": "x", "uploads": [upload["token"]]}}}
    )

    assert desk.lines()[-1].media == (url,)
    assert desk.call("GET", url.partition("example.zendesk.com")[2], absolute=True).body == b"png"


def test_the_accounts_calls_are_limited_and_counted_in_headers() -> None:
    desk = Simulation()
    say(desk)
    answers = [desk.call("GET", "/tickets/5158.json") for _ in range(701)]

    assert [each.status for each in answers[699:]] == [200, 429]
    assert answers[0].headers["x-rate-limit-remaining"] == "699"
    assert 1 <= int(answers[700].headers["retry-after"]) <= 60
    desk.now += 60
    assert desk.call("GET", "/tickets/5158.json").status == 200
