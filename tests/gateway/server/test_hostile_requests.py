"""Fuzzing of heads, cookies and credentials: raw bytes to the composed web application on a real server."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis
from starlette.applications import Starlette

from gateway.local.http_server import serve
from gateway.server.bounded_http import bounded_protocol
from gateway.server.connection_table import ConnectionLimits
from gateway.server.operator_auth import SESSION_COOKIE
from tests.effort import example_count
from tests.gateway.access.rule import build_operator_auth
from tests.gateway.console.test_sign_in import read_cookie, sign_in
from tests.gateway.server.test_operator_auth import OPS
from tests.gateway.server.test_operator_auth import ask as ask_from_this_machine

LIMITS = ConnectionLimits(
    head_bytes=8_192, header_bytes=2_048, headers=20, head_seconds=0.3, body_seconds=0.3
)
OPEN_PATHS = re.compile(
    rb"(?:GET|HEAD) (?:http://[^/ ]*)?/(healthz|readyz|widget\.js|console/sign-in|console/static/)"
)
READY = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"

fuzzed = settings(
    max_examples=example_count(60, quick=5), suppress_health_check=[HealthCheck.function_scoped_fixture]
)
METHODS = st.sampled_from(b"GET POST HEAD PUT OPTIONS CONNECT TRACE get PRI".split())
VERSIONS = st.sampled_from([b"HTTP/1.1", b"HTTP/1.0", b"HTTP/0.9", b"HTTP/2.0", b"http/1.1", b"X", b""])
TARGETS = st.sampled_from(
    b"""\
/console
/healthz
/messages
/webhooks/twilio
/turn/%F0%9F%98%80%F0
//x/console
/console/../metrics
/console%2f..%2fmetrics
/console?a=%
/console#x
/console;x
\\console
/%00
/%ff%fe
/\xff
*

http://[/console
http://x/console""".split(b"\n")
)
LINES = st.binary(max_size=60) | st.sampled_from(
    b"""\
Host: x
Host: 127.0.0.1
Host: [
Host:
Content-Length: 3
Content-Length: -1
Content-Length: +3
Content-Length: 0x3
Content-Length: 99999999999999999999999
Transfer-Encoding: chunked
Transfer-Encoding: x, chunked
Transfer-Encoding : chunked
Expect: 100-continue
Upgrade: websocket
Upgrade: h2c
Connection: upgrade
Connection: close
Sec-WebSocket-Key: a
HTTP2-Settings: AAMAAABkAAQ
 folded: line
\tfolded
No colon
: x
Authorization: Basic !
Authorization: Basic OgOgOgOg
Authorization: Bearer \xff
Cookie: turngate_session=aaaaaaaa
Cookie: =;;=\xff
Accept: text/html
Accept-Encoding: gzip;q=x
Range: bytes=-1,0-,9-1
If-None-Match: "
X-Forwarded-For: , ,\xff
Forwarded: for="[::1
Content-Type: multipart/form-data
Content-Type: application/json; charset=\xff
Origin: null
Origin: http://[
X-Twilio-Signature: \xe9
traceparent: 00-zz""".split(b"\n")
)
ENDS = st.sampled_from([b"\r\n", b"\r\n", b"\r\n", b"\n", b"\r", b"\0\r\n"])
BODIES = st.sampled_from(
    [b"", b"abc", b"{}", b"3\r\nabc\r\n0\r\n\r\n", b"-3\r\nabc", b"3;\xff=\0\r\nabc\r\n", READY]
)


@st.composite
def draw_requests(draw: st.DrawFn) -> bytes:
    """Draw a request of plausible and hostile parts, or the same with some bytes changed, or any bytes."""
    lines = [b" ".join((draw(METHODS), draw(TARGETS), draw(VERSIONS))), *draw(st.lists(LINES, max_size=8))]
    sent = b"".join(line + draw(ENDS) for line in lines) + draw(ENDS) + draw(BODIES)
    for position, inserted in draw(
        st.lists(st.tuples(st.integers(0, 400), st.binary(max_size=3)), max_size=3)
    ):
        sent = sent[:position] + inserted + sent[position + 1 :]
    return draw(st.sampled_from([sent, sent, draw(st.binary(max_size=200))]))


@dataclass(frozen=True)
class ServedApplication:
    """The served application."""

    url: str

    async def send(self, request: bytes, cut: int = 0) -> bytes:
        """Send bytes, in two writes if `cut` is inside them; return the head of the answer, if any."""
        reader, writer = await asyncio.open_connection("127.0.0.1", int(self.url.rpartition(":")[2]))
        try:
            async with asyncio.timeout(20):
                writer.write(request[:cut])
                await writer.drain()
                writer.write(request[cut:])
                return await reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError) as end:
            return getattr(end, "partial", b"")
        finally:
            writer.close()


@pytest.fixture(params=[LIMITS], ids=["short limits"])
async def web(app: Starlette, request: pytest.FixtureRequest) -> AsyncIterator[ServedApplication]:
    protocol = bounded_protocol(request.param)
    async with app.router.lifespan_context(app), serve(app, http=protocol, lifespan="off") as url:
        yield ServedApplication(url)


@fuzzed
@given(st.lists(st.tuples(draw_requests(), st.integers(0, 60)), min_size=1, max_size=30))
@example([(b"GET /console HTTP/1.1\r\nHost: [\r\nAccept: text/html\r\n\r\n", 0)])
@example(
    [
        (
            b"POST /turn HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"
            + READY,
            0,
        )
    ]
)
async def test_any_head_has_an_answer_without_a_crash_and_opens_nothing(
    web: ServedApplication, caplog: pytest.LogCaptureFixture, sent: list[tuple[bytes, int]]
) -> None:
    answers = await asyncio.gather(*(web.send(request, cut) for request, cut in sent))

    for (request, _), answer in zip(sent, answers, strict=True):
        status = int(answer.split()[1]) if answer else 400
        assert status < 500 or status == 503, (request, answer)
        assert status >= 300 or OPEN_PATHS.match(request.lstrip(b"\r\n")) or status == 100, (request, answer)
    assert b" 200 " in await web.send(READY)
    assert not [record for record in caplog.records if record.levelname in ("ERROR", "CRITICAL")]


@pytest.mark.parametrize(
    "framing",
    [
        b"Content-Length: 3\r\nTransfer-Encoding: chunked",
        b"Transfer-Encoding: chunked\r\nContent-Length: 3",
        b"Content-Length: 3\r\nContent-Length: 40",
        b"Content-Length: +3",
        b"Content-Length: 3,3",
        b"Content-Length: 3 4",
        b"Transfer-Encoding : chunked",
        b"Transfer-Encoding: xchunked",
        b"Transfer-Encoding: chunked, gzip",
        b"Transfer-Encoding:\x0bchunked",
        b"X: a\rContent-Length: 3",
        b"X: a\0b\r\nContent-Length: 3",
    ],
)
async def test_an_ambiguous_length_ends_the_connection_before_a_second_request(
    web: ServedApplication, framing: bytes
) -> None:
    """Two readers of one connection would see different requests in it (request smuggling)."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(web.url.rpartition(":")[2]))
    writer.write(b"POST /turn HTTP/1.1\r\nHost: x\r\n" + framing + b"\r\n\r\n0\r\n\r\n" + READY)
    async with asyncio.timeout(20):
        answers = await reader.read()
    writer.close()

    assert b" 200 " not in answers, answers
    assert answers.count(b"HTTP/1.1") == 1, answers


def draw_cookies(session: str) -> st.SearchStrategy[bytes]:
    """Draw cookie headers: any bytes, any value under the session's name, a session with a byte changed."""
    name, value = SESSION_COOKIE.encode(), session.encode()
    near = st.tuples(st.integers(0, len(value) - 1), st.binary(max_size=2)).map(
        lambda change: value[: change[0]] + change[1] + value[change[0] + 1 :]
    )
    values = (st.binary(max_size=80) | near | st.just(b'"' + value + b'"x')).filter(
        lambda each: each != value
    )
    named = st.tuples(st.sampled_from([name, name.upper(), b" " + name, b"__Host-" + name]), values)
    pairs = st.lists(named.map(b"=".join) | st.binary(max_size=30), max_size=5).map(b"; ".join)
    return pairs.map(lambda header: re.sub(rb"[\0-\x08\n-\x1f\x7f]", b"_", header).strip()).filter(
        lambda header: value not in header.replace(b'"' + value + b'"x', b"")
    )


@pytest.mark.parametrize("web", [ConnectionLimits()], indirect=True, ids=["usual limits"])
@settings(parent=fuzzed, max_examples=example_count(20, quick=4))
@given(data=st.data())
async def test_no_cookie_but_the_issued_one_signs_in(web: ServedApplication, data: st.DataObject) -> None:
    async with httpx.AsyncClient(base_url=web.url, trust_env=False) as http:
        issued = read_cookie(await sign_in(http))["value"]
        for drawn in data.draw(st.lists(draw_cookies(issued), min_size=1, max_size=12)):
            http.cookies.clear()
            cookie = {b"cookie": drawn}
            page = await http.get("/console", headers={b"accept": b"text/html", **cookie})
            act = await http.post("/messages", headers=cookie, json={})
            form = await http.get("/console/sign-in", headers=cookie)
            again = await http.post("/console/sign-in", headers=cookie, data={"key": OPS})
            statuses = [answer.status_code for answer in (page, act, form, again)]
            assert statuses == [303, 401, 200, 303], drawn
        http.cookies.clear()
        page = await http.get("/console/quarantine", headers={"Cookie": f"{SESSION_COOKIE}={issued}"})
    assert page.status_code == 200


@settings(parent=fuzzed, max_examples=example_count(100))
@given(st.text(st.characters(max_codepoint=255, exclude_characters="\r\n\0"), max_size=40))
@example("127.0.0.1\t.evil.example.com")
@example("localhost/.evil.example.com")
@example("evil.example.com#@127.0.0.1")
@example("127.0.0.1?evil.example.com")
@example("[::1].evil.example.com")
async def test_no_host_but_a_loopback_name_is_this_machine(redis: Redis, host: str) -> None:
    is_ours = re.fullmatch(r"(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{0,5})?", host.strip(), re.IGNORECASE)
    answer = await ask_from_this_machine(build_operator_auth(redis), headers={"Host": host})
    assert answer.status_code == 403 or is_ours, host
