"""Calls of the simulated API: refusals, limits, tokens, pages, files and failures."""

from __future__ import annotations

import json

import pytest

from channels._kit.simulator import (
    Fault,
    FaultSettings,
    Operation,
    UserMessage,
)
from core.errors import Rejected, Unavailable, Unknown
from core.model import FailureKind
from tests.channels.zendesk.simulation import ADA, Simulation, send_user_message


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
    send_user_message(desk)
    await desk.send()
    desk.now += 3600
    await desk.send()
    assert desk.simulator.admin.grant_count == 2
    desk.simulator.admin.revoke()
    await desk.send()
    assert desk.simulator.admin.grant_count == 3
    assert len(desk.list_lines()) == 3


async def test_wrong_credentials_are_an_account_wide_rejection() -> None:
    desk = Simulation()
    send_user_message(desk)
    desk.simulator.admin.change_api_token("another")

    with pytest.raises(Rejected) as error:
        await desk.send()
    assert error.value.failure is FailureKind.ACCOUNT


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
    send_user_message(desk)
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
    send_user_message(desk)

    assert desk.call(method, path, body).status == 400


def test_a_space_separates_tags() -> None:
    desk = Simulation()
    send_user_message(desk)

    assert desk.call("PUT", "/tickets/5158.json", {"ticket": {"tags": ["a b", "c"]}}).status == 200
    ticket = desk.simulator.tickets.find_open_ticket(ADA)
    assert ticket is not None
    assert ticket.tags == ["a", "b", "c"]


def test_comments_are_sorted_and_paged_as_documented() -> None:
    desk = Simulation()
    for number in range(7):
        send_user_message(desk, f"message {number}")

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
        send_user_message(desk, f"message {number}")
    desk.simulator.set_faults(FaultSettings(next=(Fault.DROP_AFTER,)))

    with pytest.raises(Unknown):
        await desk.send("It left today.")
    found = await desk.find_sent("It left today.")
    assert found is not None
    assert len(desk.list_lines()) == 1


@pytest.mark.parametrize("operation", [Operation.LOOK_UP, Operation.UPLOAD])
async def test_look_ups_and_uploads_can_fail_too(operation: Operation) -> None:
    desk = Simulation()
    send_user_message(desk)
    desk.simulator.set_faults(FaultSettings(next=(Fault.UNAVAILABLE,), operations=(operation,)))
    path, method = (
        ("/tickets/5158.json", "GET") if operation is Operation.LOOK_UP else ("/uploads.json", "POST")
    )

    assert desk.call(method, path).status == 503
    assert desk.call(method, f"{path}?filename=a.png").status in (200, 201)


def test_an_uploaded_file_is_served() -> None:
    desk = Simulation()
    send_user_message(desk)
    assert desk.call("POST", "/uploads.json").status == 400
    upload = json.loads(desk.call("POST", "/uploads.json?filename=a.png", b"png", "image/png").body)["upload"]
    url = upload["attachment"]["content_url"]
    desk.call(
        "PUT", "/tickets/5158.json", {"ticket": {"comment": {"body": "x", "uploads": [upload["token"]]}}}
    )

    assert desk.list_lines()[-1].media == (url,)
    assert desk.call("GET", url.partition("example.zendesk.com")[2], absolute=True).body == b"png"


def test_the_accounts_calls_are_limited_and_counted_in_headers() -> None:
    desk = Simulation()
    send_user_message(desk)
    answers = [desk.call("GET", "/tickets/5158.json") for _ in range(701)]

    assert [each.status for each in answers[699:]] == [200, 429]
    assert answers[0].headers["x-rate-limit-remaining"] == "699"
    assert 1 <= int(answers[700].headers["retry-after"]) <= 60
    desk.now += 60
    assert desk.call("GET", "/tickets/5158.json").status == 200
