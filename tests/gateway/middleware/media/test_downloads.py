"""Downloads of contacts' files, and pictures that a provider cannot fetch by itself."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from channels.sunshine import SunshineChannel
from channels.twilio.media import MediaClient as TwilioMedia
from channels.whatsapp import WhatsAppChannel
from channels.whatsapp.media import MediaClient as WhatsAppMedia
from channels.whatsapp.simulator.server import WhatsAppSimulator
from channels.zendesk import ZendeskChannel
from core.errors import DeliveryError, Rejected, Unavailable
from core.model import Address, Attachment, Reply
from core.ports import HostsMedia, MediaErrorKind, MediaUnavailable
from core.sessions import NullSessionStore
from gateway.http.clients import provider_client
from gateway.http.ssrf_guard import SafeFetch
from gateway.local.http_server import serve
from gateway.middleware.media.transcription import MediaDownloader
from tests.channels.sunshine.builders import build_channel as sunshine_channel
from tests.channels.whatsapp.builders import SECRET, TOKEN
from tests.channels.whatsapp.builders import build_channel as whatsapp_channel
from tests.channels.zendesk.builders import build_channel as zendesk_channel
from tests.flows.crm_server import Crm
from tests.gateway.environments.stack import ACCOUNT
from tests.gateway.environments.surroundings import RecordingSimulatorServer
from tests.gateway.middleware.media.samples import JPEG, OPUS


@pytest.fixture
async def cdn() -> AsyncIterator[Crm]:
    async with Crm().running() as running:
        yield running


@pytest.fixture
async def fetch(crm: Crm, cdn: Crm) -> AsyncIterator[SafeFetch]:
    client = SafeFetch([crm.host, cdn.host])
    yield client
    await client.aclose()


def build_twilio(crm: Crm) -> tuple[TwilioMedia, Attachment]:
    url = f"{crm.url}/2010-04-01/Accounts/{ACCOUNT}/Messages/MM1/Media/ME1"
    return TwilioMedia(account=ACCOUNT, token="t", url=crm.url, retry_delays=(0, 0)), Attachment(url=url)


def build_whatsapp(crm: Crm) -> tuple[WhatsAppMedia, Attachment]:
    return WhatsAppMedia(token="t", base=f"{crm.url}/v26.0"), Attachment(url=f"{crm.url}/v26.0/700")


async def test_twilio_credentials_are_sent_to_twilio_only(crm: Crm, cdn: Crm, fetch: SafeFetch) -> None:
    media, attachment = build_twilio(crm)
    crm.answers, cdn.answers = [RedirectResponse(f"{cdn.url}/file")], [Response(OPUS)]

    assert await media.download(attachment, fetch) == OPUS
    assert crm.requests[0].headers["authorization"].startswith("Basic ")
    assert "authorization" not in cdn.requests[0].headers


@pytest.mark.parametrize("path", ["/2010-04-01/Accounts/AC9/Messages/MM1/Media/ME1", "/x", ""])
async def test_other_hosts_get_no_credentials(crm: Crm, cdn: Crm, fetch: SafeFetch, path: str) -> None:
    for forged in (
        f"{cdn.url}/2010-04-01/Accounts/{ACCOUNT}/M",
        f"{crm.url}{path}",
        f"{crm.url}.{cdn.host}/",
    ):
        media, _ = build_twilio(crm)
        try:
            await media.download(Attachment(url=forged), fetch)
        except MediaUnavailable:
            continue
    assert not [each for each in (*crm.requests, *cdn.requests) if "authorization" in each.headers]


async def test_a_file_that_is_not_ready_yet_is_requested_again(crm: Crm, fetch: SafeFetch) -> None:
    media, attachment = build_twilio(crm)
    crm.answers = [Response(status_code=404), Response(OPUS)]

    assert await media.download(attachment, fetch) == OPUS
    crm.answers = [Response(status_code=404)] * 3
    with pytest.raises(MediaUnavailable) as gone:
        await media.download(attachment, fetch)
    assert gone.value.kind is MediaErrorKind.NOT_FOUND


def build_zendesk(crm: Crm) -> tuple[ZendeskChannel, Attachment]:
    """Return a channel with private attachments: files are only readable with access to the ticket."""
    channel_and_file = zendesk_channel(ZENDESK_API_URL=crm.url)
    return channel_and_file, Attachment(url=f"{crm.url}/attachments/token/x/?name=parcel.png")


def build_sunshine(crm: Crm) -> tuple[SunshineChannel, Attachment]:
    channel_and_file = sunshine_channel(SUNSHINE_API_URL=f"{crm.url}/sc")
    return channel_and_file, Attachment(url=f"{crm.url}/sc/attachments/v2/file")


@pytest.mark.parametrize("client", [build_zendesk, build_sunshine])
async def test_private_attachments_are_downloaded_with_credentials_that_go_nowhere_else(
    crm: Crm, cdn: Crm, fetch: SafeFetch, client: Callable[[Crm], tuple[HostsMedia, Attachment]]
) -> None:
    channel, attachment = client(crm)

    def private(request: Request) -> Response:
        is_known = "authorization" in request.headers
        return RedirectResponse(f"{cdn.url}/file") if is_known else Response(status_code=401)

    crm.answers = [private]
    cdn.answers = [Response(JPEG)]

    file = await MediaDownloader({"desk": channel}, fetch).download(attachment, "desk")
    assert (file.body, file.content_type) == (JPEG, "image/jpeg")
    for forged in (f"{cdn.url}/attachments/token/x", f"{crm.url}.{cdn.host}/", f"{crm.url}/attachments/../x"):
        with suppress(MediaUnavailable):
            await channel.download(Attachment(url=forged), fetch)
    assert not [each for each in (*crm.requests[1:], *cdn.requests) if "authorization" in each.headers]


async def test_the_meta_token_is_sent_to_meta_only(crm: Crm, cdn: Crm, fetch: SafeFetch) -> None:
    media, attachment = build_whatsapp(crm)
    crm.answers, cdn.answers = [JSONResponse({"url": f"{cdn.url}/file"})], [Response(OPUS)]

    assert await media.download(attachment, fetch) == OPUS
    assert crm.requests[0].headers["authorization"] == "Bearer t"
    assert "authorization" not in cdn.requests[0].headers


async def test_an_expired_media_url_is_requested_again(crm: Crm, fetch: SafeFetch) -> None:
    media, attachment = build_whatsapp(crm)
    requests = JSONResponse({"url": f"{crm.url}/file"})
    crm.answers = [requests, Response(status_code=404), requests, Response(OPUS)]

    assert await media.download(attachment, fetch) == OPUS


@pytest.mark.parametrize(
    ("answers", "failure"),
    [
        ([JSONResponse({"url": "http://127.0.0.1:9/", "file_size": 10**9})], MediaErrorKind.TOO_LARGE),
        ([JSONResponse({"url": "http://127.0.0.1:9/"})], MediaErrorKind.REFUSED),
        ([JSONResponse({"url": "file:///etc/passwd"})], MediaErrorKind.REFUSED),
        ([JSONResponse([])] * 2, MediaErrorKind.REFUSED),
        ([Response(b"x" * 70_000)], MediaErrorKind.TOO_LARGE),
        ([Response(status_code=500)], MediaErrorKind.UNREACHABLE),
        ([Response(status_code=401)], MediaErrorKind.REFUSED),
    ],
)
async def test_download_failures_have_a_reason(
    crm: Crm, fetch: SafeFetch, answers: list[Response], failure: MediaErrorKind
) -> None:
    media, attachment = build_whatsapp(crm)
    crm.answers = [*answers, *answers]

    with pytest.raises(MediaUnavailable) as error:
        await media.download(attachment, fetch)
    assert error.value.kind is failure


async def test_a_file_with_a_wrong_checksum_is_rejected(crm: Crm, fetch: SafeFetch) -> None:
    media, attachment = build_whatsapp(crm)
    crm.answers = [JSONResponse({"url": f"{crm.url}/file", "sha256": "0" * 64}), Response(OPUS)]

    with pytest.raises(MediaUnavailable) as error:
        await media.download(attachment, fetch)
    assert error.value.kind is MediaErrorKind.WRONG_TYPE


async def test_files_of_other_channels_are_downloaded_without_credentials_and_detected_by_content(
    crm: Crm, fetch: SafeFetch
) -> None:
    crm.answers = [Response(JPEG, media_type="audio/ogg")]
    file = await MediaDownloader({}, fetch).download(
        Attachment(url=crm.url, content_type="audio/ogg"), "sunshine"
    )

    assert file.content_type == "image/jpeg"
    assert "authorization" not in crm.requests[0].headers


@asynccontextmanager
async def running_whatsapp(
    fetch: SafeFetch,
) -> AsyncIterator[tuple[WhatsAppChannel, RecordingSimulatorServer, httpx.AsyncClient]]:
    """Yield a configured channel, its simulator, and a client."""
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(provider_client())
        meta = WhatsAppSimulator(
            app_secret=SECRET, access_token=TOKEN, webhook_url="http://127.0.0.1:9/", seed=7
        )
        server = RecordingSimulatorServer(meta, http)
        channel = whatsapp_channel(WHATSAPP_API_URL=await stack.enter_async_context(serve(server)))
        channel.set_dependencies(credentials=NullSessionStore(), fetch=fetch)
        yield channel, server, http


def build_reply(url: str) -> Reply:
    address = Address(channel="whatsapp", account="1", ours="800000000000001", theirs="15550178")
    attachment = Attachment(url=url, content_type="image/jpeg", name="a.jpg")
    return Reply(key="t.1", address=address, body="Look", media=(attachment,))


@pytest.mark.long
async def test_a_file_that_meta_cannot_fetch_is_uploaded_and_sent_by_id(crm: Crm, fetch: SafeFetch) -> None:
    crm.answers = [Response(JPEG)]
    async with running_whatsapp(fetch) as (channel, server, http):
        await channel.send(build_reply(f"{crm.url}/a.jpg"), http)
        [line] = server.list_entries("+15550178")
        inside = SafeFetch([channel.api_host])
        again = await channel.download(Attachment(url=f"{channel.media_url}/{line.media[0]}"), inside)
        await inside.aclose()

    assert again == JPEG
    assert line.text == "Look"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Response(b"x" * (5 * 1024 * 1024 + 1)), Rejected),
        (Response(status_code=404), Rejected),
        (Response(status_code=503), Unavailable),
    ],
)
async def test_a_file_that_cannot_be_sent_is_rejected_or_retried(
    crm: Crm, fetch: SafeFetch, answer: Response, expected: type[DeliveryError]
) -> None:
    crm.answers = [answer]
    async with running_whatsapp(fetch) as (channel, server, http):
        with pytest.raises(expected):
            await channel.send(build_reply(f"{crm.url}/a.jpg"), http)

        assert server.list_entries("+15550178") == []


async def test_a_public_url_is_passed_to_meta(crm: Crm, fetch: SafeFetch) -> None:
    async with running_whatsapp(fetch) as (channel, server, http):
        await channel.send(build_reply("https://files.example.com/a.jpg"), http)
        [line] = server.list_entries("+15550178")

    assert line.media == ("https://files.example.com/a.jpg",)
