"""Contents of Twilio as message templates: the list with approvals, the check, and sends by SID or name."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.twilio import TwilioChannel
from channels.twilio.templates import parse_definition
from core.errors import Rejected, Unavailable
from core.model import Choice, FailureKind, Message, MessageTemplate, Reply, Template, TemplateProblemKind
from core.ports import HasTemplates
from tests.channels.twilio.builders import build_channel
from tests.channels.twilio.test_content import ADDRESS, API, SMS, Api
from tests.effort import example_count

ORDER = Template(name="order_update", language="en", variables={"1": "Ada", "2": "12"})
LATER = 1.0 + 2 * 24 * 3600


@pytest.fixture
def api() -> Api:
    made = Api()
    made.simulator.contents.add_samples()
    return made


def build_content_channel() -> TwilioChannel:
    return build_channel(TWILIO_API_URL=API)


async def list_templates(api: Api) -> dict[str, MessageTemplate]:
    return {each.name: each for each in await build_content_channel().list_templates(api.http)}


async def send(api: Api, template: Template, address: Any = ADDRESS) -> None:
    [part] = build_content_channel().render(Message(text="", template=template), address)
    await build_content_channel().send(Reply(key="t.1", address=address, **dict(part)), api.http)


def test_the_channel_has_templates() -> None:
    assert isinstance(build_content_channel(), HasTemplates)
    assert build_content_channel().templates_setting == ""


async def test_contents_are_listed_with_their_approval_and_variables(api: Api) -> None:
    sid = api.simulator.contents.add("welcome", "Hello {{name}}!", "de", status="rejected")
    api.simulator.contents.set_status(sid, "rejected", "too short", "MARKETING")
    templates = await list_templates(api)

    assert {name: each.status for name, each in templates.items()} == {
        "order_update": "approved",
        "spring_sale": "paused",
        "welcome": "rejected",
    }
    welcome = templates["welcome"]
    assert (welcome.id, welcome.language, welcome.category) == (sid, "de", "marketing")
    assert (welcome.reason, welcome.text, welcome.components) == (
        "too short",
        "Hello {{name}}!",
        ("twilio/text",),
    )
    assert [each.name for each in welcome.variables] == ["name"]


async def test_the_contents_of_buttons_are_not_templates(api: Api) -> None:
    buttons = Message(
        text="Which?", choices=(Choice(label="Yes", payload="y"), Choice(label="No", payload="n"))
    )
    [part] = build_content_channel().render(buttons, ADDRESS)
    await build_content_channel().send(Reply(key="t.1", address=ADDRESS, **dict(part)), api.http)

    assert api.created_contents
    assert set(await list_templates(api)) == {"order_update", "spring_sale"}


async def test_the_list_is_read_page_after_page(api: Api) -> None:
    for number in range(1_100):
        api.simulator.contents.add(f"t{number}", "Hi")

    assert len(await list_templates(api)) == 1_102
    assert {each.url.host for each in api.requests} == {"twilio.example"}


async def test_of_two_contents_with_one_name_the_approved_one_counts(api: Api) -> None:
    api.simulator.contents.add("order_update", "A draft")

    assert (await list_templates(api))["order_update"].is_approved


@pytest.mark.parametrize("by", ["name", "sid", "id"])
async def test_a_template_is_sent_by_name_or_sid_and_delivered_after_the_window(api: Api, by: str) -> None:
    sid = (await list_templates(api))["order_update"].id
    template = {
        "name": ORDER,
        "sid": ORDER.model_copy(update={"name": sid}),
        "id": ORDER.model_copy(update={"id": sid, "name": "renamed"}),
    }[by]
    await send(api, template)

    [form] = api.sent_forms
    assert form["ContentSid"] == sid
    assert json.loads(form["ContentVariables"]) == {"1": "Ada", "2": "12"}
    assert "Body" not in form
    assert api.read_last_message().text == "Hello Ada, your order 12 has left."


@pytest.mark.parametrize(
    ("name", "status", "address", "last"),
    [
        ("order_update", "approved", ADDRESS, "read"),
        ("spring_sale", "paused", ADDRESS, "failed"),
        ("draft", "unsubmitted", ADDRESS, "failed"),
        ("spring_sale", "paused", SMS, "delivered"),
    ],
)
async def test_the_simulated_account_delivers_only_what_whatsapp_approved(
    api: Api, name: str, status: str, address: Any, last: str
) -> None:
    sid = api.simulator.contents.add("draft", "Hi")
    api.now = LATER
    contents = {"draft": sid, **{each.name: each.id for each in (await list_templates(api)).values()}}
    assert api.simulator.contents.get_status(contents[name]) == status
    await send(api, Template(name=contents[name], language="en"), address)

    assert api.simulator.list_messages(LATER + 9)[-1].status == last


async def test_a_name_that_is_not_there_is_rejected_and_asked_for_again_later(api: Api) -> None:
    with pytest.raises(Rejected, match="no content named order_update in fr") as refused:
        await send(api, ORDER.model_copy(update={"language": "fr"}))

    assert refused.value.code == "template_unknown"
    assert refused.value.failure is not FailureKind.ACCOUNT


async def test_names_are_looked_up_once(api: Api) -> None:
    sender = build_content_channel()
    for number in range(3):
        [part] = sender.render(Message(text="", template=ORDER), ADDRESS)
        await sender.send(Reply(key=f"t.{number}", address=ADDRESS, **dict(part)), api.http)

    assert sum(each.url.path == "/v1/ContentAndApprovals" for each in api.requests) == 1


async def test_wrong_values_are_named_and_twilio_refuses_them_too(api: Api) -> None:
    definition = (await list_templates(api))["order_update"]
    for values, named in (({"1": "Ada"}, "2 missing"), ({"1": "a\nb", "2": "x"}, "1 has a line break")):
        problem = build_content_channel().check_template(
            definition, ORDER.model_copy(update={"variables": values}), ADDRESS
        )
        assert problem is not None
        assert problem.kind is TemplateProblemKind.VARIABLES
        assert named in problem.reason
    with pytest.raises(Rejected) as refused:
        await send(api, ORDER.model_copy(update={"variables": {"1": "Ada", "2": "x", "3": "y"}}))
    assert refused.value.code == "21656"


def _add_content(api: Api, types: dict[str, Any]) -> str:
    content = {"friendly_name": "shop", "language": "en", "variables": {"1": "a", "2": "b"}, "types": types}
    created = api.simulator.contents.create(json.dumps(content).encode())
    assert created is not None
    return str(created["sid"])


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("A*12*B", "A*12*B"),
        ("*12* & _x_", "\u2060*12* & \u2060_x_"),
        ("- `x`", "\u2060- \u2060`x`"),
    ],
)
async def test_a_value_is_shown_as_it_is_and_an_identifier_gets_it_unchanged(
    api: Api, value: str, shown: str
) -> None:
    actions = [{"type": "QUICK_REPLY", "title": "Yes", "id": "yes-{{2}}"}]
    sid = _add_content(api, {"twilio/quick-reply": {"body": "Code {{1}}!", "actions": actions}})
    template = Template(name=sid, language="en", variables={"1": value, "2": value})
    await send(api, template)
    await send(api, template, SMS)

    on_whatsapp, by_sms = (json.loads(form["ContentVariables"]) for form in api.sent_forms)
    assert on_whatsapp == {"1": shown, "2": value}
    assert by_sms == {"1": value, "2": value}


def test_a_variable_in_a_url_is_not_text() -> None:
    card = {"title": "Hi {{1}}, see {{2}}", "media": ["https://shop.example/{{2}}.png"], "actions": []}
    definition = parse_definition(
        {"sid": "HX" + "0" * 32, "language": "en", "types": {"twilio/card": card}, "variables": {"3": "code"}}
    )

    assert definition is not None
    assert {each.name: each.is_shown for each in definition.variables} == {"1": True, "2": False, "3": False}


async def test_a_template_is_sent_while_the_list_of_contents_is_not_readable(api: Api) -> None:
    sid = _add_content(api, {"twilio/text": {"body": "Code {{1}} {{2}}"}})
    api.refuses_contents = True
    await send(api, Template(name=sid, language="en", variables={"1": "*12*", "2": "x"}))

    [form] = api.sent_forms
    assert json.loads(form["ContentVariables"]) == {"1": "*12*", "2": "x"}


async def test_approval_counts_on_whatsapp_only(api: Api) -> None:
    paused = (await list_templates(api))["spring_sale"]
    sale = Template(name="spring_sale", language="en", variables={"1": "Ada"})

    problem = build_content_channel().check_template(paused, sale, ADDRESS)
    assert problem is not None
    assert problem.kind is TemplateProblemKind.NOT_APPROVED
    assert build_content_channel().check_template(paused, sale, SMS) is None
    needs = [
        part.template.needs_approval
        for address in (ADDRESS, SMS)
        for part in build_content_channel().render(Message(text="", template=sale), address)
        if part.template
    ]
    assert needs == [True, False]


async def test_a_malformed_list_is_a_delivery_error() -> None:
    answer = httpx.MockTransport(lambda _: httpx.Response(200, json={"contents": 1}))
    async with httpx.AsyncClient(transport=answer) as http:
        with pytest.raises(Unavailable, match="malformed"):
            await build_content_channel().list_templates(http)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.just("{{1}} {{name}}"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=example_count(300))
@given(
    st.fixed_dictionaries(
        {"sid": st.just("HX" + "0" * 32), "language": st.just("en")},
        optional=dict.fromkeys(("friendly_name", "types", "variables", "approval_requests"), JSON),
    )
)
def test_any_content_is_parsed(entry: dict[str, Any]) -> None:
    definition = parse_definition(entry)

    assert definition is None or len(definition.variables) <= 200


async def test_a_text_replaces_a_template_that_the_account_does_not_have(api: Api) -> None:
    message = Message(text="Your *order* has left.", template=ORDER.model_copy(update={"name": "of_meta"}))
    [part] = build_content_channel().render(message, ADDRESS)
    await build_content_channel().send(Reply(key="t.1", address=ADDRESS, **dict(part)), api.http)

    [form] = api.sent_forms
    assert form["Body"] == "Your _order_ has left."
    assert "ContentSid" not in form


DELETED = Template(name="HX" + "0" * 32, language="en")


def build_account_without_content(sent: list[str]) -> httpx.MockTransport:
    def respond(request: httpx.Request) -> httpx.Response:
        sent.append(request.content.decode())
        if "ContentSid" in sent[-1]:
            return httpx.Response(404, json={"code": 20404, "message": "no such content"})
        return httpx.Response(201, json={"sid": "SM1"})

    return httpx.MockTransport(respond)


async def test_a_template_that_was_deleted_stops_no_other_message_of_the_account() -> None:
    reply = Reply(key="t.1", address=ADDRESS, body="", template=DELETED)
    async with httpx.AsyncClient(transport=build_account_without_content([])) as http:
        with pytest.raises(Rejected) as refused:
            await build_content_channel().send(reply, http)

    assert (refused.value.code, refused.value.failure) == ("template_unknown", FailureKind.PERMANENT)


async def test_a_text_replaces_a_template_that_was_deleted() -> None:
    sent: list[str] = []
    reply = Reply(key="t.1", address=ADDRESS, body="Shipped", template=DELETED)
    async with httpx.AsyncClient(transport=build_account_without_content(sent)) as http:
        await build_content_channel().send(reply, http)

    assert "Body=Shipped" in sent[-1]
