"""Message templates of WhatsApp: the list, the check of values, and the simulated account's rules."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels._kit.rendering import build_template
from channels._kit.simulator import UserMessage
from channels.whatsapp import WhatsAppChannel
from channels.whatsapp.simulator.server import WhatsAppSimulator
from channels.whatsapp.simulator.templates.message_template import MessageTemplate as Stored
from channels.whatsapp.templates import parse_definition
from core.errors import ConfigurationError, Rejected, Unavailable
from core.model import (
    Address,
    Event,
    FailureKind,
    Ignored,
    MessageTemplate,
    Reply,
    Template,
    TemplateChanged,
    TemplateProblemKind,
    TurnReceived,
)
from core.ports import HasTemplates, Webhook
from tests.channels.sdk.hosted import host
from tests.channels.whatsapp.builders import ACCOUNT, OURS, PHONE, SECRET, TOKEN, build_channel
from tests.effort import example_count

ADA = Address(channel="whatsapp", account=ACCOUNT, ours=OURS, theirs=PHONE)
NOW = 1_790_000_000.0
PICTURE, FILE = "https://shop.example/a.png", "https://shop.example/a.pdf"
VALID: dict[str, dict[str, str]] = {
    "hello_world": {},
    "order_update": {"1": "Ada", "2": "12"},
    "appointment": {"header.customer": "Ada", "customer": "Ada", "day": "Monday"},
    "invoice": {
        "header.document": FILE,
        "header.filename": "invoice.pdf",
        "1": "12",
        "button.0.url": "12",
        "button.1.payload": "question",
    },
    "pick_up": {
        "header.latitude": "47.5",
        "header.longitude": "-19",
        "header.name": "Shop",
        "header.address": "1 High Street",
    },
    "voucher": {"header.image": PICTURE, "1": "Ada", "button.0.code": "SAVE10"},
    "sign_in": {"button.0.otp": "123456"},
    "menu": {
        "1": "Ada",
        **{
            f"card.{card}.{name}": value
            for card in (0, 1)
            for name, value in (
                ("header.image", PICTURE),
                ("1", "Bread"),
                ("button.0.url", "bread"),
                ("button.1.payload", "more"),
            )
        },
    },
}
OPTIONAL = {"header.filename", "payload"}


def make_simulator(**more: Any) -> WhatsAppSimulator:
    return WhatsAppSimulator(
        app_secret=SECRET, access_token=TOKEN, webhook_url="http://x/webhooks/whatsapp", seed=1, **more
    )


def build_account_channel(url: str = "http://127.0.0.1:9", **more: str) -> WhatsAppChannel:
    return build_channel(WHATSAPP_API_URL=url, WHATSAPP_BUSINESS_ACCOUNT_ID=ACCOUNT, **more)


async def list_templates(account: WhatsAppSimulator) -> dict[str, MessageTemplate]:
    async with host(account) as hosted, httpx.AsyncClient() as http:
        found = await build_account_channel(hosted.url).list_templates(http)
    return {each.name: each for each in found if each.language == "en_US"}


async def read_refusal(account: WhatsAppSimulator, template: Template) -> str:
    """Return Meta's code with which a template is refused; empty if it is accepted."""
    async with host(account) as hosted, httpx.AsyncClient() as http:
        try:
            await build_account_channel(hosted.url).send(
                Reply(key="1", address=ADA, body="", template=template), http
            )
        except Rejected as error:
            return error.code
    return ""


def test_the_channel_has_templates() -> None:
    assert isinstance(build_account_channel(), HasTemplates)
    assert build_account_channel().templates_setting == ""


async def test_without_the_business_account_the_missing_setting_is_named() -> None:
    assert build_channel().templates_setting == "WHATSAPP_BUSINESS_ACCOUNT_ID"
    async with httpx.AsyncClient() as http:
        with pytest.raises(ConfigurationError, match="WHATSAPP_BUSINESS_ACCOUNT_ID"):
            await build_channel().list_templates(http)
    with pytest.raises(ConfigurationError, match="numeric"):
        build_channel(WHATSAPP_BUSINESS_ACCOUNT_ID="shop")


async def test_definitions_have_status_category_quality_and_variables() -> None:
    templates = await list_templates(make_simulator())

    assert set(templates) == {*VALID, "spring_sale"}
    assert templates["spring_sale"].status == "paused"
    assert templates["voucher"].category == "marketing"
    assert templates["hello_world"].quality == "unknown"
    assert [(each.name, each.kind, each.is_required) for each in templates["invoice"].variables] == [
        ("header.document", "media", True),
        ("header.filename", "text", False),
        ("1", "text", True),
        ("button.0.url", "text", True),
        ("button.1.payload", "payload", False),
    ]
    assert templates["invoice"].components == ("header document", "buttons url 'Pay', quick_reply 'Question'")
    assert templates["invoice"].text == "Your invoice {{1}} is attached."


@pytest.mark.parametrize("name", VALID)
async def test_values_that_the_check_takes_are_taken_by_meta(name: str) -> None:
    account = make_simulator()
    definition = (await list_templates(account))[name]
    template = Template(name=name, language="en_US", variables=VALID[name])

    assert {each.name for each in definition.variables} >= set(VALID[name])
    assert build_account_channel().check_template(definition, template, ADA) is None
    assert await read_refusal(account, template) == ""


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "variable"),
    [
        (name, variable)
        for name, values in VALID.items()
        for variable in values
        if variable not in OPTIONAL and not variable.endswith("payload")
    ],
)
async def test_a_missing_value_is_named_and_meta_refuses_it(name: str, variable: str) -> None:
    account = make_simulator()
    definition = (await list_templates(account))[name]
    values = {key: value for key, value in VALID[name].items() if key != variable}
    template = Template(name=name, language="en_US", variables=values)

    problem = build_account_channel().check_template(definition, template, ADA)
    assert problem is not None
    assert problem.kind is TemplateProblemKind.VARIABLES
    assert f"{variable} missing" in problem.reason
    assert await read_refusal(account, template)


@pytest.mark.parametrize(
    ("name", "change", "code"),
    [
        ("order_update", {"1": "two\nlines"}, "132018"),
        ("order_update", {"1": "wide     gap"}, "132018"),
        ("order_update", {"1": " "}, "131008"),
        ("order_update", {"3": "more"}, "132000"),
        ("order_update", {"button.0.url": "x"}, "132018"),
        ("order_update", {"header.image": PICTURE}, "132018"),
        ("appointment", {"month": "May"}, "132000"),
        ("invoice", {"header.image": PICTURE}, "132012"),
        ("invoice", {"header.document": "no url"}, "131009"),
        ("invoice", {"button.1.url": "x"}, "132018"),
        ("invoice", {"button.7.url": "x"}, "132018"),
    ],
)
async def test_wrong_values_are_refused_before_meta_refuses_them(
    name: str, change: dict[str, str], code: str
) -> None:
    account = make_simulator()
    definition = (await list_templates(account))[name]
    values = {**VALID[name], **change}
    if "header.image" in change:
        values.pop("header.document", None)
    template = Template(name=name, language="en_US", variables=values)

    problem = build_account_channel().check_template(definition, template, ADA)
    assert problem is not None
    assert problem.kind is TemplateProblemKind.VARIABLES
    assert next(iter(change)) in problem.reason
    assert await read_refusal(account, template) == code


@pytest.mark.parametrize(
    ("status", "code"),
    [("PAUSED", "132015"), ("DISABLED", "132016"), ("PENDING", "132001"), ("REJECTED", "132001")],
)
async def test_only_an_approved_template_is_sent(status: str, code: str) -> None:
    account = make_simulator()
    account.change_template("hello_world", "en_US", NOW, status=status, reason="ABUSIVE_CONTENT")
    template = Template(name="hello_world", language="en_US")

    problem = build_account_channel().check_template(
        (await list_templates(account))["hello_world"], template, ADA
    )
    assert problem is not None
    assert problem.kind is TemplateProblemKind.NOT_APPROVED
    assert problem.reason == (
        f"the template hello_world in en_US is {status.lower()} (abusive_content), not approved"
    )
    assert await read_refusal(account, template) == code


async def test_an_unknown_language_and_a_text_that_grows_too_long_are_refused() -> None:
    long = Template(name="order_update", language="en_US", parameters=("a" * 600, "b" * 600))

    assert await read_refusal(make_simulator(), long) == "132005"
    assert await read_refusal(make_simulator(), Template(name="order_update", language="fr")) == "132001"


async def test_the_list_is_read_page_after_page() -> None:
    stored = [Stored(f"t{number}", "en_US", "Hi") for number in range(250)]

    assert len(await list_templates(make_simulator(templates=stored))) == 250


async def test_a_refused_token_and_a_malformed_list_are_delivery_errors() -> None:
    async with host(make_simulator()) as hosted, httpx.AsyncClient() as http:
        with pytest.raises(Rejected) as refused:
            await build_account_channel(hosted.url, WHATSAPP_ACCESS_TOKEN="other").list_templates(http)
    assert refused.value.failure is FailureKind.ACCOUNT

    nowhere = httpx.MockTransport(lambda _: httpx.Response(200, json={"data": "x"}))
    async with httpx.AsyncClient(transport=nowhere) as http:
        with pytest.raises(Unavailable, match="malformed"):
            await build_account_channel().list_templates(http)


async def test_a_list_that_never_ends_is_given_up() -> None:
    pages = 0

    def answer(_: httpx.Request) -> httpx.Response:
        nonlocal pages
        pages += 1
        cursors = {"cursors": {"after": f"c{pages}"}, "next": "https://graph.facebook.com/…"}
        return httpx.Response(200, json={"data": [{"name": "a", "language": "en"}], "paging": cursors})

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        with pytest.raises(Unavailable, match="100 pages"):
            await build_account_channel().list_templates(http)
    assert pages == 100


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just("{{1}}"),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["type", "format", "text", "buttons", "cards", "components", "url", "score"])
            | st.text(max_size=5),
            inner | st.sampled_from(["HEADER", "BODY", "BUTTONS", "CAROUSEL", "URL", "TEXT", "OTP"]),
            max_size=5,
        )
    ),
    max_leaves=20,
)


@pytest.mark.long
@settings(max_examples=example_count(400))
@given(
    entry=st.fixed_dictionaries(
        {"name": st.just("a"), "language": st.just("en")},
        optional={
            "components": JSON,
            "status": JSON,
            "quality_score": JSON,
            "category": st.just("AUTHENTICATION") | JSON,
        },
    ),
    values=st.dictionaries(st.text(max_size=20), st.text(max_size=20), max_size=5),
)
def test_any_definition_is_parsed_and_any_values_are_checked(
    entry: dict[str, Any], values: dict[str, str]
) -> None:
    definition = parse_definition(entry)

    assert definition is not None
    assert len(definition.variables) < 5_000
    build_account_channel().check_template(
        definition, Template(name="a", language="en", variables=values), ADA
    )


@settings(max_examples=example_count(200))
@given(
    st.dictionaries(
        st.text(max_size=8)
        | st.from_regex(r"(card\.\d{1,2}\.)?(button\.\d{1,3}\.(url|otp|code|x)|header(\.\w+)?|\d+)"),
        st.text(max_size=8),
        max_size=6,
    )
)
def test_any_variables_make_a_request(values: dict[str, str]) -> None:
    from channels.whatsapp.rendering import build_request

    template = Template(name="a", language="en", variables=values)
    json.dumps(build_request(Reply(key="1", address=ADA, body="", template=template), "http://x"))


def parse_deliveries(deliveries: Any, **settings: str) -> list[Event]:
    events: list[Event] = []
    for each in deliveries:
        hook = Webhook(each.method, each.url, each.headers, each.body)
        build_account_channel(**settings).verify(hook)
        events += build_account_channel(**settings).parse(hook)
    return events


async def test_a_tap_on_a_templates_button_returns_its_payload() -> None:
    account = make_simulator()
    template = Template(name="invoice", language="en_US", variables=VALID["invoice"])
    assert await read_refusal(account, template) == ""
    tap = UserMessage("whatsapp", f"+{PHONE}", "Question", button="question")
    _, [webhook] = account.send_user_message(tap, NOW)

    [event] = parse_deliveries([webhook])
    assert isinstance(event, TurnReceived)
    assert (event.turn.text, event.turn.payload) == ("Question", "question")


def test_changes_of_a_template_are_events() -> None:
    account = make_simulator()
    deliveries = account.change_template(
        "order_update", "de", NOW, status="PAUSED", quality="RED", category="MARKETING"
    )
    about = {"channel": "whatsapp", "name": "order_update", "language": "de"}

    assert parse_deliveries(deliveries) == [
        TemplateChanged(**about, status="paused"),
        TemplateChanged(**about, quality="red"),
        TemplateChanged(**about, category="marketing"),
    ]


def test_changes_of_another_business_account_are_ignored() -> None:
    deliveries = make_simulator(account="900000000000009").change_template(
        "order_update", "de", NOW, status="PAUSED"
    )

    assert parse_deliveries(deliveries) == [Ignored(reason="message_template_status_update")]


def test_a_value_is_shown_as_it_is_and_a_button_gets_it_unchanged() -> None:
    values = {"1": "*Ada* & A*12*B", "button.0.url": "_a_", "button.1.code": "*12*"}
    built = build_template(Template(name="hello", language="en", variables=values))

    body, link, code = built["components"]
    assert body["parameters"] == [{"type": "text", "text": "\u2060*Ada* & A*12*B"}]
    assert link["parameters"] == [{"type": "text", "text": "_a_"}]
    assert code["parameters"] == [{"type": "coupon_code", "coupon_code": "*12*"}]
