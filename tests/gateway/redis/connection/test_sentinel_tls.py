"""Sentinels and their primary by TLS, with a private authority."""

from __future__ import annotations

import asyncio
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError

from gateway.local.loopback import find_free_port
from gateway.redis.connection.connect import open_async_redis, open_redis, open_sync_redis
from gateway.redis.server.embedded_server import find_server_binary, terminate_with_parent
from tests.gateway.environments.tls import Certificates, Relays


def start_server(folder: Path, *arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [find_server_binary(), *arguments],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=terminate_with_parent,
    )


async def wait_until_ready(port: int, *command: str) -> None:
    async with asyncio.timeout(30), Redis(port=port) as client:
        while True:
            with suppress(OSError, RedisError):
                if await client.execute_command(*command):  # type: ignore[no-untyped-call]
                    return
            await asyncio.sleep(0.05)  # the servers offer no event


@pytest.mark.long
async def test_the_primary_is_found_and_used_by_tls(tmp_path: Path) -> None:
    certificates, relays = Certificates(tmp_path, "127.0.0.1"), Relays()
    primary, shown, sentinel, front = (find_free_port() for _ in range(4))
    config = tmp_path / "sentinel.conf"
    config.write_text(f"sentinel monitor main 127.0.0.1 {shown} 1\n")
    processes = [start_server(tmp_path, "--port", str(primary), "--save", "")]
    try:
        for target, port in ((primary, shown), (sentinel, front)):
            await relays.listen_for_both(target, port, certificates.build_context())
        await wait_until_ready(shown, "PING")
        processes.append(start_server(tmp_path, str(config), "--port", str(sentinel), "--sentinel"))
        await wait_until_ready(front, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", "main")

        url = f"rediss+sentinel://127.0.0.1:{front}/main?ssl_ca_certs={certificates.ca}"
        async with open_redis(url) as redis:
            assert await redis.set("tg:a", "1")
        with open_sync_redis(url) as blocking:
            assert await asyncio.to_thread(blocking.get, "tg:a") == b"1"
            async with open_async_redis(blocking) as copied:
                assert await copied.get("tg:a") == b"1"
    finally:
        for process in processes:
            process.kill()
            process.wait()
        await relays.close()
