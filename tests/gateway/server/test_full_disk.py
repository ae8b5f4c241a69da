"""A full disk of the append-only file: refused as a whole, told by readiness, and over when there is room."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from gateway.app import create_app
from gateway.redis.connection.connect import open_redis
from gateway.redis.inbox import RedisInbox
from gateway.redis.server.embedded_server import EmbeddedRedis
from tests.gateway.server.test_webhooks import OneTurnChannel, client

SMALL = "size=2m"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of two megabytes."""
    if os.getuid() != 0:
        pytest.skip("a small file system is mounted as root only")
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", SMALL, "tmpfs", str(disk)], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("no file system may be mounted here")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.timeout(60)
async def test_a_full_disk_refuses_webhooks_as_a_whole_until_there_is_room(small_disk: Path) -> None:
    server = EmbeddedRedis(small_disk / "data")
    server.start()
    try:
        async with open_redis(server.url) as redis:
            app = create_app({"fake": OneTurnChannel()}, RedisInbox(redis), redis)
            app_again = create_app(
                {"fake": OneTurnChannel()}, RedisInbox(redis), redis
            )  # its answers are fresh
            async with client(app) as http, client(app_again) as later:
                number, accepted = 1, list[int]()
                fill(small_disk / "filler")
                while (answer := await http.post("/webhooks/fake", content=str(number))).status_code == 200:
                    accepted.append(number)  # the first write is answered before it meets the disk
                    number += 1
                ready = await http.get("/readyz")
                stored = await redis.llen("tg:{fake:1}:mail")

                assert answer.status_code == 503
                assert answer.headers["retry-after"]
                assert (ready.status_code, "cannot write to its disk" in ready.text) == (503, True)
                assert stored == len(accepted)
                assert await redis.zcard("tg:{fake:1}:seen") == len(accepted)

                (small_disk / "filler").unlink()
                while (await later.post("/webhooks/fake", content=str(number))).status_code != 200:
                    pass  # the server tries its disk again within a second
                assert (await later.get("/readyz")).status_code == 200
                assert await redis.llen("tg:{fake:1}:mail") == len(accepted) + 1
        server.stop()
        server.start()
        async with open_redis(server.url) as redis:
            assert await redis.llen("tg:{fake:1}:mail") == len(accepted) + 1
    finally:
        server.stop()


def fill(file: Path) -> None:
    """Write a file until the disk is full."""
    with suppress(OSError), file.open("wb", buffering=0) as target:
        while target.write(b"x" * 4096):
            pass
