"""A published file is served to whoever has its signed URL, for a limited time and within limits."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from threading import get_ident

import httpx
import pytest
from redis.asyncio import Redis
from starlette.applications import Starlette

from channels.whatsapp.simulator.server import WhatsAppSimulator
from core.errors import Rejected
from core.model import Address, Attachment, Reply, TurnReceived
from gateway.http.clients import provider_client
from gateway.http.ssrf_guard import SafeFetch
from gateway.local.http_server import serve
from gateway.local.simulator_server import SimulatorServer
from gateway.redis.encryption.cipher import use_cipher
from gateway.redis.encryption.key_ring import generate_master_key, parse_encryption_keys
from gateway.redis.inbox import RedisInbox
from gateway.redis.records import public_files
from gateway.redis.records.contacts.contact_export import export_contact
from gateway.redis.records.contacts.erasure import erase_session
from gateway.redis.records.public_files import PublicFiles
from gateway.redis.records.sessions.session_store import RedisSessionStore
from gateway.server.public_files import PublicFileRoute
from tests.channels.whatsapp.builders import OURS, PHONE, SECRET, TOKEN, build_channel
from tests.fakes import build_turn


@asynccontextmanager
async def open_files(
    redis: Redis, *, seconds: float = 60, max_total: int = 1_000
) -> AsyncIterator[tuple[PublicFiles, httpx.AsyncClient]]:
    serving = PublicFiles(redis, "", seconds=seconds)
    async with serve(Starlette(routes=PublicFileRoute(serving).routes())) as url:
        files = PublicFiles(redis, url, seconds=seconds, max_total=max_total)
        async with httpx.AsyncClient(trust_env=False) as http:
            yield files, http


async def test_a_file_is_served_as_it_was_published_and_nothing_runs_in_it(redis: Redis) -> None:
    use_cipher(redis, parse_encryption_keys(generate_master_key()))
    async with open_files(redis) as (files, http):
        url = await files.publish(b"<script>", "text/html", 'a "b".html')
        assert (await http.head(url)).content == b""
        for _ in range(2):
            answer = await http.get(url)
            assert (answer.status_code, answer.content) == (200, b"<script>")
            assert answer.headers["content-type"] == "text/html"
            assert answer.headers["content-disposition"] == "inline; filename*=UTF-8''a%20%22b%22.html"
            assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
        assert b"script" not in b"".join(
            [await redis.dump(each) or b"" for each in await redis.keys("tg:file:*")]
        )


@pytest.mark.parametrize("is_encrypted", [True, False])
async def test_a_file_is_written_and_read_beside_the_event_loop(
    redis: Redis, monkeypatch: pytest.MonkeyPatch, is_encrypted: bool
) -> None:
    use_cipher(redis, parse_encryption_keys(generate_master_key()) if is_encrypted else None)
    threads: list[int] = []

    def record_threads(work: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
        def call(data: bytes) -> bytes:
            threads.append(get_ident())
            return work(data)

        return call

    for work in (b64encode, b64decode):
        monkeypatch.setattr(public_files, work.__name__, record_threads(work))
    files = PublicFiles(redis, "https://bots.example.com", seconds=60)
    url = await files.publish(b"%PDF", "application/pdf", "a.pdf")

    assert await files.load(url) == b"%PDF"
    assert len(threads) == 2
    assert get_ident() not in threads


async def test_no_other_url_is_served(redis: Redis) -> None:
    async with open_files(redis) as (files, http):
        url = await files.publish(b"sound", "audio/ogg", "voice.ogg")
        base, token, name = url.rsplit("/", 2)
        file_id, ends_at, signature = token.split(".")
        later = f"{int(ends_at, 16) + 9:x}"
        for forged in (
            f"{file_id}.{later}.{signature}",
            f"{file_id}.{ends_at}.{'0' * 32}",
            f"{'A' * 38}.{ends_at}.{signature}",
            file_id,
            "..",
            "%00",
        ):
            answer = await http.get(f"{base}/{forged}/{name}")
            assert answer.status_code == 404, forged


async def test_a_file_ends_sooner_once_it_was_fetched(redis: Redis) -> None:
    async with open_files(redis, seconds=86_400) as (files, http):
        url = await files.publish(b"sound", "audio/ogg", "voice.ogg")
        [key] = await redis.keys("tg:file:*")
        assert await redis.ttl(key) > 80_000
        await http.get(url)
        assert 3_000 < await redis.ttl(key) <= 3_600
        now = (await redis.time())[0]
        assert await redis.zcount("tg:files", now + 3_000, now + 3_600) == 1
        await redis.expire(key, 60)
        await http.get(url)
        assert await redis.ttl(key) <= 60


async def test_an_ended_url_is_not_served(redis: Redis) -> None:
    async with open_files(redis, seconds=-1) as (files, http):
        url = await files.publish(b"sound", "audio/ogg", "voice.ogg")
        assert (await http.get(url)).status_code == 404
        assert await redis.keys("tg:file:*") == []


@pytest.mark.parametrize(
    ("size", "public", "code"), [(1_001, "https://x", "no_room"), (1, "", "no_public_url")]
)
async def test_what_cannot_be_published_is_rejected(redis: Redis, size: int, public: str, code: str) -> None:
    files = PublicFiles(redis, public, seconds=60, max_total=1_000)
    with pytest.raises(Rejected) as caught:
        await files.publish(b"x" * size, "audio/ogg", "voice.ogg")
    assert caught.value.code == code


async def test_one_session_does_not_use_up_the_room_of_all(redis: Redis) -> None:
    files = PublicFiles(redis, "https://bots.example.com", seconds=60, max_total=1_000)
    await files.publish(b"x" * 200, "application/pdf", "a.pdf", owner="fake:1")
    with pytest.raises(Rejected) as caught:
        await files.publish(b"x" * 51, "application/pdf", "a.pdf", owner="fake:1")
    assert caught.value.code == "no_room"
    await files.publish(b"x" * 250, "application/pdf", "a.pdf", owner="fake:2")
    await files.publish(b"x" * 500, "application/pdf", "a.pdf")


async def test_the_room_of_ended_files_is_free_again(redis: Redis) -> None:
    ended = PublicFiles(redis, "https://x", seconds=-1, max_total=1_000)
    await ended.publish(b"x" * 900, "audio/ogg", "voice.ogg")
    await ended.publish(b"x" * 900, "audio/ogg", "voice.ogg")


async def test_what_is_kept_stays_for_its_whole_time(redis: Redis) -> None:
    async with open_files(redis, seconds=86_400) as (files, http):
        url = await files.publish(b"%PDF", "application/pdf", "a.pdf", is_kept=True)
        await http.get(url)
        [key] = await redis.keys("tg:file:*")
        assert await redis.ttl(key) > 80_000


async def test_files_are_erased_with_their_session(redis: Redis) -> None:
    files = PublicFiles(redis, "https://bots.example.com", seconds=60)
    urls = [await files.publish(b"x", "audio/ogg", "a.ogg", owner=each) for each in ("fake:1", "fake:2")]
    removed, _ = await erase_session(redis, "fake:1")

    assert removed["files"] == 1
    assert [await files.load(url) for url in urls] == [None, b"x"]
    assert await redis.zcard("tg:files") == 1
    assert not any(b"fake:" in key for key in await redis.keys("tg:file*"))


async def test_files_are_exported_with_their_session(redis: Redis) -> None:
    use_cipher(redis, parse_encryption_keys(generate_master_key()))
    await RedisInbox(redis).accept([TurnReceived(turn=build_turn(1))])
    files = PublicFiles(redis, "https://bots.example.com", seconds=60)
    await files.publish(b"%PDF", "application/pdf", "a.pdf", owner="fake:1")
    await files.publish(b"%PDF", "application/pdf", "b.pdf", owner="fake:another")

    exported = await export_contact(redis, "fake:1")
    assert exported is not None
    [session] = exported["sessions"]
    assert [(each["name"], each["body"]) for each in session["files"]] == [("a.pdf", "JVBERg==")]


async def test_a_file_of_an_agent_is_uploaded_to_whatsapp(redis: Redis) -> None:
    files = PublicFiles(redis, "https://bots.example.com", seconds=60)
    url = await files.publish(b"%PDF", "application/pdf", "a.pdf", is_kept=True)
    address = Address(channel="whatsapp", account="a", ours=OURS, theirs=PHONE)
    reply = Reply(
        key="1", address=address, body="", media=(Attachment(url=url, content_type="application/pdf"),)
    )
    meta = WhatsAppSimulator(
        app_secret=SECRET, access_token=TOKEN, webhook_url="http://127.0.0.1:9/x", seed=7
    )
    meta.phone_number_id, asked = OURS, list[str]()
    async with provider_client() as http, serve(SimulatorServer(meta, http)) as api:

        async def record(request: httpx.Request) -> None:
            asked.append(request.url.path)

        http.event_hooks["request"].append(record)
        channel = build_channel(WHATSAPP_API_URL=api)
        channel.set_dependencies(credentials=RedisSessionStore(redis), fetch=SafeFetch())
        channel.set_publisher(files)
        await channel.send(reply, http)

    assert [path.rpartition("/")[2] for path in asked][:2] == ["media", "messages"]
