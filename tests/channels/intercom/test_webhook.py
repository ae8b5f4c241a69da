"""Intercom webhooks: verification, turns and control events."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import httpx
import pytest
import respx

from channels.intercom import IntercomChannel
from core.errors import MalformedWebhook, WebhookRefused
from core.model import (
    Activity,
    ActivityReceived,
    ControlAction,
    ControlReceived,
    Event,
    Ignored,
    ParticipantMessage,
    Turn,
    TurnReceived,
)
from core.ports import Webhook
from tests.channels.contract.channel_cases import ChannelCases
from tests.channels.intercom.builders import (
    ADA,
    APP,
    BASE,
    BOT,
    FIN,
    GRACE,
    PERSON,
    SECRET,
    TALK,
    TEAM,
    US,
    Json,
    channel,
    every_kind,
    hook,
    part,
    signed,
    talk,
)

REPLIED, CREATED = "conversation.user.replied", "conversation.user.created"
ASSIGNED = "conversation.admin.assigned"


def parsed(topic: str, item: Json, **changed: str) -> list[Event]:
    return channel(**changed).parse(hook(topic, item))


def turns(topic: str, item: Json, **changed: str) -> list[Turn]:
    return [found.turn for found in parsed(topic, item, **changed) if isinstance(found, TurnReceived)]


def acts(topic: str, item: Json) -> list[ControlAction]:
    """Return the control actions, deduplicated by event ID."""
    found = {each.id: each.act for each in parsed(topic, item) if isinstance(each, ControlReceived)}
    return list(found.values())


def reasons(topic: str, item: Json) -> list[str]:
    return [each.reason for each in parsed(topic, item) if isinstance(each, Ignored)]


class TestIntercom(ChannelCases):
    send_url = f"{BASE}/reply"
    accepted: ClassVar[httpx.Response] = httpx.Response(
        200, json=talk(part("<p>Hello</p>", US, 9), admin=BOT)
    )

    @pytest.fixture
    def api(self) -> Iterator[respx.MockRouter]:
        """Mock the conversation read before each comment; no agent has joined."""
        with respx.mock(assert_all_called=False) as router:
            router.get(BASE).respond(json=talk())
            yield router

    def channel(self) -> IntercomChannel:
        return channel()

    def genuine(self) -> Webhook:
        return hook(REPLIED, talk(part()))

    def shapes(self) -> list[Webhook]:
        return every_kind()


def test_every_secret_of_a_rotation_is_accepted() -> None:
    channel(INTERCOM_CLIENT_SECRET=f"new,{SECRET}").verify(hook(REPLIED, talk(part())))


def test_the_unsigned_head_validation_is_accepted() -> None:
    head = Webhook("HEAD", "/webhooks/intercom", {}, b"")
    channel().verify(head)

    assert channel().parse(head) == []
    assert channel().answer(head, []).status == 200


def test_a_ping_is_verified_and_ignored() -> None:
    ping = hook("ping", {"type": "ping", "message": "hello"}, number=None)
    channel().verify(ping)

    assert channel().parse(ping) == [Ignored(reason="ping")]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_other_methods_are_refused(method: str) -> None:
    with pytest.raises(MalformedWebhook):
        channel().verify(Webhook(method, "/webhooks/intercom", {}, b""))


def test_the_source_message_is_a_turn_only_in_a_new_conversation() -> None:
    [opening] = turns(CREATED, talk())
    [later] = turns(REPLIED, talk(part()))

    assert (opening.id, opening.text) == ("source:3381000001", "Where is my parcel?")
    assert (later.id, later.text) == ("37358000001", "Hello")
    assert opening.session == later.session == f"intercom:{APP}:{TALK}"
    assert later.details == {
        "user_id": ADA["id"],
        "external_id": "cust-77",
        "profile_name": "Ada",
        "source": "conversation",
        "page": "https://shop.example/track",
    }


def test_parts_are_ordered_by_creation_time() -> None:
    found = turns(REPLIED, talk(part("second", number=2), part("first", number=1)))

    assert [turn.text for turn in found] == ["first", "second"]


@pytest.mark.parametrize("kind", ["comment", "open", "quick_reply", "something_new"])
def test_a_contacts_text_is_a_turn_for_any_part_type(kind: str) -> None:
    assert [turn.text for turn in turns(REPLIED, talk(part(part_type=kind)))] == ["Hello"]


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
    [turn] = turns(REPLIED, talk(part(body)), INTERCOM_BODY_MODE=mode)

    assert turn.text == expected


@pytest.mark.long
def test_a_long_body_is_truncated() -> None:
    for body in (
        "a" * 70_000,
        f"<p>{'a' * 70_000}</p>",
        "<div>" * 20_000 + "x" * 70_000,
        "<p<" * 30_000 + "x",
    ):
        assert all(len(turn.text) <= 16_000 for turn in turns(REPLIED, talk(part(body))))


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
    [turn] = turns(REPLIED, talk(part(body, attachments=[upload, {"url": "http://10.0.0.1/"}, 7])))

    assert turn.text == ""
    assert [(each.name, each.content_type) for each in turn.attachments] == [
        ("bill.pdf", "application/pdf"),
        ("", "image/png"),
    ]


@pytest.mark.parametrize(
    "item",
    [
        talk(part(None)),
        talk(part("<p></p>")),
        talk(part("This message was deleted", redacted=True)),
        talk(),
        talk(part(author={})),
        talk(part("Thanks", author=FIN)),
    ],
)
def test_a_part_without_content_is_not_a_turn(item: Json) -> None:
    assert turns(REPLIED, item) == []


def test_a_redacted_first_message_is_not_a_turn() -> None:
    item = talk()
    item["source"]["redacted"] = True

    assert turns(CREATED, item) == []


@pytest.mark.parametrize("admin", [None, 0, "0", int(BOT), BOT])
def test_the_bot_answers_unless_somebody_else_is_assigned(admin: object) -> None:
    assert acts(REPLIED, talk(part(), admin=admin)) == []


@pytest.mark.parametrize(("admin", "team"), [(int(GRACE), None), (GRACE, TEAM), (None, 5017002)])
def test_a_message_in_an_assigned_conversation_is_preceded_by_a_take_over(
    admin: object, team: object
) -> None:
    control, turn = parsed(REPLIED, talk(part(), admin=admin, team=team))

    assert isinstance(control, ControlReceived)
    assert control.act is ControlAction.TAKE_OVER
    assert isinstance(turn, TurnReceived)


def test_an_assignment_is_reported_once_so_that_bot_on_stays_in_effect() -> None:
    assigned = part(None, PERSON, 2, part_type="assignment")
    first = parsed(ASSIGNED, talk(assigned, admin=GRACE))
    then = parsed(REPLIED, talk(part(number=3), admin=GRACE))

    assert {each.id for each in then if isinstance(each, ControlReceived)} <= {
        each.id for each in first if isinstance(each, ControlReceived)
    }


def test_a_message_after_the_bots_hand_off_is_not_a_take_over() -> None:
    assert acts(REPLIED, talk(part(), team=TEAM)) == []
    assert acts(CREATED, talk(team=TEAM)) == [ControlAction.TAKE_OVER]


def test_a_reopened_conversation_is_answered_by_the_bot() -> None:
    close = part(None, PERSON, 2, part_type="close")
    closed = parsed("conversation.admin.closed", talk(close, admin=GRACE))

    assert isinstance(closed[-1], ControlReceived)
    assert closed[-1].act is ControlAction.CLOSE
    assert acts(REPLIED, talk(part(number=3, part_type="open"), admin=GRACE)) == []
    later = parsed(REPLIED, talk(part(number=4), admin=GRACE))
    known = {each.id for each in closed if isinstance(each, ControlReceived)}
    assert {each.id for each in later if isinstance(each, ControlReceived)} <= known


@pytest.mark.parametrize(
    ("topic", "kind", "body"),
    [
        ("conversation.admin.replied", "comment", "<p>I am on it.</p>"),
        ("conversation.admin.replied", "comment", None),
        (ASSIGNED, "assignment", "I am on it."),
        (ASSIGNED, "comment", "I am on it."),
        ("conversation.admin.open.assigned", "assign_and_reopen", "I am on it."),
        ("conversation.admin.snoozed", "snoozed", "Later."),
        ("conversation.admin.opened", "open", "Again."),
        ("conversation.operator.replied", "comment", "Me, really."),
        (REPLIED, "comment", "Hidden among the customer's."),
        ("conversation.admin.replied", "something_new", "New."),
    ],
)
def test_an_agents_text_is_a_take_over_for_any_part_type(topic: str, kind: str, body: str | None) -> None:
    assert acts(topic, talk(part(body, PERSON, part_type=kind))) == [ControlAction.TAKE_OVER]


@pytest.mark.parametrize(
    "topic", ["conversation.admin.replied", ASSIGNED, REPLIED, "conversation.admin.opened"]
)
@pytest.mark.parametrize("kind", ["comment", "assignment", "quick_reply", "note", "open"])
@pytest.mark.parametrize("admin", [None, BOT, GRACE])
def test_the_bots_own_parts_change_no_owner(topic: str, kind: str, admin: str | None) -> None:
    item = talk(part("<p>/bot off</p>", US, part_type=kind), admin=admin, team=TEAM)
    is_hand_off = kind == "assignment" and admin != BOT

    assert acts(topic, item) == ([ControlAction.PASSED_ON] if is_hand_off else [])


@pytest.mark.parametrize(
    "author",
    [
        FIN,
        {"type": "bot", "id": "1", "email": "operator+wk7h2xqz@intercom.io"},
        {"type": "admin", "id": "7", "name": "Operator", "email": "operator+wk7h2xqz@intercom.io"},
        {"type": "admin", "id": "7", "is_ai_answer": True},
    ],
)
def test_intercoms_automation_is_not_an_agent(author: Json) -> None:
    assert acts("conversation.operator.replied", talk(part("We reply in an hour.", author))) == []
    assert acts("conversation.admin.replied", talk(part("We reply in an hour.", author))) == []


@pytest.mark.parametrize(
    ("author", "more", "expected"),
    [
        (PERSON, {"admin": GRACE}, ControlAction.TAKE_OVER),
        (FIN, {"admin": GRACE}, ControlAction.TAKE_OVER),
        (PERSON, {"team": 5017002}, ControlAction.TAKE_OVER),
        (PERSON, {"admin": BOT}, ControlAction.GIVE_BACK),
        (PERSON, {"admin": BOT, "team": TEAM}, ControlAction.GIVE_BACK),
        (FIN, {"admin": BOT}, ControlAction.GIVE_BACK),
        (PERSON, {"admin": 0}, ControlAction.GIVE_BACK),
        (PERSON, {}, ControlAction.GIVE_BACK),
    ],
)
def test_an_assignment_decides_the_owner(author: Json, more: dict[str, Any], expected: ControlAction) -> None:
    assigned = part(None, author, part_type="assignment", assigned_to={"type": "admin", "id": "1"})

    assert set(acts(ASSIGNED, talk(assigned, **more))) == {expected}


def test_text_with_an_assignment_to_the_bot_gives_back() -> None:
    assert acts(ASSIGNED, talk(part("The bot goes on.", PERSON, part_type="assignment"), admin=BOT)) == [
        ControlAction.GIVE_BACK
    ]


def test_a_part_under_two_topics_is_one_event() -> None:
    both = part("I am on it.", PERSON, part_type="assignment")
    [first] = parsed("conversation.admin.replied", talk(both))
    [second] = parsed(ASSIGNED, talk(both))

    assert isinstance(first, ControlReceived)
    assert first == second


def test_a_control_event_has_the_time_of_the_action() -> None:
    found = [
        *parsed("conversation.admin.replied", talk(part("I am on it.", PERSON, 7))),
        *parsed(REPLIED, talk(part(number=7), admin=GRACE)),
    ]

    assert [each.at for each in found if isinstance(each, ControlReceived)] == [1_790_000_107.0] * 2


@pytest.mark.parametrize(
    ("note", "expected"),
    [
        ("<p>/bot on</p>", [ControlAction.GIVE_BACK]),
        ("<p>/BOT  off</p>", [ControlAction.TAKE_OVER]),
        ("/end", [ControlAction.CLOSE]),
        ("<p>please /end this</p>", []),
        ("<p>the customer is angry</p>", []),
    ],
)
def test_a_note_can_be_a_command(note: str, expected: list[ControlAction]) -> None:
    topic = "conversation.admin.noted"

    assert acts(topic, talk(part(note, PERSON, part_type="note"), admin=GRACE)) == expected
    assert turns(topic, talk(part(note, PERSON, part_type="note"))) == []


@pytest.mark.parametrize("author", [PERSON, US, FIN])
def test_a_close_by_anybody_closes_the_session(author: Json) -> None:
    item = talk(part("Goodbye.", author, part_type="close"), state="closed")

    assert acts("conversation.admin.closed", item) == [ControlAction.CLOSE]


def test_an_agent_who_reopens_an_assigned_conversation_takes_over() -> None:
    opened = part(None, PERSON, part_type="open")

    assert acts("conversation.admin.opened", talk(opened, admin=GRACE)) == [ControlAction.TAKE_OVER]
    assert acts("conversation.admin.opened", talk(opened, admin=BOT)) == []


@pytest.mark.parametrize("topic", ["conversation.admin.snoozed", "conversation.admin.unsnoozed"])
def test_snoozing_changes_nothing(topic: str) -> None:
    kind = topic.rpartition(".")[2]

    assert reasons(topic, talk(part(None, PERSON, part_type=kind))) == [kind]


def test_a_deleted_conversation_closes_the_session() -> None:
    [found] = parsed("conversation.deleted", {"type": "conversation", "conversation_id": TALK})

    assert isinstance(found, ControlReceived)
    assert (found.act, found.session) == (ControlAction.CLOSE, f"intercom:{APP}:{TALK}")


def test_a_conversation_started_by_an_agent_belongs_to_the_agent() -> None:
    topic, item = "conversation.admin.single.created", talk()
    item["source"]["author"] = PERSON

    assert acts(topic, item) == [ControlAction.TAKE_OVER]
    assert acts(topic, {**item, "admin_assignee_id": BOT}) == []
    item["source"]["author"] = US
    assert acts(topic, item) == []


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
    assert [type(each) for each in parsed(topic, talk(part("Hello", PERSON), part("Hello")))] == [Ignored]


def test_a_redacted_message_of_the_contact_is_a_deletion() -> None:
    item = talk(part("Hello", redacted=True, number=7), part("Hi", PERSON, 8, redacted=True))
    item["source"]["redacted"] = True
    events = parsed("conversation_part.redacted", item)

    assert [(type(each), getattr(each, "activity", "")) for each in events] == [
        (ActivityReceived, Activity.DELETED)
    ] * 2
    deleted = [turn.id for turn in turns(REPLIED, talk(part("Hello", number=7)))]
    assert [getattr(each, "message_id", "") for each in events][1:] == deleted


def test_a_notification_without_parts_is_parsed_by_its_topic() -> None:
    assert acts(ASSIGNED, talk(admin=GRACE)) == [ControlAction.TAKE_OVER, ControlAction.TAKE_OVER]
    assert acts(ASSIGNED, talk(admin=BOT)) == [ControlAction.GIVE_BACK]
    assert acts("conversation.admin.closed", talk()) == [ControlAction.CLOSE]
    assert acts("conversation.admin.replied", talk()) == []


def test_an_outdated_webhook_version_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    assert reasons(REPLIED, {"id": TALK, "conversation_message": {}}) == ["too old an API version"]
    assert "2.13" in caplog.text


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff"])
def test_a_body_that_is_not_an_object_is_malformed(body: bytes) -> None:
    with pytest.raises(WebhookRefused):
        channel().parse(signed(body))


def test_a_conversation_without_an_id_is_ignored() -> None:
    assert reasons(REPLIED, {**talk(part()), "id": "../x"}) == ["no id"]


EVE = {"type": "user", "id": "ffffffffffffffffffffffff", "name": "Eve"}


def only_contact(identifier: str) -> Json:
    return {"contacts": [{"type": "contact", "id": identifier}]}


def test_another_user_in_the_conversation_is_a_participant() -> None:
    [event] = parsed(REPLIED, talk(part("<p>yes</p>", EVE)))

    assert isinstance(event, ParticipantMessage)
    assert (event.turn.text, event.author) == ("yes", f"intercom:{APP}:user:{EVE['id']}")


def test_a_lead_that_became_a_user_stays_the_contact() -> None:
    [event] = parsed(REPLIED, talk(part("<p>yes</p>", EVE), contacts=only_contact(EVE["id"])))

    assert isinstance(event, TurnReceived)


def test_a_user_who_took_a_users_place_is_a_participant() -> None:
    source = {**talk()["source"], "author": {**ADA, "type": "user"}}
    item = talk(part("<p>yes</p>", EVE), contacts=only_contact(EVE["id"]), source=source)

    assert isinstance(parsed(REPLIED, item)[0], ParticipantMessage)


def test_a_participant_who_reopens_a_conversation_does_not_return_it_to_the_bot() -> None:
    item = talk(part("<p>yes</p>", EVE, part_type="open"), admin=GRACE)

    assert acts(REPLIED, item) == [ControlAction.TAKE_OVER]


def test_merged_contacts_are_one_person() -> None:
    item = {"type": "contact", "id": "new", "merged_from": {"type": "contact", "id": "old"}}
    names = (f"intercom:{APP}:user:old", f"intercom:{APP}:user:new")

    assert parsed("contact.merged", item) == [Ignored(reason="contact.merged", aliases=names)]


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

    [found] = turns("conversation.user.created", talk(source=source))
    assert found.text == text
    assert bool(found.subject) is bool(subject)


def test_the_subject_is_known_and_not_repeated_later() -> None:
    source = {"type": "email", "id": "s1", "author": ADA, "subject": "Order 123", "body": "<p>Hi</p>"}

    [found] = turns(REPLIED, talk(part("<p>Any news?</p>"), source=source))
    assert (found.text, found.subject, found.details["subject"]) == ("Any news?", "Order 123", "Order 123")
