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
    made = EmbeddedRedis(tmp_path / "data")
    made.start()
    yield made
    made.stop()


def test_what_was_written_is_there_after_a_restart(server: EmbeddedRedis) -> None:
    with Redis.from_url(server.url) as client:
        client.set("kept", "yes")
    server.stop()
    server.start()

    with Redis.from_url(server.url) as client:
        assert client.get("kept") == b"yes"


def test_what_was_acknowledged_is_there_after_the_server_was_killed(server: EmbeddedRedis) -> None:
    with Redis.from_url(server.url) as client:
        client.set("kept", "yes")
    server.kill()
    server.start()

    with Redis.from_url(server.url) as client:
        assert client.get("kept") == b"yes"


def test_a_folder_has_one_owner_and_the_second_is_told_what_to_do(server: EmbeddedRedis) -> None:
    with pytest.raises(ConfigurationError, match="TURNGATE_DATA_DIR"):
        EmbeddedRedis(server.folder).start()


def test_another_process_finds_it_by_its_folder(server: EmbeddedRedis) -> None:
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


def test_it_never_evicts_what_is_in_it(server: EmbeddedRedis) -> None:
    with Redis.from_url(server.url) as client:
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


def test_a_folder_that_cannot_be_created_is_named(tmp_path: Path) -> None:
    occupied = tmp_path / "file"
    occupied.write_text("not a folder")

    with pytest.raises(ConfigurationError, match="TURNGATE_DATA_DIR"):
        EmbeddedRedis(occupied).start()
