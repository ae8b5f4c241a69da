"""Backup of a server that is in use, and its restoration: nothing is missing, and nothing is sent twice."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
from redis import Redis as SyncRedis
from redis.asyncio import Redis
from typer.testing import CliRunner

import channels
from core.errors import ConfigurationError
from core.model import Message
from gateway.cli import app
from gateway.redis.encryption.cipher import use_cipher
from gateway.redis.encryption.key_ring import generate_master_key, parse_encryption_keys
from gateway.redis.lua import ProtocolLimits
from gateway.redis.records.processes.process_versions import announce, describe_this_process, withdraw
from gateway.redis.sending.outbox import ProactiveSender
from gateway.redis.server.backup import BackupKind, back_up
from gateway.redis.server.embedded_server import EmbeddedRedis
from gateway.redis.server.restore import restore
from tests.gateway.environments.stack import Stack, build_message, running_stack

KINDS = list(BackupKind)
PEOPLE = [f"+1555017{number:04d}" for number in range(12)]


async def run_command(*arguments: str, **settings: str) -> tuple[int, str]:
    """Run a command as an operator does."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gateway", *arguments),
        env={**os.environ, **settings},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return process.returncode or 0, output.decode()


def find_files(folder: Path, word: bytes) -> list[str]:
    """Return the files that have a word in them."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [path.name for path in files if word in path.read_bytes()]


@asynccontextmanager
async def running_restored(stack: Stack, folder: Path) -> AsyncIterator[Stack]:
    """Run a server on a restored folder, beside the same provider."""
    server = EmbeddedRedis(folder)
    server.start()
    try:
        async with Redis.from_url(server.url) as redis:
            other = Stack(server, redis, stack.simulator, stack._environ["TWILIO_API_URL"])
            try:
                yield other
            finally:
                await other.stop()
    finally:
        server.stop()


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
async def test_what_was_acknowledged_before_a_backup_is_answered_after_its_restoration(
    tmp_path: Path, kind: BackupKind
) -> None:
    async with running_stack(durable=True) as stack:
        for number, person in enumerate(PEOPLE):
            await stack.accept_message(number, "hi", person)

        async def write() -> None:
            for number in range(1_000, 100_000):
                await stack.accept_message(number, "hi", f"+1555018{number:05d}")

        writer = asyncio.create_task(write())
        status, output = await run_command(
            "backup", str(tmp_path / "backups"), "--kind", kind, REDIS_URL=stack.url
        )
        writer.cancel()
        assert status == 0, output
        [backup] = (tmp_path / "backups").iterdir()
        assert str(backup) in output
        stack.server.kill()

        status, output = await run_command("restore", str(backup), "--data-dir", str(tmp_path / "data"))
        assert status == 0, output
        async with running_restored(stack, tmp_path / "data") as other:
            await other.start_async_worker()
            for person in PEOPLE:
                assert len(await stack.simulator.wait_for_texts(1, person)) == 1


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
async def test_a_reply_that_was_sent_after_the_backup_is_not_sent_again(
    tmp_path: Path, kind: BackupKind
) -> None:
    async with running_stack(durable=True) as stack:
        await stack.accept_message(1, "hi")
        worker = await stack.start_async_worker()
        await stack.simulator.wait_for_texts(1)
        await stack.wait_until_idle()
        worker.kill()
        await worker.communicate()
        channel = channels.load("twilio", stack._environ, "http://127.0.0.1:1")
        assert channel is not None
        sender = ProactiveSender(stack.redis, {"twilio": channel}, ProtocolLimits())
        session = build_message(1, "hi").turn.session
        await sender.send(session, "parcel-1", Message(text="your parcel is here"))
        with SyncRedis.from_url(stack.url) as redis:
            backup = back_up(redis, kind, tmp_path / "backups", data_folder=None, wait_seconds=30)
        await stack.start_async_worker()
        await stack.simulator.wait_for_texts(2)
        await stack.stop()

        report = await asyncio.to_thread(restore, backup, tmp_path / "data", wait_seconds=30)
        assert (report.sessions, report.unsent) == (1, 1)
        async with running_restored(stack, tmp_path / "data") as other:
            await other.start_async_worker()
            await other.wait_until_idle()
            assert len(stack.simulator.received_texts()) == 2
            assert await other.redis.llen(f"tg:{{{session}}}:out") == 0


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
async def test_an_encrypted_backup_is_answered_with_its_key_and_named_without(
    tmp_path: Path, kind: BackupKind
) -> None:
    key, newer, setting = generate_master_key(), generate_master_key(), "TURNGATE_ENCRYPTION_KEYS"
    ring = parse_encryption_keys(key)
    assert ring is not None
    async with running_stack(durable=True) as stack:
        use_cipher(stack.redis, ring)
        await stack.accept_message(1, "my secret zebrafish", PEOPLE[0])
        environ = {"REDIS_URL": stack.url, setting: key}
        status, output = await run_command("backup", str(tmp_path / "b"), "--kind", kind, **environ)
        assert status == 0, output
        [backup] = (tmp_path / "b").iterdir()
        await stack.accept_message(2, "hi", PEOPLE[1])  # it is not in the backup
        stack.server.kill()
        assert find_files(tmp_path, b"zebrafish") == []

        for number, given in enumerate(("", newer)):
            folder = tmp_path / f"data{number}"
            status, output = await run_command(
                "restore", str(backup), "--data-dir", str(folder), **{setting: given}
            )
            assert status == 1, output
            named = f"It is encrypted with the key {ring.newest.id}, which {setting} lacks: "
            assert [line for line in output.splitlines() if line.startswith(named)]
            assert "Traceback" not in output
        async with running_restored(stack, folder) as other:
            other.add_settings(**{setting: newer})
            worker = await other.start_async_worker()
            assert worker.stdout is not None
            async with asyncio.timeout(30):
                while (line := await worker.stdout.readline()) and b"the key " not in line:
                    assert b"Traceback" not in line
            assert ring.newest.id.encode() in line
            assert stack.simulator.received_texts(PEOPLE[0]) == []

        folder, both = tmp_path / "whole", f"{newer},{key}"
        status, output = await run_command(
            "restore", str(backup), "--data-dir", str(folder), **{setting: both}
        )
        assert status == 0, output
        assert "1 message to answer" in output
        async with running_restored(stack, folder) as other:
            other.add_settings(**{setting: both})
            await other.start_async_worker()
            assert len(await stack.simulator.wait_for_texts(1, PEOPLE[0])) == 1
            status, output = await run_command(
                "why", PEOPLE[0], "--text", REDIS_URL=other.url, **{setting: both}
            )
            assert "my secret zebrafish" in output
            assert stack.simulator.received_texts(PEOPLE[1]) == []


def test_a_folder_with_data_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "backup" / "appendonlydir").mkdir(parents=True)
    (tmp_path / "data" / "appendonlydir").mkdir(parents=True)
    with pytest.raises(ConfigurationError, match="move it away"):
        restore(tmp_path / "backup", tmp_path / "data", wait_seconds=1)


@pytest.mark.long
async def test_a_backup_that_is_terminated_leaves_no_messages_behind(tmp_path: Path) -> None:
    async with running_stack(durable=True) as stack:
        await stack.redis.config_set("rdb-key-save-delay", 10_000_000)  # a rewrite that takes long
        await stack.redis.mset({"a": "1", "b": "2"})
        await stack.redis.bgrewriteaof()
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "gateway", "backup", str(tmp_path / "out")),
            env={**os.environ, "REDIS_URL": stack.url},
        )
        async with asyncio.timeout(60):
            while not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir()):  # noqa: ASYNC110
                await asyncio.sleep(0.05)  # the command offers no event
        process.terminate()

        assert await process.wait() == 143
        assert list((tmp_path / "out").iterdir()) == []
        await stack.redis.config_set("rdb-key-save-delay", 0)


@pytest.mark.parametrize("names", [(), ("appendonly.aof.manifest",)], ids=["empty", "a file is missing"])
def test_an_append_only_folder_that_a_server_would_take_for_an_empty_one_is_refused(
    tmp_path: Path, names: tuple[str, ...]
) -> None:
    folder = tmp_path / "my backup" / "appendonlydir"
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).write_text("file appendonly.aof.1.base.rdb seq 1 type b\n")
    with pytest.raises(ConfigurationError, match="is not complete"):
        restore(tmp_path / "my backup", tmp_path / "data", wait_seconds=1)
    assert list((tmp_path / "data").iterdir()) == []


def test_a_snapshot_that_cannot_be_loaded_leaves_the_folder_empty(tmp_path: Path) -> None:
    (tmp_path / "backup").mkdir()
    (tmp_path / "backup" / "dump.rdb").write_bytes(b"REDIS0011 and then nothing")
    with pytest.raises(ConfigurationError, match="did not start"):
        restore(tmp_path / "backup", tmp_path / "my data", wait_seconds=5)
    assert not (tmp_path / "my data" / "dump.rdb").exists()


async def test_a_server_that_was_restored_by_hand_is_marked(
    redis: Redis, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_URL", redis_url)
    reply = {"key": "m1.1", "committed_at_ms": 17}
    await redis.rpush("tg:{fake:1}:out", json.dumps(reply), json.dumps({**reply, "key": "m1.2"}))
    await redis.rpush("tg:{fake:1}:mail", "{}")
    await redis.hset("tg:{fake:1}", "address", "A")
    await redis.hset("tg:{fake:2}", mapping={"address": "B", "marked": "earlier"})
    await redis.rpush("tg:{fake:2}:out", json.dumps(reply))
    process = describe_this_process("worker", "kyc")
    await announce(redis, process)

    run = partial(CliRunner().invoke, app, ["restore", "--by-hand"])
    refused = await asyncio.to_thread(run)
    assert isinstance(refused.exception, ConfigurationError)
    assert process.name in str(refused.exception)
    await withdraw(redis, process)
    result = await asyncio.to_thread(run)

    assert "2 sessions, 1 message to answer, 3 replies to send" in result.output
    assert await redis.hmget("tg:{fake:1}", "marked", "marked_at", "marked_to") == [b"m1.1", b"17", b"A"]
    assert await redis.hget("tg:{fake:2}", "marked") == b"earlier"
    assert (await asyncio.to_thread(run)).exit_code == 0  # again, with the same effect


def test_what_is_to_be_restored_is_named(tmp_path: Path) -> None:
    for arguments in ([], [str(tmp_path), "--by-hand"]):
        result = CliRunner().invoke(app, ["restore", *arguments])
        assert "either the folder of a backup, or --by-hand" in str(result.exception)


def test_a_folder_that_is_not_a_backup_is_named(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for name, problem in (
        ("empty", r"neither appendonlydir nor dump\.rdb"),
        ("nothing", "there is no folder"),
    ):
        with pytest.raises(ConfigurationError, match=problem):
            restore(tmp_path / name, tmp_path / "data", wait_seconds=1)


def test_a_server_without_its_files_here_says_what_to_do(tmp_path: Path, sync_redis: SyncRedis) -> None:
    for kind in KINDS:
        with pytest.raises(ConfigurationError, match=r"--kind snapshot|--data-dir"):
            back_up(sync_redis, kind, tmp_path / "out", data_folder=tmp_path / "elsewhere", wait_seconds=5)
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
async def test_a_backup_is_private_and_the_servers_settings_are_as_before(
    tmp_path: Path, kind: BackupKind
) -> None:
    async with running_stack(durable=True) as stack:
        before = await stack.redis.config_get("*")
        await stack.redis.config_resetstat()
        with SyncRedis.from_url(stack.url) as redis:
            backup = back_up(redis, kind, tmp_path / "backups", data_folder=None, wait_seconds=30)
        assert await stack.redis.config_get("*") == before
        used = await stack.redis.info("commandstats")
        assert "cmdstat_config|get" in used
        assert "cmdstat_config|set" not in used  # a command that is killed cannot set it back
        assert all(path.stat().st_mode & 0o077 == 0 for path in [backup, *backup.rglob("*")])


def test_a_cluster_is_not_backed_up_in_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "redis+cluster://127.0.0.1:1")
    with pytest.raises(ConfigurationError, match="names a cluster"):
        CliRunner().invoke(app, ["backup", str(tmp_path)], catch_exceptions=False)
