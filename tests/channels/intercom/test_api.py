"""Intercom API client: requests, error responses and look-ups."""

from __future__ import annotations

import time

import httpx
import pytest
import respx

from channels._kit.outbound import classify_http_error
from core.errors import ConfigurationError, Rejected, Unavailable, Unknown
from core.model import Attachment, Choice, FailureKind
from tests.channels.intercom.api_calls import NOT_FOUND, YES, build_reply, find_sent, read_posts, render, send
from tests.channels.intercom.builders import (
    BASE,
    BOT,
    FIN,
    GRACE,
    PERSON,
    TOKEN,
    US,
    Json,
    build_channel,
    build_conversation,
    build_part,
)


async def test_a_comment_is_html_from_the_bots_teammate(api: respx.MockRouter) -> None:
    sent = await send(build_reply(body="It **left** <us>\ntoday"))

    assert read_posts(api) == [
        {
            "type": "admin",
            "admin_id": BOT,
            "message_type": "comment",
            "body": "<p>It <b>left</b> &lt;us&gt;<br>today</p>",
        }
    ]
    assert sent.provider_id == build_part(number=9)["id"]
    headers = api.calls.last.request.headers
    assert (headers["authorization"], headers["intercom-version"]) == (f"Bearer {TOKEN}", "2.14")


async def test_quick_replies_are_a_separate_call_after_the_question(api: respx.MockRouter) -> None:
    question, options = render(text="Is *that* right?", choices=(YES, Choice(label="No", payload="no")))
    await send(build_reply(**dict(options)))

    assert (question.body, question.choices) == ("Is *that* right?", ())
    assert options.body == "Yes / No"
    [body] = read_posts(api)
    assert body["message_type"] == "quick_reply"
    assert [each["text"] for each in body["reply_options"]] == ["Yes", "No"]
    assert len({each["uuid"] for each in body["reply_options"]}) == 2
    assert "body" not in body


def test_choices_that_do_not_fit_are_numbered_and_shown_literally() -> None:
    [part] = render(text="Which?", choices=(Choice(label="a*b*c " * 6, payload="1"), YES))

    assert part.body.startswith("Which?\n\n1. a\\*b\\*c")
    assert part.body.endswith("2. Yes")


def test_only_web_links_are_rendered_as_links() -> None:
    page = Choice(label="Our page", payload="", url="https://shop.example/a_b")
    [part] = render(text="See", choices=(page, Choice(label="x", payload="", url="javascript:alert(1)")))

    assert part.body == "See\n\n1. [Our page](<https://shop.example/a_b>)\n2. x javascript:alert(1)"


async def test_images_are_attached_and_other_files_are_linked(api: respx.MockRouter) -> None:
    media = tuple(
        Attachment(url=f"https://files.example.com/{number}.png", content_type="image/png")
        for number in range(12)
    )
    bill = Attachment(url="https://files.example.com/my%20bill.pdf", content_type="application/pdf")
    first, second, text = render(text="Here", media=(*media, bill))
    await send(build_reply(**dict(second)))

    assert (len(first.media), len(second.media)) == (10, 2)
    assert text.body == "Here\n\n[my bill.pdf](<https://files.example.com/my%20bill.pdf>)"
    [body] = read_posts(api)
    assert body["attachment_urls"] == [each.url for each in media[10:]]
    assert '<a href="https://files.example.com/10.png">10.png</a>' in body["body"]


@pytest.mark.parametrize(
    ("more", "where", "silent"),
    [
        (build_part("I am on it.", PERSON, 7), {}, True),
        (build_part("I am on it.", PERSON, 7, part_type="assignment"), {}, True),
        (build_part(None, PERSON, 7, part_type="assignment"), {"admin": GRACE}, True),
        (build_part(None, FIN, 7, part_type="assignment"), {"admin": GRACE}, True),
        (build_part("I am on it.", PERSON, 7, part_type="something_new"), {"admin": BOT}, True),
        (build_part("The bot goes on.", PERSON, 7, part_type="assignment"), {"admin": BOT}, False),
        (build_part(None, PERSON, 7, part_type="assignment"), {}, False),
        (build_part("kind", PERSON, 7, part_type="note"), {}, False),
        (build_part("We answer in an hour.", FIN, 7), {}, False),
        (build_part("I was on it.", PERSON, 4), {"admin": GRACE}, False),
        (build_part("Hello", US, 7), {}, False),
    ],
)
async def test_a_reply_is_refused_if_an_agent_joined_since_the_message(
    api: respx.MockRouter, more: Json, where: Json, silent: bool
) -> None:
    """This holds even if the webhook about it is late or lost."""
    turn = build_part(number=5)
    api.get(BASE).respond(json=build_conversation(turn, more, **where))
    made = build_reply().model_copy(update={"key": f"{turn['id']}.1"})

    if silent:
        with pytest.raises(Rejected, match="assigned to an agent") as refused:
            await send(made)
        assert refused.value.taken_over
    else:
        await send(made)
    assert len(read_posts(api)) == (0 if silent else 1)


async def test_a_reminder_is_compared_with_the_newest_message_and_an_agents_message_with_none(
    api: respx.MockRouter,
) -> None:
    api.get(BASE).respond(json=build_conversation(build_part(number=5), build_part("I am on it.", PERSON, 7)))

    with pytest.raises(Rejected):
        await send(build_reply())
    assert await send(build_reply(voice="person"))
    api.get(BASE).respond(
        json=build_conversation(build_part("I was on it.", PERSON, 4), build_part(number=5))
    )
    assert await send(build_reply())


async def test_the_source_message_is_older_than_every_part(api: respx.MockRouter) -> None:
    api.get(BASE).respond(json=build_conversation(build_part("I am on it.", PERSON, 1)))

    with pytest.raises(Rejected):
        await send(build_reply().model_copy(update={"key": "source:3381000001.1"}))


async def test_a_response_without_the_comment_is_an_unknown_outcome(api: respx.MockRouter) -> None:
    api.post(f"{BASE}/reply").respond(200, json={})

    with pytest.raises(Unknown):
        await send(build_reply())


@pytest.mark.parametrize(
    ("headers", "least", "most"),
    [
        ({"Retry-After": "7"}, 7, 7),
        ({"X-RateLimit-Reset": "in 8 s"}, 5, 8),
        ({"X-RateLimit-Reset": "1"}, 1, 1),
        ({"X-RateLimit-Reset": "never"}, 10, 10),
        ({}, 10, 10),
    ],
)
async def test_a_rate_limit_ends_with_its_window(
    api: respx.MockRouter, headers: dict[str, str], least: float, most: float
) -> None:
    errors = [{"code": "rate_limit_exceeded", "message": "Exceeded"}]
    headers = {name: value.replace("in 8 s", str(int(time.time()) + 8)) for name, value in headers.items()}
    api.post(f"{BASE}/reply").respond(429, headers=headers, json={"type": "error.list", "errors": errors})

    with pytest.raises(Unavailable, match="rate_limit_exceeded") as error:
        await send(build_reply())
    assert error.value.retry_after is not None
    assert least <= error.value.retry_after <= most


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (400, "parameter_invalid", Rejected),
        (404, "conversation_not_found", Rejected),
        (413, "payload_too_large", Rejected),
        (422, "data_invalid", Rejected),
        (409, "conflict", Unknown),
        (408, "timeout", Unknown),
        (301, "", Unavailable),
    ],
)
async def test_other_error_responses_are_classified(
    api: respx.MockRouter, status: int, code: str, expected: type[Exception]
) -> None:
    api.post(f"{BASE}/reply").respond(
        status, json={"errors": [{"code": code, "message": "call +15550100123"}]}
    )

    with pytest.raises(expected) as error:
        await send(build_reply())
    assert "5550100123" not in str(error.value)


@pytest.mark.parametrize("status", [401, 402, 403])
async def test_an_account_wide_error_is_marked(api: respx.MockRouter, status: int) -> None:
    api.post(f"{BASE}/reply").respond(status)

    with pytest.raises(Rejected) as error:
        await send(build_reply())
    assert error.value.failure is FailureKind.ACCOUNT


@pytest.mark.parametrize(
    ("found", "known", "expected"),
    [
        (build_part("<p>Hello</p>", US, 2), (), True),
        (build_part("<p>Hello</p>", US, 2), (build_part(number=2)["id"],), False),
        (build_part("<p>Hello</p>", PERSON, 2), (), False),
        (build_part("<p>Hello there</p>", US, 2), (), False),
        (build_part("<p>Hello</p>", US, 2, part_type="note"), (), False),
        (build_part("<p>Hello</p>", US, 2, created_at=1_789_999_000), (), False),
    ],
)
async def test_a_comment_is_looked_up_by_its_text(
    api: respx.MockRouter, found: Json, known: tuple[str, ...], expected: bool
) -> None:
    api.get(BASE).respond(json=build_conversation(found))
    sent = await find_sent(build_reply(), *known)

    assert (sent is not None) is expected
    assert sent is None or sent.provider_id == found["id"]


async def test_known_comments_are_excluded_from_the_look_up(api: respx.MockRouter) -> None:
    api.get(BASE).respond(
        json=build_conversation(build_part("<p>Hello</p>", US, 3), build_part("<p>Hello</p>", US, 2))
    )

    sent = await find_sent(build_reply(), build_part(number=2)["id"])
    assert sent
    assert sent.provider_id == build_part(number=3)["id"]


async def test_quick_replies_are_looked_up_by_their_ids(api: respx.MockRouter) -> None:
    made = build_reply(body="Yes", choices=(YES,))
    await send(made)
    options = read_posts(api)[0]["reply_options"]
    shown = build_part(None, US, 2, part_type="quick_reply", metadata={"quick_reply_options": options})
    api.get(BASE).respond(json=build_conversation(shown))

    assert await find_sent(made)
    assert await find_sent(made.model_copy(update={"key": "turn.2"})) is None


@pytest.mark.parametrize("answer", [httpx.Response(500), httpx.Response(200, text="<html>")])
async def test_a_failed_look_up_is_retried_later(api: respx.MockRouter, answer: httpx.Response) -> None:
    api.get(BASE).mock(return_value=answer)

    with pytest.raises(Unavailable):
        await find_sent(build_reply())


async def test_a_send_to_a_deleted_conversation_is_rejected(api: respx.MockRouter) -> None:
    api.get(BASE).respond(404, json=NOT_FOUND)

    with pytest.raises(Rejected):
        await find_sent(build_reply())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("INTERCOM_ADMIN_ID", "me@shop.example"),
        ("INTERCOM_HANDOFF_TEAM_ID", "support"),
        ("INTERCOM_HANDOFF_ADMIN_ID", GRACE),
        ("INTERCOM_BODY_MODE", "markdown"),
        ("INTERCOM_API_URL", "api.intercom.io"),
        ("INTERCOM_ACCESS_TOKEN", "a b"),
    ],
)
def test_an_invalid_setting_is_named(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=name):
        build_channel(**{name: value})


def test_client_exceptions_are_classified() -> None:
    assert type(build_channel().classify(httpx.ReadTimeout("x"))) is type(
        classify_http_error(httpx.ReadTimeout("x"), "intercom")
    )
