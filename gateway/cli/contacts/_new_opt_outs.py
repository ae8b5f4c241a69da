"""Opt-outs of contacts who may never have written: from the rows of a file, or of one address."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple

import typer

from core.counts import count_of
from core.model import OptOutScope

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from gateway.broadcasts.recipient_file import Recipient
    from gateway.redis.sending.first_contact import ContactAddress

_AT_A_TIME: Final = 50
_REPORT_EVERY: Final = 1_000
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class WantedOptOut(NamedTuple):
    """A row of the file, and its contact for each number of the business; `at` is 0 if it has no time."""

    contacts: tuple[ContactAddress, ...]
    scope: OptOutScope
    at: float = 0.0


class RowProblem(NamedTuple):
    """Why a row opts nobody out."""

    line: int
    reason: str


class ContactFinder:
    """Finds the address of a contact for each of the business's numbers that is named."""

    def __init__(self, senders: Sequence[str], channel: str) -> None:
        """Load the channels. Raises `ConfigurationError` if the options name none that can send first."""
        from gateway.cli._recipients import find_sending_channel
        from gateway.cli._sender import load_command_channels
        from gateway.config.settings import Settings

        settings = Settings.load()
        self._channels = load_command_channels(settings)
        self._places = [find_sending_channel(each, channel, settings) for each in senders or [""]]

    def find(self, to: str) -> tuple[ContactAddress, ...]:
        """Return the addresses of a contact. Raises `InvalidContact`."""
        from gateway.redis.sending.first_contact import ContactAddress, find_conversation

        found = []
        for name, number in self._places:
            channel, _, account = name.partition("/")
            found.append(ContactAddress(channel=channel, account=account, to=to, sender=number))
            find_conversation(self._channels, found[-1])
        return tuple(found)


def read_rows(
    recipients: Iterable[Recipient], finder: ContactFinder, scope: OptOutScope
) -> tuple[list[WantedOptOut], list[RowProblem]]:
    """Return what the rows want, and the rows that cannot be used; `scope` is that of rows without one."""
    from core.errors import InvalidContact

    wanted, problems = [], []
    for row in recipients:
        try:
            if row.problem:
                raise ValueError(row.problem)
            own_scope = _parse_scope(row.variables.get("scope", ""), scope)
            at = _parse_since(row.variables.get("since", ""))
            wanted.append(WantedOptOut(finder.find(row.to), own_scope, at))
        except (InvalidContact, ValueError) as error:
            problems.append(RowProblem(row.line, str(error)))
    return wanted, problems


def _parse_scope(written: str, default: OptOutScope) -> OptOutScope:
    if not written:
        return default
    try:
        return OptOutScope(written.lower())
    except ValueError:
        raise ValueError(f'scope "{written}": write {" or ".join(OptOutScope)}') from None


def _parse_since(written: str) -> float:
    """Return a date or time in seconds since the epoch, one without an offset as UTC; 0 for none."""
    from core.local_time import parse_point_in_time

    if not written:
        return 0.0
    time = f"{written}T00:00" if _DATE.fullmatch(written) else written
    with suppress(ValueError):
        return parse_point_in_time(time) / 1000
    try:
        return parse_point_in_time(time, "UTC") / 1000
    except ValueError as error:
        raise ValueError(f'since "{written}": {error}') from None


class OptedOut(NamedTuple):
    """The sessions that were opted out, the number of contacts, and of those who have decided here since."""

    sessions: list[str]
    contacts: int
    older: int


async def opt_out_all(stores: Sequence[Redis], wanted: Sequence[WantedOptOut]) -> OptedOut:
    """Opt contacts out, each once, and print how far it is after each thousand."""
    from gateway.bootstrap import PartitionStores
    from gateway.cli._sender import load_command_channels
    from gateway.config.channel_config import ConfigFile
    from gateway.config.settings import Settings
    from gateway.redis.sending.new_opt_outs import NewOptOuts

    settings = Settings.load()
    channels, config = load_command_channels(settings), ConfigFile.load(settings.config_path)
    parts = PartitionStores(settings, config, channels, stores, confirms=True)
    opt_outs = NewOptOuts(parts.sender, parts.inbox)
    places, done = asyncio.Semaphore(_AT_A_TIME), 0

    async def opt_out(each: WantedOptOut) -> list[tuple[str, bool]]:
        nonlocal done
        async with places:
            answers = [
                await opt_outs.opt_out(contact, each.scope, actor="import", at=each.at)
                for contact in each.contacts
            ]
        done += 1
        if done % _REPORT_EVERY == 0:
            typer.echo(f"· {done:,} of {count_of(len(wanted), 'row')}", err=True)
        return answers

    rows = await asyncio.gather(*map(opt_out, wanted))
    sessions = dict.fromkeys(session for row in rows for session, counts in row if counts)
    contacts = {row[0][0]: any(counts for _, counts in row) for row in rows}
    return OptedOut(list(sessions), sum(contacts.values()), len(contacts) - sum(contacts.values()))
