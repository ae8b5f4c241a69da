"""Cloud API client: requests and error responses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import respx

from channels._kit.outbound import ErrorKind
from channels.whatsapp import create_channel
from channels.whatsapp.capabilities import ERROR_KINDS, classify_error_code
from core.errors import ConfigurationError, Rejected, Throttled, Unavailable, Unknown
from core.model import Address, FailureKind, Reply
from tests.channels.whatsapp.builders import ACCOUNT, ENVIRON, OURS, PHONE, TOKEN, build_channel

URL = f"https://graph.facebook.com/v26.0/{OURS}/messages"
ADA = Address(channel="whatsapp", account=ACCOUNT, ours=OURS, theirs=PHONE)
REPLY = Reply(key="turn.1", address=ADA, body="Hello")


@pytest.fixture
def api() -> Iterator[respx.MockRouter]:
    with respx.mock() as router:
        yield router


async def send() -> str:
    async with httpx.AsyncClient() as http:
        return (await build_channel().send(REPLY, http)).provider_id


def build_error(code: int, status: int = 400, **more: Any) -> httpx.Response:
    return httpx.Response(status, json={"error": {"code": code, "message": f"(#{code}) no", **more}})


async def test_a_send_has_the_token_and_the_reply_key(api: respx.MockRouter) -> None:
    route = api.post(URL).respond(200, json={"messages": [{"id": "wamid.1"}]})

    assert await send() == "wamid.1"
    request = route.calls.last.request
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert json.loads(request.content) == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": PHONE,
        "biz_opaque_callback_data": f"{OURS}:{PHONE}:turn.1",
        "type": "text",
        "text": {"body": "Hello", "preview_url": False},
    }


@pytest.mark.parametrize("body", [{}, {"messages": []}, {"messages": [{}]}, {"messages": "x"}, []])
async def test_a_response_without_an_id_is_unknown(api: respx.MockRouter, body: object) -> None:
    api.post(URL).respond(200, json=body)

    with pytest.raises(Unknown):
        await send()


@pytest.mark.parametrize("code", [130429, 131056, 131048, 80007, 4, 131000, 2])
async def test_rate_limits_and_temporary_errors_are_unavailable(api: respx.MockRouter, code: int) -> None:
    api.post(URL).mock(return_value=build_error(code))

    with pytest.raises(Unavailable) as refused:
        await send()
    assert refused.value.code == str(code)
    assert refused.value.retry_after


@pytest.mark.parametrize(("code", "ours"), [(190, True), (200, True), (131042, True), (131047, False)])
async def test_permanent_errors_concern_the_account_or_the_reply(
    api: respx.MockRouter, code: int, ours: bool
) -> None:
    api.post(URL).mock(return_value=build_error(code))

    with pytest.raises(Rejected) as refused:
        await send()
    assert (refused.value.failure is FailureKind.ACCOUNT) is ours


@pytest.mark.parametrize(
    ("answer", "seconds", "is_of_number"),
    [
        (build_error(130429, 400), 5.0, True),
        (build_error(80007, 400), 600.0, False),
        (httpx.Response(429), 5.0, False),
        (httpx.Response(429, text="<html>busy</html>"), 5.0, False),
    ],
)
async def test_a_limit_by_the_second_stops_the_number_for_seconds(
    api: respx.MockRouter, answer: httpx.Response, seconds: float, *, is_of_number: bool
) -> None:
    api.post(URL).mock(return_value=answer)

    with pytest.raises(Throttled) as refused:
        await send()
    assert (refused.value.retry_after, refused.value.one_number) == (seconds, is_of_number)


async def test_a_rate_limit_with_a_5xx_status_is_unavailable(api: respx.MockRouter) -> None:
    api.post(URL).mock(return_value=build_error(130429, 500))

    with pytest.raises(Unavailable):
        await send()


async def test_any_other_server_error_is_unknown(api: respx.MockRouter) -> None:
    api.post(URL).mock(return_value=build_error(131000, 500))

    with pytest.raises(Unknown):
        await send()


async def test_a_transient_error_with_an_unknown_code_is_unavailable(api: respx.MockRouter) -> None:
    api.post(URL).mock(return_value=build_error(999999, is_transient=True))

    with pytest.raises(Unavailable):
        await send()


async def test_the_reason_has_no_phone_number(api: respx.MockRouter) -> None:
    api.post(URL).mock(return_value=build_error(131026, error_data={"details": f"{PHONE} unreachable"}))

    with pytest.raises(Rejected) as refused:
        await send()
    assert PHONE not in refused.value.reason


@pytest.mark.parametrize("data", ["text", None, 1, []])
async def test_malformed_error_data_is_tolerated(api: respx.MockRouter, data: object) -> None:
    api.post(URL).mock(return_value=build_error(131026, error_data=data))

    with pytest.raises(Rejected, match="131026"):
        await send()


async def test_a_turn_is_marked_as_read_and_typing_is_shown(api: respx.MockRouter) -> None:
    route = api.post(URL).respond(200, json={"success": True})

    async with httpx.AsyncClient() as http:
        await build_channel().show_typing(ADA, "wamid.A", http)
    assert json.loads(route.calls.last.request.content) == {
        "messaging_product": "whatsapp",
        "status": "read",
        "message_id": "wamid.A",
        "typing_indicator": {"type": "text"},
    }


def test_each_code_has_one_kind() -> None:
    assert classify_error_code("131047") is ErrorKind.WINDOW
    assert classify_error_code("131026") is ErrorKind.ADDRESS
    assert classify_error_code("250") is ErrorKind.ACCOUNT
    assert classify_error_code("7") is ErrorKind.UNKNOWN
    assert all(code.isdigit() for code in ERROR_KINDS)


@pytest.mark.parametrize("missing", list(ENVIRON))
def test_a_missing_setting_is_named(missing: str) -> None:
    with pytest.raises(ConfigurationError, match=missing):
        create_channel({name: value for name, value in ENVIRON.items() if name != missing}, "")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WHATSAPP_API_VERSION", "26"),
        ("WHATSAPP_API_VERSION", "v26.0/../x"),
        ("WHATSAPP_API_URL", "graph.facebook.com"),
        ("WHATSAPP_APP_SECRET", "a,,b"),
    ],
)
def test_an_invalid_setting_is_named(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=name):
        create_channel({**ENVIRON, name: value}, "")


def test_without_settings_there_is_no_channel() -> None:
    assert create_channel({}, "") is None
