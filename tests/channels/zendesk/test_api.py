"""Zendesk ticket client: reads, updates and error responses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import respx

from core.errors import Rejected, Unavailable
from core.model import Address, Attachment, Choice, Message, Reply
from core.ports import FetchError, HttpRequest, HttpResponse, ResponseTooLarge
from core.sessions import InMemorySessionStore
from tests.channels.zendesk.builders import (
    ACCEPTED,
    ADA,
    ADDRESS,
    AGENT,
    BASE,
    BOT,
    STAMP,
    Json,
    build_channel,
    build_comment,
    build_comments,
    build_ticket,
)

TICKET = f"{BASE}/tickets/5158.json"
SINCE = datetime(2026, 11, 23, 9, tzinfo=UTC)


def build_reply(**fields: Any) -> Reply:
    return Reply(**{"key": "turn.1", "address": ADDRESS, "body": "It left today.", **fields})


@pytest.fixture
def api() -> Iterator[respx.MockRouter]:
    with respx.mock(assert_all_called=False) as router:
        yield router


def mock_ticket(
    api: respx.MockRouter, *comments: Json, audits: list[Json] | None = None, **about: Any
) -> respx.Route:
    """Mock a ticket's reads and return the route of its update."""
    api.get(TICKET).respond(json=build_ticket(**about))
    api.get(f"{BASE}/tickets/5158/comments.json").respond(json=build_comments(*comments))
    api.get(f"{BASE}/tickets/5158/audits.json").respond(json={"audits": audits or [], "meta": {}})
    return api.put(TICKET).respond(json=ACCEPTED)


async def send(reply: Reply, **settings: str) -> str:
    async with httpx.AsyncClient() as http:
        return (await build_channel(**settings).send(reply, http)).provider_id


def read_body(route: respx.Route) -> Json:
    found = json.loads(route.calls.last.request.content)["ticket"]
    assert isinstance(found, dict)
    return found


async def test_a_reply_is_one_safe_update_that_keeps_the_tags(api: respx.MockRouter) -> None:
    route = mock_ticket(api, build_comment())

    assert await send(build_reply()) == "98765432102"
    assert read_body(route) == {
        "comment": {"html_body": "<p>It left today.</p>", "public": True},
        "status": "pending",
        "tags": ["web", "bot_answered"],
        "metadata": {"turngate": "turn.1"},
        "safe_update": True,
        "updated_stamp": STAMP,
    }


async def test_markdown_is_html_and_html_is_text(api: respx.MockRouter) -> None:
    route = mock_ticket(api, build_comment())
    await send(build_reply(body="**No** <script>alert(1)</script>\n\n1. Yes\n2. No"))

    assert read_body(route)["comment"]["html_body"] == (
        "<p><b>No</b> &lt;script&gt;alert(1)&lt;/script&gt;</p><ol><li>Yes</li><li>No</li></ol>"
    )


async def test_a_hand_off_is_one_note_to_the_group(api: respx.MockRouter) -> None:
    route = mock_ticket(api, build_comment(), assignee_id=int(BOT))
    await send(build_reply(act="hand_off", body="wants a person"))

    made = read_body(route)
    assert made["comment"] == {"html_body": "<p>wants a person</p>", "public": False}
    assert (made["assignee_id"], made["group_id"], made["status"]) == (None, 1700000000009, "open")
    assert made["tags"] == ["web", "bot_handoff"]


async def test_a_hand_off_keeps_an_agents_ticket_assigned(api: respx.MockRouter) -> None:
    route = mock_ticket(api, build_comment(), assignee_id=int(AGENT))
    await send(build_reply(act="hand_off"))

    assert not {"assignee_id", "group_id"} & set(read_body(route))


def build_assignment(user: str | None, number: int, author: str = AGENT) -> Json:
    change = {"id": number, "type": "Change", "field_name": "assignee_id", "value": user}
    return {
        "id": number,
        "created_at": f"2026-11-23T09:00:{number:02}Z",
        "author_id": int(author),
        "events": [change],
    }


def build_audit(comment: Json) -> Json:
    event = {**comment, "body": comment["plain_body"]}
    return {
        "id": comment["id"],
        "created_at": comment["created_at"],
        "author_id": comment["author_id"],
        "events": [event],
    }


ON = build_comment(AGENT, "/bot on", number=5, public=False)
WROTE = build_comment(AGENT, "I'll look.", number=4)
BY_BOT = build_comment(BOT, "One moment.", number=6)


@pytest.mark.parametrize(
    ("said", "audits", "about", "is_silent"),
    [
        ([WROTE], [build_audit(WROTE)], {}, True),
        ([WROTE], [build_audit(WROTE), build_assignment(BOT, 7)], {"assignee_id": int(BOT)}, False),
        ([WROTE], [build_assignment(BOT, 3), build_audit(WROTE)], {"assignee_id": int(BOT)}, True),
        ([WROTE, ON], [build_audit(WROTE), build_audit(ON)], {"assignee_id": int(AGENT)}, False),
        ([ON], [build_audit(ON), build_assignment(AGENT, 8)], {"assignee_id": int(AGENT)}, True),
        ([BY_BOT], [build_audit(BY_BOT), build_assignment(AGENT, 8)], {"assignee_id": int(AGENT)}, True),
        (
            [BY_BOT, ON],
            [build_assignment(AGENT, 3), build_audit(ON), build_audit(BY_BOT)],
            {"assignee_id": int(AGENT)},
            False,
        ),
        ([], [], {"assignee_id": int(AGENT)}, True),
        ([], [], {"assignee_id": int(BOT)}, False),
        ([], [], {"tags": ["bot_off"]}, True),
        ([WROTE], [build_audit(WROTE)], {"requester_id": int(AGENT)}, False),
        ([build_comment(ADA, "/bot off", number=9)], [], {}, False),
    ],
)
async def test_the_newest_agent_action_decides(
    api: respx.MockRouter, said: list[Json], audits: list[Json], about: Json, is_silent: bool
) -> None:
    route = mock_ticket(api, *said, audits=audits, **about)
    if is_silent:
        with pytest.raises(Rejected, match="the ticket is assigned to an agent"):
            await send(build_reply())
    else:
        await send(build_reply())
    assert route.called is not is_silent


async def test_an_agents_words_are_written_in_a_ticket_that_an_agent_has(api: respx.MockRouter) -> None:
    route = mock_ticket(api, build_comment(), assignee_id=int(AGENT))

    await send(build_reply(voice="person"))
    assert route.called


async def test_a_conflicting_update_reads_the_ticket_again(api: respx.MockRouter) -> None:
    mock_ticket(api, build_comment())
    api.get(TICKET).mock(
        side_effect=[
            httpx.Response(200, json=build_ticket()),
            httpx.Response(200, json=build_ticket(assignee_id=int(AGENT), updated_at="2026-11-23T10:00:01Z")),
        ]
    )
    route = api.put(TICKET).respond(409, json={"error": "UpdateConflict"})

    with pytest.raises(Rejected, match="assigned to an agent") as refused:
        await send(build_reply())
    assert refused.value.taken_over
    assert route.call_count == 1


@pytest.mark.parametrize("metadata", [{"custom": {"turngate": "turn.1"}}, {}])
async def test_a_put_repeated_by_the_client_is_not_sent_again(api: respx.MockRouter, metadata: Json) -> None:
    """An HTTP client may send a PUT twice: the second is refused by safe_update, and the comment exists."""
    mock_ticket(api, build_comment())
    now = datetime.now(UTC).isoformat()
    ours = build_comment(BOT, "It left today.", number=7, metadata=metadata, created_at=now)
    api.get(f"{BASE}/tickets/5158/comments.json").mock(
        side_effect=[
            httpx.Response(200, json=build_comments()),
            httpx.Response(200, json=build_comments(ours)),
        ]
    )
    route = api.put(TICKET).respond(409, json={"error": "UpdateConflict"})

    assert await send(build_reply()) == "7"
    assert route.call_count == 1


async def test_an_earlier_comment_with_the_same_text_is_not_matched(api: respx.MockRouter) -> None:
    same = build_comment(BOT, "It left today.", number=7, created_at=datetime.now(UTC).isoformat())
    route = mock_ticket(api, same)

    assert await send(build_reply()) == "98765432102"
    assert route.called


async def test_repeated_conflicts_postpone_the_reply(api: respx.MockRouter) -> None:
    mock_ticket(api, build_comment())
    route = api.put(TICKET).respond(409, json={"error": "UpdateConflict"})

    with pytest.raises(Unavailable) as error:
        await send(build_reply())
    assert (route.call_count, error.value.retry_after) == (3, 10)


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [(429, {"Retry-After": "93"}, 93), (429, {}, 30), (423, {}, 10), (423, {"Retry-After": "2"}, 2)],
)
async def test_rate_limits_with_and_without_retry_after(
    api: respx.MockRouter, status: int, headers: dict[str, str], seconds: int
) -> None:
    mock_ticket(api, build_comment())
    api.put(TICKET).respond(status, headers=headers)

    with pytest.raises(Unavailable) as error:
        await send(build_reply())
    assert error.value.retry_after == seconds


async def test_retry_after_of_a_failed_read_is_kept(api: respx.MockRouter) -> None:
    mock_ticket(api, build_comment())
    api.get(TICKET).respond(503, headers={"Retry-After": "20"})

    with pytest.raises(Unavailable) as error:
        await send(build_reply())
    assert error.value.retry_after == 20


@pytest.mark.long
async def test_two_date_headers_do_not_break_a_send(api: respx.MockRouter) -> None:
    mock_ticket(api, build_comment())
    date = "Mon, 05 Jan 2026 10:00:00 GMT"
    api.get(TICKET).respond(json=build_ticket(), headers={"Date": f"{date}, {date}"})

    assert await send(build_reply()) == "98765432102"


async def test_a_closed_ticket_is_rejected(api: respx.MockRouter) -> None:
    route = mock_ticket(api, status="closed")

    with pytest.raises(Rejected, match="closed"):
        await send(build_reply())
    assert not route.called


async def test_the_reason_has_no_phone_numbers(api: respx.MockRouter) -> None:
    mock_ticket(api, build_comment())
    details = {"status": [{"description": "Status: closed prevents ticket update for +15550100"}]}
    api.put(TICKET).respond(422, json={"error": "RecordInvalid", "details": details})

    with pytest.raises(Rejected, match="prevents ticket update") as error:
        await send(build_reply())
    assert "5550100" not in error.value.reason


async def test_the_bot_waits_before_the_limit_of_thirty_updates(api: respx.MockRouter) -> None:
    now = datetime.now(UTC)
    own = [
        build_comment(BOT, "so", number=n + 1, created_at=(now - timedelta(seconds=500 - n)).isoformat())
        for n in range(26)
    ]
    route = mock_ticket(api, *own)

    with pytest.raises(Unavailable) as error:
        await send(build_reply())
    assert error.value.retry_after == pytest.approx(101, abs=5)
    assert error.value.one_contact
    assert not route.called


@pytest.mark.parametrize(
    ("said", "found"),
    [
        (build_comment(BOT, "anything", number=7, metadata={"custom": {"turngate": "turn.1"}}), "7"),
        (build_comment(BOT, "It left today.", number=7, metadata={"custom": {"turngate": "turn.0"}}), None),
        (build_comment(BOT, "It  left today.\n", number=7), "7"),
        (build_comment(BOT, "It left today.", number=8), None),
        (build_comment(ADA, "It left today.", number=7), None),
        (build_comment(BOT, "It left today.", number=7, public=False), None),
        (build_comment(BOT, "It left today.", number=7, created_at="2026-11-23T08:00:00Z"), None),
    ],
)
async def test_an_accepted_reply_is_found(api: respx.MockRouter, said: Json, found: str | None) -> None:
    mock_ticket(api, said)
    async with httpx.AsyncClient() as http:
        sent = await build_channel().find_sent(build_reply(), http, since=SINCE, known={"8"})
    assert (sent.provider_id if sent else None) == found


class FakeFetcher:
    """Fetcher of one file."""

    def __init__(self, answer: HttpResponse | FetchError) -> None:
        self._answer = answer

    async def fetch(self, request: HttpRequest) -> HttpResponse:
        if isinstance(self._answer, FetchError):
            raise self._answer
        return self._answer

    async def aclose(self) -> None:
        pass


FILE = Attachment(url="https://files.example.com/a/receipt", content_type="application/pdf")


async def test_a_file_is_uploaded_with_the_comment(api: respx.MockRouter) -> None:
    route = mock_ticket(api, build_comment())
    uploads = api.post(f"{BASE}/uploads.json").respond(201, json={"upload": {"token": "tok1"}})
    found = build_channel()
    found.set_dependencies(
        credentials=InMemorySessionStore(), fetch=FakeFetcher(HttpResponse(status=200, body=b"%PDF"))
    )
    async with httpx.AsyncClient() as http:
        await found.send(build_reply(media=(FILE,)), http)

    request = uploads.calls.last.request
    assert (request.url.params["filename"], request.content) == ("receipt.pdf", b"%PDF")
    assert request.headers["content-type"] == "application/pdf"
    assert read_body(route)["comment"]["uploads"] == ["tok1"]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (HttpResponse(status=404), Rejected),
        (HttpResponse(status=503, body=b"<html>"), Unavailable),
        (HttpResponse(status=429), Unavailable),
        (FetchError("no answer", sent=False), Unavailable),
    ],
)
async def test_a_missing_file_is_rejected(
    api: respx.MockRouter, answer: HttpResponse | FetchError, expected: type[Exception]
) -> None:
    route = mock_ticket(api, build_comment())
    found = build_channel()
    found.set_dependencies(credentials=InMemorySessionStore(), fetch=FakeFetcher(answer))
    async with httpx.AsyncClient() as http:
        with pytest.raises(expected):
            await found.send(build_reply(media=(FILE,)), http)
    assert not route.called


@pytest.mark.parametrize("status", [413, 415, 422])
async def test_the_text_of_a_file_that_zendesk_refuses_is_sent_with_its_url(
    api: respx.MockRouter, status: int
) -> None:
    route = mock_ticket(api, build_comment())
    api.post(f"{BASE}/uploads.json").respond(status, text="<html>no</html>")
    found = build_channel()
    found.set_dependencies(
        credentials=InMemorySessionStore(), fetch=FakeFetcher(HttpResponse(status=200, body=b"%PDF"))
    )
    async with httpx.AsyncClient() as http:
        await found.send(build_reply(media=(FILE,)), http)

    comment = read_body(route)["comment"]
    assert "uploads" not in comment
    assert FILE.url in comment["html_body"]


async def test_the_text_of_a_file_that_is_too_large_is_sent_with_its_url(api: respx.MockRouter) -> None:
    route = mock_ticket(api, build_comment())
    found = build_channel()
    fetch = FakeFetcher(ResponseTooLarge("20 MB", sent=True))
    found.set_dependencies(credentials=InMemorySessionStore(), fetch=fetch)
    async with httpx.AsyncClient() as http:
        await found.send(build_reply(media=(FILE,)), http)

    assert FILE.url in read_body(route)["comment"]["html_body"]


async def test_an_email_address_creates_a_ticket_once(api: respx.MockRouter) -> None:
    route = api.post(f"{BASE}/tickets.json").respond(201, json={"ticket": {"id": 5160}})
    address = Address(channel="zendesk", account="example", ours="example", theirs="ada@example.com")
    made = build_reply(address=address)

    assert await send(made) == "5160"
    request = route.calls.last.request
    assert read_body(route)["requester"] == {"email": "ada@example.com", "name": "ada"}
    assert request.headers["idempotency-key"] == read_body(route)["external_id"]
    assert "ada" not in request.headers["idempotency-key"]
    api.get(f"{BASE}/tickets.json").respond(json={"tickets": [{"id": 5160}]})
    async with httpx.AsyncClient() as http:
        found = await build_channel().find_sent(made, http, since=SINCE, known=())
    assert found is not None
    assert found.provider_id == "5160"


def test_choices_are_numbered_and_a_message_is_one_comment() -> None:
    message = Message(
        text="**Which?**", choices=(Choice(label="This", payload="1"), Choice(label="That", payload="2"))
    )
    [part] = build_channel().render(message, ADDRESS)

    assert part.body == "**Which?**\n\n1. This\n2. That"
    files = tuple(FILE for _ in range(7))
    assert [len(each.media) for each in build_channel().render(Message(text="", media=files), ADDRESS)] == [
        5,
        2,
    ]
