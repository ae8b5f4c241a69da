"""Keys of a partition: the prefix goes before every key of a command, as the server counts them."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from gateway.redis.connection.cluster import partition as module
from gateway.redis.connection.cluster.partition import Partition

PARTITION = Partition(3)

# first key, last key, step (https://valkey.io/commands/command-info)
POSITIONS = {
    "_WITHOUT_KEYS": (0, 0, 0),
    "_ONE_KEY": (1, 1, 1),
    "_TWO_KEYS": (1, 2, 1),
    "_ONLY_KEYS": (1, -1, 1),
    "_KEYS_AND_TIMEOUT": (1, -2, 1),
}


@pytest.mark.parametrize("names", POSITIONS)
async def test_the_tables_say_of_each_command_what_the_server_says(redis: Redis, names: str) -> None:
    commands = sorted(getattr(module, names))
    redis.response_callbacks.pop("COMMAND INFO", None)
    rows: list[Any] = await redis.execute_command("COMMAND INFO", *commands)  # type: ignore[no-untyped-call]

    found = {name: tuple(row[3:6]) for name, row in zip(commands, rows, strict=True) if row is not None}

    assert found == dict.fromkeys(found, POSITIONS[names])
    assert len(found) > len(commands) * 0.9  # an old server lacks some


@pytest.mark.parametrize(
    ("command", "prefixed"),
    [
        (("GET", "a"), ("GET", "{p3}:a")),
        (("GET", b"a"), ("GET", b"{p3}:a")),
        (("get", "{p3}:a"), ("get", "{p3}:a")),
        (("HSET", "a", "b", "c"), ("HSET", "{p3}:a", "b", "c")),
        (("DEL", "a", b"b"), ("DEL", "{p3}:a", b"{p3}:b")),
        (("BLMOVE", "a", "b", "LEFT", "RIGHT", 1), ("BLMOVE", "{p3}:a", "{p3}:b", "LEFT", "RIGHT", 1)),
        (("BLPOP", "a", "b", 0), ("BLPOP", "{p3}:a", "{p3}:b", 0)),
        (("EVALSHA", "sha", 0, "x"), ("EVALSHA", "sha", 1, "{p3}:-", "x")),
        (("EVAL", "text", "2", "a", "b", "x"), ("EVAL", "text", "2", "{p3}:a", "{p3}:b", "x")),
        (("SCAN", 0, "MATCH", "a*", "COUNT", 9), ("SCAN", 0, "MATCH", "{p3}:a*", "COUNT", 9)),
        (("SCAN", 0), ("SCAN", 0, "MATCH", "{p3}:*")),
        (("MEMORY USAGE", "a"), ("MEMORY USAGE", "{p3}:a")),
        (("XINFO", "STREAM", "a"), ("XINFO", "STREAM", "{p3}:a")),
        (("PUBLISH", "a", "b"), ("PUBLISH", "a", "b")),
        (("CLIENT SETINFO", "LIB-NAME", "x"), ("CLIENT SETINFO", "LIB-NAME", "x")),
    ],
)
def test_the_prefix_goes_before_every_key(command: tuple[Any, ...], prefixed: tuple[Any, ...]) -> None:
    assert PARTITION.add_prefix(command) == prefixed


def test_a_command_whose_keys_are_unknown_is_not_sent() -> None:
    with pytest.raises(ValueError, match="SORT"):
        PARTITION.add_prefix(("SORT", "a"))


def test_the_scripts_know_the_keys_of_every_command_that_they_run() -> None:
    folder = resources.files("gateway.redis") / "scripts"
    assert isinstance(folder, Path)
    texts = {path.name: path.read_text(encoding="utf-8") for path in folder.rglob("*.lua")}
    exceptions = set(re.findall(r"([A-Z]+) =", texts["partition.lua"]))
    used = {name for text in texts.values() for name in re.findall(r"redis\.call\('([A-Z]+)'", text)}

    assert used - exceptions - {"TIME"} <= module._ONE_KEY
    assert exceptions.isdisjoint(module._ONE_KEY)
