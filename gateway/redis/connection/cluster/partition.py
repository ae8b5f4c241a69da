"""Partition: the keys that share one hash slot of a Redis Cluster, and the commands that are limited to them.

Every key of a partition begins with its tag, `{p0}:`, so that all of them are on one server (Redis Cluster
specification, "Hash tags"). Connections add the tag when they send a command, so no other code has to.
Scripts get one key that never exists: by it a server that does not own the slot, or is moving it away,
refuses the call before anything is written.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from redis.crc import key_slot


def _split_words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_WITHOUT_KEYS: Final = _split_words(
    "ACL AUTH BGREWRITEAOF BGSAVE CLIENT CLUSTER COMMAND CONFIG DBSIZE DISCARD ECHO EXEC FLUSHALL HELLO INFO "
    "LASTSAVE LATENCY MULTI PING PSUBSCRIBE PUBLISH PUBSUB PUNSUBSCRIBE QUIT REPLICAOF ROLE SAVE SCRIPT "
    "SELECT SHUTDOWN SLOWLOG SUBSCRIBE TIME UNSUBSCRIBE UNWATCH WAIT"
)
_ONE_KEY: Final = _split_words(
    "DECR DECRBY DUMP EXPIRE EXPIREAT EXPIRETIME GET GETDEL GETEX GETRANGE GETSET HDEL HEXISTS HGET HGETALL "
    "HINCRBY HINCRBYFLOAT HKEYS HLEN HMGET HMSET HSCAN HSET HSETNX HSTRLEN HVALS INCR INCRBY INCRBYFLOAT "
    "LINDEX LINSERT LLEN LPOP LPOS LPUSH LPUSHX LRANGE LREM LSET LTRIM PERSIST PEXPIRE PEXPIREAT "
    "PEXPIRETIME PSETEX PTTL RESTORE RPOP RPUSH RPUSHX SADD SCARD SET SETEX SETNX SETRANGE SISMEMBER "
    "SMEMBERS SMISMEMBER SPOP SRANDMEMBER SREM SSCAN STRLEN TTL TYPE XACK XADD XDEL XLEN XRANGE XREVRANGE "
    "XSETID XTRIM ZADD ZCARD ZCOUNT ZINCRBY ZLEXCOUNT ZMSCORE ZPOPMAX ZPOPMIN ZRANDMEMBER ZRANGE "
    "ZRANGEBYLEX ZRANGEBYSCORE ZRANK ZREM ZREMRANGEBYLEX ZREMRANGEBYRANK ZREMRANGEBYSCORE ZREVRANGE "
    "ZREVRANGEBYLEX ZREVRANGEBYSCORE ZREVRANK ZSCAN ZSCORE"
)
_TWO_KEYS: Final = _split_words("BLMOVE BRPOPLPUSH COPY LMOVE RENAME RENAMENX RPOPLPUSH SMOVE")
_ONLY_KEYS: Final = _split_words(
    "DEL EXISTS MGET SDIFF SINTER SUNION TOUCH UNLINK WATCH SDIFFSTORE SINTERSTORE SUNIONSTORE"
)
_KEYS_AND_TIMEOUT: Final = _split_words("BLPOP BRPOP BZPOPMIN BZPOPMAX")
_KEY_AFTER_SUBCOMMAND: Final = _split_words("MEMORY OBJECT XGROUP XINFO")
_SCRIPT_CALLS: Final = _split_words("EVAL EVALSHA EVAL_RO EVALSHA_RO FCALL")


@dataclass(frozen=True, slots=True)
class Partition:
    """One partition by its number."""

    number: int = 0

    @property
    def prefix(self) -> str:
        """Beginning of every key; its braces make it the hash tag."""
        return f"{{p{self.number}}}:"

    @property
    def absent_key(self) -> str:
        """The key that scripts declare. It never exists."""
        return f"{self.prefix}-"

    @property
    def slot(self) -> int:
        """The hash slot of all keys."""
        return int(key_slot(self.absent_key.encode()))

    def add_prefix(self, arguments: Iterable[Any]) -> tuple[Any, ...]:
        """Return a command with the prefix before each of its keys, unless a key already has it.

        Raises `ValueError` for a command whose keys are not known here.
        """
        name, *rest = arguments
        words = (name.decode() if isinstance(name, bytes) else str(name)).upper().split()
        return (name, *self._prefix_keys(words[0], rest, has_subcommand=len(words) > 1))

    def strip_prefix(self, key: bytes) -> bytes:
        """Return a key without the prefix."""
        return key.removeprefix(self.prefix.encode())

    def _prefix_keys(self, command: str, rest: list[Any], *, has_subcommand: bool) -> list[Any]:
        if command in _WITHOUT_KEYS:
            return rest
        if command in _ONE_KEY:
            return self._prefix_first(rest, 1)
        if command in _TWO_KEYS:
            return self._prefix_first(rest, 2)
        if command in _ONLY_KEYS:
            return self._prefix_first(rest, len(rest))
        if command in _KEYS_AND_TIMEOUT:
            return self._prefix_first(rest, len(rest) - 1)
        if command in _KEY_AFTER_SUBCOMMAND:
            return (
                self._prefix_first(rest, 1) if has_subcommand else [rest[0], *self._prefix_first(rest[1:], 1)]
            )
        if command in _SCRIPT_CALLS:
            return self._prefix_script_keys(rest)
        if command == "SCAN":
            return self._prefix_pattern(rest)
        if command == "KEYS":
            return self._prefix_first(rest, 1)
        raise ValueError(
            f"the keys of the command {command} are not known: gateway/redis/connection/cluster/partition.py"
        )

    def _prefix_first(self, rest: list[Any], count: int) -> list[Any]:
        return [*(self._prefix_key(key) for key in rest[:count]), *rest[count:]]

    def _prefix_script_keys(self, rest: list[Any]) -> list[Any]:
        script, count, *more = rest
        if int(count) == 0:
            return [script, 1, self.absent_key, *more]
        return [script, count, *self._prefix_first(more, int(count))]

    def _prefix_pattern(self, rest: list[Any]) -> list[Any]:
        for index, word in enumerate(rest[:-1]):
            if word in ("MATCH", b"MATCH"):
                return [*rest[: index + 1], self._prefix_key(rest[index + 1]), *rest[index + 2 :]]
        return [*rest, "MATCH", f"{self.prefix}*"]

    def _prefix_key(self, key: Any) -> Any:
        if isinstance(key, bytes | bytearray | memoryview):
            prefix = self.prefix.encode()
            return bytes(key) if bytes(key).startswith(prefix) else prefix + bytes(key)
        return key if str(key).startswith(self.prefix) else f"{self.prefix}{key}"
