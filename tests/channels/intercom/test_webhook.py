"""Intercom webhooks: verification, turns and control events."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import httpx
import pytest
import respx

from channels.intercom import IntercomChannel
from core.errors import MalformedWebhook, WebhookRefused
from core.model import (
    Activity,
    ActivityReceived,
    ControlAction,
    Ignored,
)
from core.ports import Webhook
from tests.channels.contract.channel_cases import ChannelCases
from tests.channels.intercom.builders import (
    ADA,
    APP,
    BASE,
    BOT,
    CONVERSATION,
    FIN,
    GRACE,
    PERSON,
    SECRET,
    US,
    Json,
    build_all_webhooks,
    build_channel,
    build_conversation,
    build_part,
    build_webhook,
    sign_webhook,
)
from tests.channels.intercom.parsed_events import (
    ASSIGNED,
    CREATED,
    REPLIED,
    parse_actions,
    parse_events,
    parse_reasons,
    parse_turns,
)


class TestIntercom(ChannelCases):
    send_url = f"{BASE}/reply"
    accepted: ClassVar[httpx.Response] = httpx.Response(
        200, json=build_conversation(build_part("<p>Hello</p>", US, 9), admin=BOT)
    )

    @pytest.fixture
    def api(self) -> Iterator[respx.MockRouter]:
        """Mock the conversation read before each comment; no agent has joined."""
        with respx.mock(assert_all_called=False) as router:
            router.get(BASE).respond(json=build_conversation())
            yield router

    def channel(self) -> IntercomChannel:
        return build_channel()

    def build_genuine_webhook(self) -> Webhook:
        return build_webhook(REPLIED, build_conversation(build_part()))

    def build_samples(self) -> list[Webhook]:
        return build_all_webhooks()


def test_every_secret_of_a_rotation_is_accepted() -> None:
    build_channel(INTERCOM_CLIENT_SECRET=f"new,{SECRET}").verify(
        build_webhook(REPLIED, build_conversation(build_part()))
    )


def test_the_unsigned_head_validation_is_accepted() -> None:
    head = Webhook("HEAD", "/webhooks/intercom", {}, b"")
    build_channel().verify(head)

    assert build_channel().parse(head) == []
    assert build_channel().answer(head, []).status == 200


def test_a_ping_is_verified_and_ignored() -> None:
    ping = build_webhook("ping", {"type": "ping", "message": "hello"}, number=None)
    build_channel().verify(ping)

    assert build_channel().parse(ping) == [Ignored(reason="ping")]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_other_methods_are_refused(method: str) -> None:
    with pytest.raises(MalformedWebhook):
        build_channel().verify(Webhook(method, "/webhooks/intercom", {}, b""))


def test_the_source_message_is_a_turn_only_in_a_new_conversation() -> None:
    [opening] = parse_turns(CREATED, build_conversation())
    [later] = parse_turns(REPLIED, build_conversation(build_part()))

    assert (opening.id, opening.text) == ("source:3381000001", "Where is my parcel?")
    assert (later.id, later.text) == ("37358000001", "Hello")
    assert opening.session == later.session == f"intercom:{APP}:{CONVERSATION}"
    assert later.details == {
        "user_id": ADA["id"],
        "external_id": "cust-77",
        "profile_name": "Ada",
        "source": "conversation",
        "page": "https://shop.example/track",
    }


def test_parts_are_ordered_by_creation_time() -> None:
    found = parse_turns(
        REPLIED, build_conversation(build_part("second", number=2), build_part("first", number=1))
    )

    assert [turn.text for turn in found] == ["first", "second"]


@pytest.mark.parametrize("kind", ["comment", "open", "quick_reply", "something_new"])
def test_a_contacts_text_is_a_turn_for_any_part_type(kind: str) -> None:
    assert [turn.text for turn in parse_turns(REPLIED, build_conversation(build_part(part_type=kind)))] == [
        "Hello"
    ]


@pytest.mark.parametrize(
    ("mode", "body", "expected"),
    [
        ("auto", '<p class="no-margin">is 3 &lt; 5 &amp; 2?</p>', "is 3 < 5 & 2?"),
        ("auto", "is 3 < 5 &amp; 2?", "is 3 < 5 &amp; 2?"),
        ("plain", "a <b>tag</b>", "a <b>tag</b>"),
        ("html", "a &lt;b&gt;", "a <b>"),
        ("auto", "<p>Hi</p><script>alert(1)</script><style>p{}</style>", "Hi"),
        ("auto", "<p>a &lt;script&gt;alert(1)&lt;/script&gt;</p>", "a <script>alert(1)</script>"),
        ("auto", '<p><a href="javascript:alert(1)">press</a></p>', "press"),
        ("auto", '<p><a href="https://a.example/b">press</a></p>', "press (https://a.example/b)"),
        ("auto", '<p><a href="https://a.example">a.example</a></p>', "a.example"),
        ("auto", "<p>one<br>two</p><ul><li>x</li><li><p>y</p></li></ul>", "one\ntwo\n\n- x\n- y"),
        ("auto", "<p>a</p><p></p><p></p><p>b</p>", "a\n\nb"),
        ("auto", "<pre>x\n  y</pre>", "x\n  y"),
        ("auto", "<pre><code>if x:\n    go()</code></pre><p>then</p>", "if x:\n    go()\n\nthen"),
        ("auto", "<table><tr><td>12</td><td>34</td></tr><tr><td>5</td></tr></table>", "12 | 34\n\n5"),
        (
            "auto",
            "if a<b and c>d then write to <ada@held.example>",
            "if a<b and c>d then write to <ada@held.example>",
        ),
        ("auto", "<b and c> is no tag", "<b and c> is no tag"),
        ("auto", "see <i>this</i>", "see <i>this</i>"),
        ("auto", "<![CDATA[x]]><p>y</p><p", "y"),
    ],
)
def test_html_and_plain_bodies_become_text(mode: str, body: str, expected: str) -> None:
    [turn] = parse_turns(REPLIED, build_conversation(build_part(body)), INTERCOM_BODY_MODE=mode)

    assert turn.text == expected


@pytest.mark.long
def test_a_long_body_is_truncated() -> None:
    for body in (
        "a" * 70_000,
        f"<p>{'a' * 70_000}</p>",
        "<div>" * 20_000 + "x" * 70_000,
        "<p<" * 30_000 + "x",
    ):
        assert all(
            len(turn.text) <= 16_000 for turn in parse_turns(REPLIED, build_conversation(build_part(body)))
        )


def test_files_and_inline_images_are_attachments() -> None:
    upload = {
        "type": "upload",
        "name": "bill.pdf",
        "url": "https://downloads.intercomcdn.com/i/o/1/bill.pdf?expires=1",
        "content_type": "application/pdf",
    }
    body = (
        '<div class="intercom-container"><img src="https://downloads.intercomcdn.com/i/o/2/a.png?x=1"></div>'
    )
    [turn] = parse_turns(
        REPLIED, build_conversation(build_part(body, attachments=[upload, {"url": "http://10.0.0.1/"}, 7]))
    )

    assert turn.text == ""
    assert [(each.name, each.content_type) for each in turn.attachments] == [
        ("bill.pdf", "application/pdf"),
        ("", "image/png"),
    ]


@pytest.mark.parametrize(
    "item",
    [
        build_conversation(build_part(None)),
        build_conversation(build_part("<p></p>")),
        build_conversation(build_part("This message was deleted", redacted=True)),
        build_conversation(),
        build_conversation(build_part(author={})),
        build_conversation(build_part("Thanks", author=FIN)),
    ],
)
def test_a_part_without_content_is_not_a_turn(item: Json) -> None:
    assert parse_turns(REPLIED, item) == []


def test_a_redacted_first_message_is_not_a_turn() -> None:
    item = build_conversation()
    item["source"]["redacted"] = True

    assert parse_turns(CREATED, item) == []


@pytest.mark.parametrize(
    "topic",
    [
        "conversation.read",
        "conversation_part.redacted",
        "contact.merged",
        "ticket.created",
        "conversation.new",
        "",
    ],
)
def test_other_topics_are_ignored(topic: str) -> None:
    assert [
        type(each)
        for each in parse_events(topic, build_conversation(build_part("Hello", PERSON), build_part("Hello")))
    ] == [Ignored]


def test_a_redacted_message_of_the_contact_is_a_deletion() -> None:
    item = build_conversation(
        build_part("Hello", redacted=True, number=7), build_part("Hi", PERSON, 8, redacted=True)
    )
    item["source"]["redacted"] = True
    events = parse_events("conversation_part.redacted", item)

    assert [(type(each), getattr(each, "activity", "")) for each in events] == [
        (ActivityReceived, Activity.DELETED)
    ] * 2
    deleted = [turn.id for turn in parse_turns(REPLIED, build_conversation(build_part("Hello", number=7)))]
    assert [getattr(each, "message_id", "") for each in events][1:] == deleted


def test_a_notification_without_parts_is_parsed_by_its_topic() -> None:
    assert parse_actions(ASSIGNED, build_conversation(admin=GRACE)) == [
        ControlAction.TAKE_OVER,
        ControlAction.TAKE_OVER,
    ]
    assert parse_actions(ASSIGNED, build_conversation(admin=BOT)) == [ControlAction.GIVE_BACK]
    assert parse_actions("conversation.admin.closed", build_conversation()) == [ControlAction.CLOSE]
    assert parse_actions("conversation.admin.replied", build_conversation()) == []


def test_an_outdated_webhook_version_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    assert parse_reasons(REPLIED, {"id": CONVERSATION, "conversation_message": {}}) == [
        "too old an API version"
    ]
    assert "2.13" in caplog.text


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff"])
def test_a_body_that_is_not_an_object_is_malformed(body: bytes) -> None:
    with pytest.raises(WebhookRefused):
        build_channel().parse(sign_webhook(body))


def test_a_conversation_without_an_id_is_ignored() -> None:
    assert parse_reasons(REPLIED, {**build_conversation(build_part()), "id": "../x"}) == ["no id"]


@pytest.mark.parametrize(
    ("subject", "body", "text"),
    [
        ("Where is order 123?", "", "Where is order 123?"),
        ("<p>Order 123</p>", "<p>Where is it?</p>", "Order 123\n\nWhere is it?"),
        ("Where is it?", "<p>Where is it? I wait.</p>", "Where is it? I wait."),
        ("", "<p>Hello</p>", "Hello"),
    ],
)
def test_the_subject_of_an_email_is_part_of_its_first_message(subject: str, body: str, text: str) -> None:
    source = {"type": "email", "id": "s1", "author": ADA, "subject": subject, "body": body}

    [found] = parse_turns("conversation.user.created", build_conversation(source=source))
    assert found.text == text
    assert bool(found.subject) is bool(subject)


def test_the_subject_is_known_and_not_repeated_later() -> None:
    source = {"type": "email", "id": "s1", "author": ADA, "subject": "Order 123", "body": "<p>Hi</p>"}

    [found] = parse_turns(REPLIED, build_conversation(build_part("<p>Any news?</p>"), source=source))
    assert (found.text, found.subject, found.details["subject"]) == ("Any news?", "Order 123", "Order 123")
