"""SSRF protection, redirects and limits of the client for untrusted URLs, with real sockets."""

from __future__ import annotations

import gzip
import logging
import ssl
from collections.abc import AsyncIterator

import aiohttp.connector
import pytest
import trustme
from starlette.responses import RedirectResponse, Response

from core.ports import FetchError, HttpRequest
from gateway.http.ssrf_guard import SafeFetch, is_public
from gateway.local.http_server import serve
from tests.flows.crm_server import Crm


@pytest.fixture
async def private_fetch(crm: Crm) -> AsyncIterator[SafeFetch]:
    fetch = SafeFetch([crm.host])
    yield fetch
    await fetch.aclose()


@pytest.fixture
async def guarded_fetch() -> AsyncIterator[SafeFetch]:
    fetch = SafeFetch()
    yield fetch
    await fetch.aclose()


def build_request(url: str, **more: object) -> HttpRequest:
    return HttpRequest.model_validate({"method": "GET", "url": url, "seconds": 5, **more})


async def test_an_allowed_private_host_is_called(crm: Crm, private_fetch: SafeFetch) -> None:
    crm.answers = [Response(b"hello", 418, headers={"X-Kind": "teapot"})]
    request = build_request(f"{crm.url}/a?b=c", method="POST", body=b"in", headers={"X-Key": "k"})
    answer = await private_fetch.fetch(request)
    assert (answer.status, answer.headers["x-kind"], answer.body) == (418, "teapot", b"hello")
    assert (crm.requests[0].method, crm.requests[0].url.path, crm.bodies) == ("POST", "/a", [b"in"])
    assert crm.requests[0].headers["x-key"] == "k"


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "0.0.0.0", "[::ffff:127.0.0.1]", "2130706433"]
)
async def test_private_addresses_are_refused(crm: Crm, guarded_fetch: SafeFetch, host: str) -> None:
    port = crm.url.rpartition(":")[2]
    with pytest.raises(FetchError) as error:
        await guarded_fetch.fetch(build_request(f"http://{host}:{port}/"))
    assert not error.value.request_sent
    assert crm.requests == []


async def test_the_error_states_the_reason(crm: Crm, guarded_fetch: SafeFetch) -> None:
    with pytest.raises(FetchError, match="not a public one"):
        await guarded_fetch.fetch(build_request(crm.url))


async def test_redirects_to_private_addresses_are_refused(crm: Crm, private_fetch: SafeFetch) -> None:
    crm.answers = [RedirectResponse("/b", 302), Response(b"there")]
    assert (await private_fetch.fetch(build_request(f"{crm.url}/a"))).body == b"there"
    port = crm.url.rpartition(":")[2]
    crm.answers = [RedirectResponse(f"http://localhost:{port}/secret", 302)]
    with pytest.raises(FetchError, match="not a public one"):
        await private_fetch.fetch(build_request(f"{crm.url}/a"))
    assert len(crm.requests) == 3


async def test_a_redirect_from_https_to_http_is_refused(crm: Crm, private_fetch: SafeFetch) -> None:
    authority = trustme.CA()
    authority.configure_trust(_default_tls_context())
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(tls)
    downgrade = RedirectResponse(f"{crm.url}/next", 307)
    async with serve(downgrade, tls=tls) as secure:
        fetch = SafeFetch([crm.host, secure.removeprefix("https://")])
        with pytest.raises(FetchError, match="from https to http"):
            await fetch.fetch(build_request(f"{secure}/start"))
        await fetch.aclose()

    assert crm.requests == []


def _default_tls_context() -> ssl.SSLContext:
    """The context with which aiohttp verifies certificates; patched for this test process only."""
    context = aiohttp.connector._SSL_CONTEXT_VERIFIED
    assert isinstance(context, ssl.SSLContext)
    return context


async def test_redirects_to_another_host_drop_all_credential_headers() -> None:
    async with Crm().running() as first, Crm().running() as second:
        fetch = SafeFetch([first.host, second.host])
        first.answers = [RedirectResponse(f"{second.url}/b", 307)]
        headers = {"Authorization": "Bearer t", "Idempotency-Key": "k", "X-Api-Key": "s", "Accept": "text/x"}
        await fetch.fetch(build_request(f"{first.url}/a", headers=headers))
        got = second.requests[0].headers
        assert not {"authorization", "idempotency-key", "x-api-key"} & set(got)
        assert (got["accept"], got["accept-encoding"]) == ("text/x", "identity")
        await fetch.aclose()


async def test_redirects_to_another_host_do_not_resend_the_body() -> None:
    async with Crm().running() as first, Crm().running() as second:
        fetch = SafeFetch([first.host, second.host])
        first.answers = [RedirectResponse(f"{second.url}/b", 308)]
        with pytest.raises(FetchError, match="another host"):
            await fetch.fetch(build_request(f"{first.url}/a", method="POST", body=b"secret"))
        assert second.requests == []
        await fetch.aclose()


async def test_redirects_to_the_same_host_resend_the_body(crm: Crm, private_fetch: SafeFetch) -> None:
    crm.answers = [RedirectResponse("/b", 307), Response(b"there")]
    await private_fetch.fetch(
        build_request(f"{crm.url}/a", method="POST", body=b"in", headers={"X-Key": "k"})
    )
    assert crm.bodies == [b"in", b"in"]
    assert crm.requests[1].headers["x-key"] == "k"


async def test_urls_are_not_logged(
    crm: Crm, private_fetch: SafeFetch, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        await private_fetch.fetch(build_request(f"{crm.url}/a?key=tk-very-secret"))
    ours = [record for record in caplog.records if not record.name.startswith("uvicorn")]
    assert "tk-very-secret" not in repr([record.getMessage() for record in ours])


async def test_headers_may_contain_any_characters(crm: Crm, private_fetch: SafeFetch) -> None:
    await private_fetch.fetch(build_request(crm.url, headers={"X-Name": "José 日本"}))
    assert crm.requests[0].headers["x-name"].encode("latin-1").decode() == "José 日本"


async def test_a_see_other_redirect_does_not_resend_the_form(crm: Crm, private_fetch: SafeFetch) -> None:
    crm.answers = [RedirectResponse("/done", 303), Response(b"done")]
    await private_fetch.fetch(build_request(f"{crm.url}/form", method="POST", body=b"x=1"))
    assert [request.method for request in crm.requests] == ["POST", "GET"]
    assert crm.bodies == [b"x=1", b""]


async def test_redirect_loops_are_limited(crm: Crm, private_fetch: SafeFetch) -> None:
    crm.answers = [RedirectResponse("/again", 302) for _ in range(20)]
    with pytest.raises(FetchError, match="too often"):
        await private_fetch.fetch(build_request(crm.url))
    assert len(crm.requests) == 4


async def test_oversized_and_compressed_answers_are_refused(crm: Crm, private_fetch: SafeFetch) -> None:
    crm.answers = [Response(b"x" * 1001)]
    with pytest.raises(FetchError, match="larger than 1000 bytes"):
        await private_fetch.fetch(build_request(crm.url, largest=1000))
    bomb = gzip.compress(b"x" * 10_000_000)
    crm.answers = [Response(bomb, headers={"content-encoding": "gzip"})]
    with pytest.raises(FetchError, match="compressed"):
        await private_fetch.fetch(build_request(crm.url, largest=1_000_000))


async def test_a_read_timeout_is_reported_as_possibly_sent(crm: Crm, private_fetch: SafeFetch) -> None:
    crm.answers = [None]
    with pytest.raises(FetchError, match="no answer") as error:
        await private_fetch.fetch(build_request(crm.url, seconds=0.2))
    assert error.value.request_sent


async def test_a_refused_connection_is_reported_as_not_sent() -> None:
    fetch = SafeFetch(["127.0.0.1:9"])
    with pytest.raises(FetchError) as error:
        await fetch.fetch(build_request("http://127.0.0.1:9/"))
    assert not error.value.request_sent
    await fetch.aclose()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ftp://a.example/",
        "file:///etc/passwd",
        "http://",
        "//a.example",
        "https://u:p@a.example/",
        "http://a\n.b",
    ],
)
async def test_an_invalid_url_is_refused(guarded_fetch: SafeFetch, url: str) -> None:
    with pytest.raises(FetchError) as error:
        await guarded_fetch.fetch(build_request(url))
    assert not error.value.request_sent


async def test_header_injection_is_refused(crm: Crm, private_fetch: SafeFetch) -> None:
    with pytest.raises(FetchError):
        await private_fetch.fetch(build_request(crm.url, headers={"X-A": "1\r\nX-Evil: 2"}))
    assert crm.requests == []


@pytest.mark.parametrize(
    ("host", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1::1", True),
        ("10.0.0.1", False),
        ("172.16.9.9", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::a00:1", False),
        ("2002:0a00:0001::", False),
        ("fec0::1", False),
        ("3fff::1", False),
        ("5f00::1", False),
        ("::ffff:0:127.0.0.1", False),
        ("64:ff9b::5db8:d822", True),
        ("168.63.129.16", False),
        ("::ffff:168.63.129.16", False),
        ("192.0.0.192", False),
        ("not an address", False),
    ],
)
def test_addresses_are_classified_as_public_or_private(host: str, public: bool) -> None:
    assert is_public(host) is public


async def test_one_client_serves_several_event_loops_in_turn(crm: Crm, private_fetch: SafeFetch) -> None:
    assert (await private_fetch.fetch(build_request(crm.url))).status == 200
    await private_fetch.aclose()
    assert (await private_fetch.fetch(build_request(crm.url))).status == 200
