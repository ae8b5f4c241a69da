"""Full disk of the append-only file: webhooks are refused, readiness reports it, and it recovers."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.app import create_app
from gateway.redis.connection.connect import open_redis
from gateway.redis.inbox import RedisInbox
from tests.gateway.environments.full_disk import fill_disk, make_room, make_server, needs_limits
from tests.gateway.server.test_webhooks import OneTurnChannel, open_client


@needs_limits
@pytest.mark.timeout(60)
async def test_a_full_disk_refuses_webhooks_as_a_whole_until_there_is_room(tmp_path: Path) -> None:
    server = make_server(tmp_path)
    server.start()
    try:
        async with open_redis(server.url) as redis:
            app = create_app({"fake": OneTurnChannel()}, RedisInbox(redis), redis)
            app_again = create_app(
                {"fake": OneTurnChannel()}, RedisInbox(redis), redis
            )  # its answers are fresh
            async with open_client(app) as http, open_client(app_again) as later:
                number, accepted = 1, list[int]()
                await fill_disk(redis, server.folder)
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

                await make_room(redis)
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
