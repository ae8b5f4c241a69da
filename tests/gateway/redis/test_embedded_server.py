"""The embedded server: real, durable, one owner per folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from core.errors import ConfigurationError
from gateway.redis.embedded_server import EmbeddedRedis, find_running


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedRedis]:
    embedded = EmbeddedRedis(tmp_path / "data")
    embedded.start()
    yield embedded
    embedded.stop()


def test_data_survives_a_restart(server: EmbeddedRedis) -> None:
    with Redis.from_url(server.url) as client:
        client.set("kept", "yes")
    server.stop()
    server.start()

    with Redis.from_url(server.url) as client:
        assert client.get("kept") == b"yes"


def test_acknowledged_data_survives_a_kill(server: EmbeddedRedis) -> None:
    with Redis.from_url(server.url) as client:
        client.set("kept", "yes")
    server.kill()
    server.start()

    with Redis.from_url(server.url) as client:
        assert client.get("kept") == b"yes"


def test_a_second_owner_of_a_folder_gets_an_error_with_the_action(server: EmbeddedRedis) -> None:
    with pytest.raises(ConfigurationError, match="TURNGATE_DATA_DIR"):
        EmbeddedRedis(server.folder).start()


def test_another_process_finds_the_server_by_its_folder(server: EmbeddedRedis) -> None:
    assert find_running(server.folder) == server.url
    server.stop()

    assert find_running(server.folder) is None


def test_a_folder_with_a_long_path_still_gets_a_socket(tmp_path: Path) -> None:
    server = EmbeddedRedis(tmp_path / ("long" * 40))
    server.start()
    try:
        with Redis.from_url(server.url) as client:
            assert client.ping()
    finally:
        server.stop()


def test_the_server_never_evicts_keys(server: EmbeddedRedis) -> None:
    with Redis.from_url(server.url) as client:
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


def test_a_folder_that_cannot_be_created_is_named(tmp_path: Path) -> None:
    occupied = tmp_path / "file"
    occupied.write_text("not a folder")

    with pytest.raises(ConfigurationError, match="TURNGATE_DATA_DIR"):
        EmbeddedRedis(occupied).start()
