"""Twilio API client: requests, error responses and look-ups."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from urllib.parse import parse_qs

import httpx
import pytest
import respx

from channels.twilio import SETTINGS, ErrorKind, classify_error_code, create_channel
from core.errors import ConfigurationError, DeliveryError, Rejected, Throttled, Unavailable, Unknown
from core.model import Address, FailureKind, Reply
from tests.channels.twilio.builders import ACCOUNT, ENVIRON, PUBLIC, TOKEN, build_channel

MESSAGES = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
SERVICE = "MG" + "0" * 32
SMS = Address(channel="twilio", account=ACCOUNT, ours="+12025550100", theirs="+12025550170")
WHATSAPP = Address(
    channel="twilio", account=ACCOUNT, ours="whatsapp:+12025550101", theirs="whatsapp:+12025550171"
)
NOW = datetime(2026, 10, 1, 10, 0, 0, tzinfo=UTC)


@pytest.fixture
def api() -> Iterator[respx.MockRouter]:
    with respx.mock() as router:
        yield router


def build_reply(body: str = "Hello", address: Address = SMS, media: tuple[str, ...] = ()) -> Reply:
    return Reply(key="turn.1", address=address, body=body, media=media)


def build_entry(sid: str, body: str = "Hello", *, seconds: float = 0, **fields: object) -> dict[str, object]:
    return {
        "sid": sid,
        "body": body,
        "from": SMS.ours,
        "to": SMS.theirs,
        "direction": "outbound-api",
        "num_media": "0",
        "status": "queued",
        "date_created": format_datetime(NOW + timedelta(seconds=seconds)),
        **fields,
    }


def build_page(*entries: object, following: object = None) -> httpx.Response:
    return httpx.Response(200, json={"messages": list(entries), "next_page_uri": following})


async def read_sent_form(api: respx.MockRouter, reply: Reply, **settings: str) -> dict[str, list[str]]:
    route = api.post(MESSAGES).respond(201, json={"sid": "SM1"})
    async with httpx.AsyncClient() as http:
        await build_channel(**settings).send(reply, http)
    return parse_qs(route.calls.last.request.content.decode())


async def find_sent(reply: Reply, since: datetime = NOW, known: frozenset[str] = frozenset()) -> str | None:
    async with httpx.AsyncClient() as http:
        found = await build_channel().find_sent(reply, http, since=since, known=known)
    return found.provider_id if found else None


async def send_refused(api: respx.MockRouter, status: int, code: int) -> DeliveryError:
    body = {"code": code, "message": "The number +12025550170 is bad", "status": status}
    api.post(MESSAGES).respond(status, json=body)
    async with httpx.AsyncClient() as http:
        with pytest.raises(DeliveryError) as error:
            await build_channel().send(build_reply(), http)
    return error.value


async def test_a_reply_is_sent_from_the_number_that_was_written_to(api: respx.MockRouter) -> None:
    assert await read_sent_form(api, build_reply("Hi + é 😀")) == {
        "To": ["+12025550170"],
        "From": ["+12025550100"],
        "Body": ["Hi + é 😀"],
        "StatusCallback": [f"{PUBLIC}/webhooks/twilio"],
        "SmartEncoded": ["true"],
    }


async def test_whatsapp_keeps_its_prefix_and_its_characters(api: respx.MockRouter) -> None:
    form = await read_sent_form(
        api, build_reply("“Hi”", WHATSAPP, media=("https://files.example.com/1.jpg",))
    )

    assert (form["To"], form["From"]) == ([WHATSAPP.theirs], [WHATSAPP.ours])
    assert form["MediaUrl"] == ["https://files.example.com/1.jpg"]
    assert "SmartEncoded" not in form


async def test_ten_media_are_ten_fields_and_an_empty_body_is_not_a_field(api: respx.MockRouter) -> None:
    urls = tuple(f"https://files.example.com/{number}" for number in range(10))
    form = await read_sent_form(api, build_reply("", media=urls))

    assert form["MediaUrl"] == list(urls)
    assert "Body" not in form


async def test_a_messaging_service_is_named_next_to_the_sender(api: respx.MockRouter) -> None:
    form = await read_sent_form(api, build_reply(), TWILIO_MESSAGING_SERVICE_SID=SERVICE)

    assert (form["MessagingServiceSid"], form["From"]) == ([SERVICE], [SMS.ours])


async def test_the_first_token_of_a_rotation_sends(api: respx.MockRouter) -> None:
    route = api.post(MESSAGES).respond(201, json={"sid": "SM1"})
    async with httpx.AsyncClient() as http:
        await build_channel(TWILIO_AUTH_TOKEN="new,old").send(build_reply(), http)

    expected = httpx.BasicAuth(ACCOUNT, "new")._auth_header
    assert route.calls.last.request.headers["authorization"] == expected


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"\xff", b'{"sid": 7}', b"<html>"])
async def test_a_malformed_success_is_unknown(api: respx.MockRouter, body: bytes) -> None:
    api.post(MESSAGES).respond(201, content=body)

    async with httpx.AsyncClient() as http:
        with pytest.raises(Unknown):
            await build_channel().send(build_reply(), http)


async def test_an_opt_out_error_is_marked(api: respx.MockRouter) -> None:
    error = await send_refused(api, 400, 21610)

    assert isinstance(error, Rejected)
    assert (error.code, error.failure) == ("21610", FailureKind.OPTED_OUT)


@pytest.mark.parametrize(("status", "code"), [(401, 20003), (403, 20003), (400, 21606), (400, 63007)])
async def test_an_account_wide_error_is_marked(api: respx.MockRouter, status: int, code: int) -> None:
    error = await send_refused(api, status, code)

    assert isinstance(error, Rejected)
    assert error.failure is FailureKind.ACCOUNT


@pytest.mark.parametrize(
    ("code", "failure"),
    [
        (21211, FailureKind.UNREACHABLE),
        (21602, FailureKind.PERMANENT),
        (21614, FailureKind.LANDLINE),
        (21617, FailureKind.PERMANENT),
        (63003, FailureKind.UNREACHABLE),
        (63033, FailureKind.BLOCKED),
        (63016, FailureKind.WINDOW),
        (99999, FailureKind.PERMANENT),
    ],
)
async def test_a_message_error_is_not_account_wide(
    api: respx.MockRouter, code: int, failure: FailureKind
) -> None:
    error = await send_refused(api, 400, code)

    assert isinstance(error, Rejected)
    assert error.failure is failure


@pytest.mark.parametrize(("status", "code"), [(429, 20429), (429, 14107), (400, 21611), (400, 63038)])
async def test_a_rate_limit_is_not_a_failure_of_the_account(
    api: respx.MockRouter, status: int, code: int
) -> None:
    assert isinstance(await send_refused(api, status, code), Throttled)


@pytest.mark.parametrize("status", [400, 429])
async def test_a_full_queue_of_a_number_is_waited_for_at_that_number(
    api: respx.MockRouter, status: int
) -> None:
    error = await send_refused(api, status, 21611)

    assert isinstance(error, Throttled)
    assert (error.one_number, error.retry_after) == (True, 600.0)


@pytest.mark.parametrize(("status", "code"), [(500, 20500), (503, 20503), (500, 21211)])
async def test_a_server_error_is_unknown(api: respx.MockRouter, status: int, code: int) -> None:
    assert isinstance(await send_refused(api, status, code), Unknown)


async def test_the_reason_is_twilios_text_without_the_number(api: respx.MockRouter) -> None:
    error = await send_refused(api, 400, 21211)

    assert error.reason == "twilio 21211: The number … is bad"
    assert TOKEN not in repr(error)


async def test_the_newer_error_format_is_parsed(api: respx.MockRouter) -> None:
    api.post(MESSAGES).respond(400, json={"code": 21610, "detail": "opted out", "status": 400})

    async with httpx.AsyncClient() as http:
        with pytest.raises(Rejected, match="opted out"):
            await build_channel().send(build_reply(), http)


async def test_a_redirect_is_not_followed_with_our_credentials(api: respx.MockRouter) -> None:
    api.post(MESSAGES).respond(302, headers={"location": "https://evil.example.com"})

    async with httpx.AsyncClient() as http:
        with pytest.raises(Unavailable, match="TWILIO_API_URL"):
            await build_channel().send(build_reply(), http)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("21610", ErrorKind.OPTED_OUT),
        ("30003", ErrorKind.RETRY),
        ("30007", ErrorKind.BLOCKED),
        ("63016", ErrorKind.WINDOW),
        ("63018", ErrorKind.LATER),
        ("30005", ErrorKind.ADDRESS),
        ("90010", ErrorKind.ACCOUNT),
        ("12345", ErrorKind.UNKNOWN),
        ("", ErrorKind.UNKNOWN),
    ],
)
def test_status_callback_codes_are_classified(code: str, kind: ErrorKind) -> None:
    assert classify_error_code(code) is kind


async def test_an_accepted_message_is_found(api: respx.MockRouter) -> None:
    route = api.get(MESSAGES).mock(return_value=build_page(build_entry("SM3", "other"), build_entry("SM2")))

    assert await find_sent(build_reply()) == "SM2"
    asked = dict(route.calls.last.request.url.params)
    assert (asked["To"], asked["From"]) == (SMS.theirs, SMS.ours)


@pytest.mark.parametrize(
    "other",
    [
        build_entry("SM2", "hello"),
        build_entry("SM2", seconds=-3),
        build_entry("SM2", direction="inbound"),
        build_entry("SM2", num_media="1"),
        {**build_entry("SM2"), "from": "+12025550199"},
        build_entry("SM2", date_created="soon", seconds=-100, body="Hell"),
        "no object",
    ],
)
async def test_similar_messages_are_not_matched(api: respx.MockRouter, other: object) -> None:
    api.get(MESSAGES).mock(return_value=build_page(other))

    assert await find_sent(build_reply()) is None


async def test_known_replies_are_skipped_and_the_oldest_match_is_returned(api: respx.MockRouter) -> None:
    answer = build_page(build_entry("SM4"), build_entry("SM3"), build_entry("SM2"))
    api.get(MESSAGES).mock(return_value=answer)

    assert await find_sent(build_reply(), known=frozenset({"SM2"})) == "SM3"


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        ("“Hi” – it’s\u00a0me…", '"Hi" - it\'s me...'),
        ("a\nb ", "a\r\nb"),
        ("Hello", "Sent from your Twilio trial account - Hello"),
    ],
)
async def test_a_text_changed_by_twilio_is_matched(api: respx.MockRouter, body: str, kept: str) -> None:
    api.get(MESSAGES).mock(return_value=build_page(build_entry("SM2", kept)))

    assert await find_sent(build_reply(body)) == "SM2"


async def test_the_look_up_reads_a_bounded_number_of_pages(api: respx.MockRouter) -> None:
    following = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json?To=x&Page=1"
    api.get(MESSAGES, params={"Page": "1"}).mock(return_value=build_page(build_entry("SM2")))
    api.get(MESSAGES).mock(return_value=build_page(build_entry("SM3", "other"), following=following))

    assert await find_sent(build_reply()) == "SM2"

    api.routes.clear()
    endless = api.get(url__startswith=MESSAGES).mock(return_value=build_page(following=following))
    with pytest.raises(Unavailable):
        await find_sent(build_reply())
    assert endless.call_count == 5


async def test_a_next_page_on_another_host_is_not_requested(api: respx.MockRouter) -> None:
    api.get(MESSAGES).mock(return_value=build_page(following="https://evil.example.com/next"))

    assert await find_sent(build_reply()) is None


@pytest.mark.parametrize("sid", [None, "", 0])
async def test_an_entry_without_an_id_is_skipped(api: respx.MockRouter, sid: object) -> None:
    nameless = {**build_entry("SM1"), "sid": sid}
    api.get(MESSAGES).mock(return_value=build_page(nameless, None, "x", build_entry("SM2")))

    assert await find_sent(build_reply()) == "SM2"


async def test_the_look_up_stops_at_older_messages(api: respx.MockRouter) -> None:
    answer = build_page(build_entry("SM2", "other", seconds=-60), following="/never")
    api.get(MESSAGES).mock(return_value=answer)

    assert await find_sent(build_reply()) is None


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (httpx.Response(429), Unavailable),
        (httpx.Response(500), Unavailable),
        (httpx.Response(200, text="<html>"), Unavailable),
        (httpx.Response(200, json={"messages": None}), Unavailable),
        (httpx.Response(401), Rejected),
        (httpx.ReadTimeout("silence"), Unavailable),
        (httpx.ConnectError("refused"), Unavailable),
    ],
)
async def test_a_failed_look_up_is_unavailable(
    api: respx.MockRouter, answer: httpx.Response | Exception, expected: type[DeliveryError]
) -> None:
    api.get(MESSAGES).mock(side_effect=[answer])

    with pytest.raises(expected):
        await find_sent(build_reply())


def test_without_settings_there_is_no_channel() -> None:
    assert create_channel({}, PUBLIC) is None
    assert create_channel({"TWILIO_ACCOUNT_SID": " "}, PUBLIC) is None


@pytest.mark.parametrize(
    ("environ", "public_url", "named"),
    [
        ({"TWILIO_ACCOUNT_SID": ACCOUNT}, PUBLIC, "TWILIO_AUTH_TOKEN"),
        ({"TWILIO_AUTH_TOKEN": TOKEN}, PUBLIC, "TWILIO_ACCOUNT_SID"),
        ({"TWILIO_API_URL": "https://api.twilio.com"}, PUBLIC, "TWILIO_ACCOUNT_SID"),
        ({**ENVIRON, "TWILIO_ACCOUNT_SID": "SK" + "0" * 32}, PUBLIC, "TWILIO_ACCOUNT_SID"),
        ({**ENVIRON, "TWILIO_ACCOUNT_SID": ACCOUNT[:-1]}, PUBLIC, "TWILIO_ACCOUNT_SID"),
        ({**ENVIRON, "TWILIO_MESSAGING_SERVICE_SID": SERVICE[:-1]}, PUBLIC, "TWILIO_MESSAGING_SERVICE_SID"),
        ({**ENVIRON, "TWILIO_AUTH_TOKEN": "a,,b"}, PUBLIC, "TWILIO_AUTH_TOKEN"),
        ({**ENVIRON, "TWILIO_AUTH_TOKEN": "tökén"}, PUBLIC, "TWILIO_AUTH_TOKEN"),
        ({**ENVIRON, "TWILIO_API_URL": "api.twilio.com"}, PUBLIC, "TWILIO_API_URL"),
        ({**ENVIRON, "TWILIO_API_URL": "https://h:x"}, PUBLIC, "TWILIO_API_URL"),
        ({**ENVIRON, "TWILIO_MESSAGING_SERVICE_SID": "AC1"}, PUBLIC, "TWILIO_MESSAGING_SERVICE_SID"),
        ({**ENVIRON, "TWILIO_SHARED_KEYS": "no-secret"}, PUBLIC, "TWILIO_SHARED_KEYS"),
        (ENVIRON, "", "PUBLIC_URL"),
        (ENVIRON, "bots.example.com", "PUBLIC_URL"),
        (ENVIRON, "https://bots.example.com/?a=b", "PUBLIC_URL"),
        (ENVIRON, "https://user:pass@bots.example.com", "PUBLIC_URL"),
    ],
)
def test_an_invalid_setting_is_named_without_its_secret(
    environ: dict[str, str], public_url: str, named: str
) -> None:
    with pytest.raises(ConfigurationError, match=named) as error:
        create_channel(environ, public_url)
    assert TOKEN not in str(error.value)


def test_every_setting_has_a_description() -> None:
    assert [setting.name for setting in SETTINGS if setting.secret] == [
        "TWILIO_AUTH_TOKEN",
        "TWILIO_SHARED_KEYS",
    ]
    assert all(setting.description for setting in SETTINGS)
