"""The embedded server: real, durable, one owner per folder."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from time import sleep

import pytest
from redis import Redis

from core.errors import ConfigurationError
from gateway.redis.connection.address import check_url
from gateway.redis.server.embedded_server import EmbeddedRedis, find_running, find_server_binary


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


def test_a_damaged_file_is_named_with_a_command_that_repairs_it(server: EmbeddedRedis) -> None:
    with Redis.from_url(server.url) as client:
        client.set("first", "yes")
        client.mset({f"later{number}": "x" * 100 for number in range(9)})
    server.stop()
    if not (server.folder / "appendonlydir").exists():
        pytest.skip("before Redis 7 there is one file, and the server's log does not name it")
    [file] = (server.folder / "appendonlydir").glob("*.incr.aof")
    content = file.read_bytes()
    half = len(content) // 2
    file.write_bytes(content[:half] + b"X" * 110 + content[half + 110 :])

    with pytest.raises(ConfigurationError, match="turngate restore") as refused:
        server.start()
    command = str(refused.value).splitlines()[-1]
    subprocess.run(command, shell=True, input=b"y\n", check=True, capture_output=True)
    server.start()

    assert str(file) in str(refused.value)
    with Redis.from_url(server.url) as client:
        assert client.get("first") == b"yes"


def test_a_second_owner_of_a_folder_gets_an_error_with_the_action(server: EmbeddedRedis) -> None:
    with pytest.raises(ConfigurationError, match="TURNGATE_DATA_DIR"):
        EmbeddedRedis(server.folder).start()


def test_another_process_finds_the_server_by_its_folder(server: EmbeddedRedis) -> None:
    assert find_running(server.folder) == server.url
    server.stop()

    assert find_running(server.folder) is None


def test_nobody_else_may_read_a_folder_that_was_there_before(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    (folder / "appendonlydir").mkdir(parents=True)
    for name in ("server.log", "lock", "appendonlydir/old.aof"):
        (folder / name).write_text("", encoding="utf-8")
        (folder / name).chmod(0o644)
    (folder / "notes.txt").write_text("of the operator", encoding="utf-8")
    (folder / "notes.txt").chmod(0o644)
    for path in (folder, folder / "appendonlydir"):
        path.chmod(0o755)
    before = os.umask(0o000)
    server = EmbeddedRedis(folder)
    try:
        server.start()
        with Redis.from_url(server.url) as client:
            client.set("a", "message")
    finally:
        server.stop()
        os.umask(before)

    modes = {str(path.relative_to(folder)): path.stat().st_mode & 0o777 for path in folder.rglob("*")}
    assert modes.pop("notes.txt") == 0o644
    assert modes.pop("appendonlydir") == folder.stat().st_mode & 0o777 == 0o700
    assert len(modes) >= 4
    assert set(modes.values()) <= {0o600, 0o700}


@pytest.mark.parametrize("denied", ["folder", "file"])
def test_a_folder_that_stays_open_to_others_is_an_error_that_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, denied: str
) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "server.log").write_text("", encoding="utf-8")
    open_path = folder if denied == "folder" else folder / "server.log"
    open_path.chmod(0o755)
    real = Path.chmod
    # a file system without modes, or files of another user
    monkeypatch.setattr(
        Path, "chmod", lambda path, mode, **_: None if path == open_path.resolve() else real(path, mode)
    )

    with pytest.raises(ConfigurationError, match=f"TURNGATE_DATA_DIR: others may read {open_path}"):
        EmbeddedRedis(folder).start()


def test_a_folder_with_a_long_path_still_gets_a_socket(tmp_path: Path) -> None:
    server = EmbeddedRedis(tmp_path / ("long" * 40))
    server.start()
    try:
        with Redis.from_url(server.url) as client:
            assert client.ping()
    finally:
        server.stop()


def test_a_folder_whose_name_has_a_meaning_in_urls_is_found(tmp_path: Path) -> None:
    server = EmbeddedRedis(tmp_path / "my data 100%41?#")
    server.start()
    try:
        check_url(server.url)
        with Redis.from_url(server.url) as client:
            client.set("a", "1")
        assert find_running(server.folder) == server.url
    finally:
        server.stop()


def test_a_server_that_loads_its_data_for_long_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, binary = tmp_path / "data", tmp_path / "slow-server"
    server = EmbeddedRedis(folder)
    server.start()
    with Redis.from_url(server.url) as client:
        client.mset({f"key {number}": os.urandom(100_000) for number in range(40)})
        client.bgrewriteaof()
        while client.info("persistence")["aof_rewrite_in_progress"]:
            sleep(0.01)  # the server offers no event
    server.stop()
    binary.write_text(f'#!/bin/sh\nexec {find_server_binary()} "$@" --key-load-delay 10000\n')
    binary.chmod(0o755)
    monkeypatch.setattr("gateway.redis.server.embedded_server._START_SECONDS", 0.1)

    slow = EmbeddedRedis(folder, binary=str(binary))
    slow.start()
    try:
        with Redis.from_url(slow.url) as client:
            assert client.dbsize() == 40
    finally:
        slow.stop()


def test_the_server_never_evicts_keys(server: EmbeddedRedis) -> None:
    with Redis.from_url(server.url) as client:
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


def test_the_log_of_an_earlier_start_is_not_shown(server: EmbeddedRedis) -> None:
    server.stop()

    with pytest.raises(ConfigurationError, match=r"end of its log:\n\(it wrote none\)"):
        EmbeddedRedis(server.folder, binary="/bin/true").start()


def test_a_folder_that_cannot_be_created_is_named(tmp_path: Path) -> None:
    occupied = tmp_path / "file"
    occupied.write_text("not a folder")

    with pytest.raises(ConfigurationError, match="TURNGATE_DATA_DIR"):
        EmbeddedRedis(occupied).start()
