"""Commands that RQ's objects write about one job, as a template for a batch of others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, Protocol

from gateway.redis.lua import Argument

_SEPARATOR: Final = "\0"
_TAKES_MEMBERS: Final = {"ZADD": 4, "ZREM": 3, "SADD": 3, "SREM": 3}
"""Commands that take the members of several jobs at once, with their length for one."""


class TemplatedJob(Protocol):
    """A job that a template is rendered for."""

    @property
    def id(self) -> str:
        """Name of the job."""

    @property
    def execution_id(self) -> str:
        """Name of its execution."""


class CommandTemplate:
    """Commands about one job. For a batch, commands on the same key become one.

    The script that runs them is one atomic step, so their order matters only per key. Writes to a key that is
    deleted afterwards are left out.
    """

    def __init__(self, pipeline: Any, job: str, execution: str) -> None:
        """Create the template of the commands that `pipeline` has collected for `job` and `execution`."""
        self._job, self._execution = job, execution
        own: list[Sequence[str]] = []
        self._shared: list[Sequence[str]] = []
        deleted: list[str] = []
        for name, key, *rest in reversed(read_commands(pipeline)):
            if name == "DEL":
                deleted += [key, *rest]
            elif key in deleted:
                continue
            elif job in key or execution in key or not _is_mergeable(name, key, *rest):
                own.append((name, key, *rest))
            else:
                self._shared.append((name, key, *rest))
        self._shared.reverse()
        self._own = _SEPARATOR.join(map(str, encode_commands(reversed(own))))
        self._deleted = _SEPARATOR.join(deleted)

    def render(self, jobs: Sequence[TemplatedJob]) -> list[Argument]:
        """Return the commands for `jobs` as arguments of books.lua."""
        arguments: list[Argument] = []
        if not jobs:
            return arguments
        for job in jobs if self._own else ():
            arguments += self._fill(self._own, job).split(_SEPARATOR)
        merged = [self._merge(command, jobs) for command in self._shared]
        if self._deleted:
            keys = (key for job in jobs for key in self._fill(self._deleted, job).split(_SEPARATOR))
            merged.append(["DEL", *keys])
        return arguments + encode_commands(merged)

    def _merge(self, command: Sequence[str], jobs: Sequence[TemplatedJob]) -> list[str]:
        name, key, *rest = command
        if name == "HINCRBY":
            return [name, key, rest[0], str(int(rest[1]) * len(jobs))]
        if name == "EXPIRE":
            return [name, key, *rest]
        members = _SEPARATOR.join(rest)
        return [
            name,
            key,
            *(each for job in jobs for each in self._fill(members, job).split(_SEPARATOR)),
        ]

    def _fill(self, text: str, job: TemplatedJob) -> str:
        return text.replace(self._job, job.id).replace(self._execution, job.execution_id)


def _is_mergeable(*command: str) -> bool:
    return command[0] in ("EXPIRE", "HINCRBY") or _TAKES_MEMBERS.get(command[0]) == len(command)


def read_commands(pipeline: Any) -> list[list[str]]:
    """Return a pipeline's commands, encoded as redis-py does."""
    return [[_encode_argument(argument) for argument in command] for command, _ in pipeline.command_stack]


def encode_commands(commands: Iterable[Sequence[str]]) -> list[Argument]:
    """Encode commands for books.lua: each preceded by its number of arguments."""
    arguments: list[Argument] = []
    for command in commands:
        arguments += [len(command), *command]
    return arguments


def _encode_argument(argument: Any) -> str:
    if isinstance(argument, bytes):
        return argument.decode()
    return str.__str__(argument) if isinstance(argument, str) else repr(argument)  # also of an enum
