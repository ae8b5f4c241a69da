"""Fresh install behind a common reverse proxy on the same machine: operator access is not exposed."""

from __future__ import annotations

import asyncio
import os
import stat
import sys
from pathlib import Path

import pytest
from redis.asyncio import Redis

from tests.gateway.server.proxy.fresh_install import PUBLIC, READS, TWILIO, WRITES, running_web
from tests.paths import ROOT

PROXIES: dict[str, dict[str, str]] = {
    "nginx without any setting": {"Connection": "close"},
    "nginx as its guide says": {
        "Host": "bots.example.com",
        "X-Real-IP": "203.0.113.9",
        "X-Forwarded-For": "203.0.113.9",
        "X-Forwarded-Proto": "https",
    },
    "Apache": {
        "X-Forwarded-For": "203.0.113.9",
        "X-Forwarded-Host": "bots.example.com",
        "X-Forwarded-Server": "bots.example.com",
    },
}


@pytest.mark.long
@pytest.mark.parametrize("settings", [TWILIO, PUBLIC, {**TWILIO, **PUBLIC}], ids=["account", "url", "both"])
@pytest.mark.usefixtures("redis")
async def test_a_fresh_install_is_closed_behind_every_proxy_and_its_key_opens_it(
    tmp_path: Path, redis_url: str, settings: dict[str, str]
) -> None:
    if "TWILIO_AUTH_TOKEN" in settings:
        settings = {"PUBLIC_URL": "http://127.0.0.1:8000", **settings}
    async with running_web(tmp_path, redis_url, **settings) as running:
        key = (await running.read_line("Key ")).split()[1]
        for name, headers in PROXIES.items():
            for path in READS:
                assert (await running.ask("GET", path, headers)).status_code == 401, (name, path)
            for path in WRITES:
                assert (await running.ask("POST", path, headers)).status_code == 401, (name, path)
            opened = await running.ask("GET", READS[1], {**headers, "Authorization": f"Bearer {key}"})
            assert opened.status_code == 200, name

    file = tmp_path / "var" / "operator-key"
    assert file.read_text(encoding="utf-8").strip() == key
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.long
@pytest.mark.usefixtures("redis")
async def test_processes_of_a_data_folder_have_one_key_and_show_it_once(
    tmp_path: Path, redis_url: str
) -> None:
    async with running_web(tmp_path, redis_url, **PUBLIC) as first:
        key = (await first.read_line("Key ")).split()[1]
    async with running_web(tmp_path, redis_url, **PUBLIC) as second:
        headers = {"Authorization": f"Bearer {key}"}
        assert (await second.ask("GET", "/metrics", headers)).status_code == 200
        second.process.terminate()
        output, _ = await second.process.communicate()

    assert key not in output.decode()


@pytest.mark.long
@pytest.mark.usefixtures("redis")
async def test_without_credentials_this_machine_needs_no_key_and_a_proxy_gets_nothing(
    tmp_path: Path, redis_url: str
) -> None:
    async with running_web(tmp_path, redis_url) as running:
        for path in READS:
            assert (await running.ask("GET", path, {})).status_code == 200, path
        for name, headers in PROXIES.items():
            if "X-Forwarded-For" in headers:
                assert (await running.ask("GET", "/console", headers)).status_code == 403, name
        reader, writer = await asyncio.open_connection("127.0.0.1", int(running.url.rpartition(":")[2]))
        writer.write(b"GET /console HTTP/1.0\r\nHost: 127.0.0.1:8000\r\nConnection: close\r\n\r\n")
        status = (await reader.readline()).split()[1]
        writer.close()
        await writer.wait_closed()

    assert status == b"403", "HTTP/1.0 is what nginx speaks without proxy_http_version"
    assert not (tmp_path / "var").exists()


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "value"), [("TURNGATE_API_KEY", "x"), ("TURNGATE_API_KEYS", "anna:agent:x")]
)
async def test_a_weak_key_stops_the_start_with_one_line(
    tmp_path: Path, redis: Redis, redis_url: str, name: str, value: str
) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gateway", "web"),
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "REDIS_URL": redis_url, name: value},
        stderr=asyncio.subprocess.PIPE,
    )
    _, errors = await process.communicate()

    assert process.returncode == 2
    assert errors.decode().startswith(f"turngate: {name}: the key")
    assert "turngate key --new" in errors.decode()
    assert len(errors.decode().splitlines()) == 1
