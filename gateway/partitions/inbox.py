"""Inbox over several partitions: each event goes to the partition of its contact."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeVar

from redis.asyncio import Redis
from redis.exceptions import RedisError

from core.errors import StorageUnavailable
from core.model import Event, Ignored, ParticipantMessage, StatusChanged, TemplateChanged, TurnReceived
from core.ports import AcceptResult
from gateway.partitions.directory import PartitionDirectory, hash_name
from gateway.partitions.former_sessions import FormerSessions, opts_out
from gateway.partitions.joining import ContactJoiner
from gateway.partitions.message_pointers import MessagePointers
from gateway.redis.connection.call_all import call_all
from gateway.redis.lua import ProtocolLimits
from gateway.redis.records.contacts.identities import IdentityResolver, echo_key
from gateway.redis.records.session_keys import session_key

Result = TypeVar("Result")

_HOME = 0
_MAX_JOIN_SECONDS: Final = 10.0
_JOIN_CHECK_SECONDS: Final = 0.05


class PartitionedInbox(IdentityResolver):
    """Divides a request's events among the inboxes of the partitions, in order.

    A request is accepted when all of them are. What was stored before one of them failed is recognized when
    the provider repeats the request.
    """

    def __init__(
        self,
        inboxes: Sequence[IdentityResolver],
        stores: Sequence[Redis],
        protocol: ProtocolLimits | None = None,
    ) -> None:
        """Create the inbox of `stores`; `inboxes` has one for each."""
        super().__init__(stores[_HOME], inboxes[_HOME], protocol=protocol)
        self.directory = PartitionDirectory(stores, protocol)
        self._inboxes = inboxes
        self._stores = stores
        limits = protocol or ProtocolLimits()
        self._joiner = ContactJoiner(inboxes, stores, self.directory, limits)
        self._former = FormerSessions(inboxes, stores, self.directory, limits)
        self._pointers = MessagePointers(stores, protocol)

    async def accept(self, events: Sequence[Event]) -> list[AcceptResult]:
        """Store a request's events; see `core.ports.inbox.Inbox`."""
        try:
            return await self._accept_where_they_are(events)
        except RedisError as error:
            raise StorageUnavailable(
                f"Redis did not return the contact's partition: {type(error).__name__}"
            ) from error

    async def _accept_where_they_are(self, events: Sequence[Event]) -> list[AcceptResult]:
        places = await asyncio.gather(*(self._locate(event) for event in events))
        await self._store_echoes(events)
        results = await self._accept_in(events, places)
        for index, result in enumerate(results):
            if result is AcceptResult.MOVED:
                results[index] = await self._accept_moved(events[index], places[index][0])
                places[index] = await self._locate(events[index])
        await self._carry_opt_outs(events, places)
        await self._forget_erased(events, places, results)
        late = [
            index
            for index, (event, result) in enumerate(zip(events, results, strict=True))
            if isinstance(event, StatusChanged) and result is AcceptResult.EARLY
        ]
        return await self._accept_late(events, places, results, late) if late else results

    async def carry_opt_out(self, number: int, session: str) -> None:
        """Let an opt-out by the dialog count where the contact is, if they have left the partition `number`.

        Raises `StorageUnavailable` or `RedisError`.
        """
        if event := await self._former.find_opt_out(number, session):
            await self.accept([event])

    async def hold_back(self, number: int, session: str) -> bool:
        """Let an agent and an opt-out count for a session that has ended; see `FormerSessions.hold_back`."""
        return await self._former.hold_back(number, session)

    async def find_session(self, name: str) -> str:
        """Return the session of an identifier; the identifier itself if there is none."""
        return await self._inboxes[await self.directory.find(name)].find_session(name)

    async def place_contact(self, names: Sequence[str]) -> int:
        """Return the partition of a contact, to which all its names lead from now on."""
        return await self._joiner.place(names)

    async def _locate(self, event: Event) -> tuple[int, ...]:
        """Return the partitions that store an event; that of its result is the first."""
        match event:
            case StatusChanged(channel=channel, provider_id=provider_id):
                return (await self._pointers.find(channel, provider_id),)
            case TemplateChanged():  # each partition's gate asks for a template's state
                return tuple(range(len(self._inboxes)))
            case Ignored(aliases=()):
                return (_HOME,)
            case Ignored(aliases=names, joins_known=True) if not await self.directory.knows(names):
                return (_HOME,)
        return (await self._joiner.place(_names_of(event), event),)

    async def _carry_opt_outs(self, events: Sequence[Event], places: Sequence[tuple[int, ...]]) -> None:
        """Let opt-outs count for what waits in the partitions that a contact was in before."""
        for event, numbers in zip(events, places, strict=True):
            if opts_out(event):
                await self._former.opt_out(numbers[0], _names_of(event)[0])

    async def _forget_erased(
        self, events: Sequence[Event], places: Sequence[tuple[int, ...]], results: Sequence[AcceptResult]
    ) -> None:
        """Forget the places of contacts of whom a message was repeated that had been erased."""
        for event, numbers, result in zip(events, places, results, strict=True):
            is_message = isinstance(event, TurnReceived | ParticipantMessage)
            if result is not AcceptResult.DUPLICATE or not is_message:
                continue
            names = _names_of(event)
            session = await self._inboxes[numbers[0]].find_session(names[0])
            keys = [session_key(session, part) for part in ("", ":seen")]
            if not await self._stores[numbers[0]].exists(*keys):
                await self.directory.forget(names)

    async def _store_echoes(self, events: Sequence[Event]) -> None:
        echoing = [event for event in events if isinstance(event, StatusChanged) and event.reply_key]
        for event in echoing:
            home = hash_name(echo_key(event.channel, event.reply_key), len(self._inboxes))
            await self._inboxes[home].store_sent_ids([event])

    async def _accept_in(
        self, events: Sequence[Event], places: Sequence[tuple[int, ...]]
    ) -> list[AcceptResult]:
        divided: defaultdict[int, list[int]] = defaultdict(list)
        for index, numbers in enumerate(places):
            for number in numbers:
                divided[number].append(index)
        answers = await call_all(
            self._inboxes[number].accept([events[index] for index in indices])
            for number, indices in divided.items()
        )
        results: dict[int, AcceptResult] = {}
        for (number, indices), answer in zip(divided.items(), answers, strict=True):
            results |= {
                index: result
                for index, result in zip(indices, answer, strict=True)
                if places[index][0] == number
            }
        return [results[index] for index in range(len(events))]

    async def _accept_moved(self, event: Event, number: int) -> AcceptResult:
        """Store an event whose contact was joined with one of another partition after it was located."""

        async def find() -> int:
            return (await self._locate(event))[0]

        async def accept(place: int) -> AcceptResult | None:
            [result] = await self._inboxes[place].accept([event])
            return None if result is AcceptResult.MOVED else result

        return await self.follow(number, _names_of(event)[0], find, accept)

    async def follow(
        self,
        number: int,
        name: str,
        find: Callable[[], Awaitable[int]],
        act: Callable[[int], Awaitable[Result | None]],
    ) -> Result:
        """Do what the partition `number` has refused, where a contact's name leads to once it is joined.

        `find` returns that partition; `act` returns `None` if it refuses, too. Raises `StorageUnavailable`
        if the join does not end.
        """
        try:
            async with asyncio.timeout(_MAX_JOIN_SECONDS):
                while True:
                    present = await find()
                    if present == number:  # not yet, or the contact has come back to it
                        await self._joiner.take_back(number, name)
                        await asyncio.sleep(_JOIN_CHECK_SECONDS)
                    number = present
                    if (result := await act(number)) is not None:
                        return result
        except (RedisError, TimeoutError) as error:
            raise StorageUnavailable(f"the contact's sessions are not joined: {error}") from error

    async def _accept_late(
        self,
        events: Sequence[Event],
        places: Sequence[tuple[int, ...]],
        results: list[AcceptResult],
        late: Sequence[int],
    ) -> list[AcceptResult]:
        """Store statuses again whose message is recorded in another partition than they were sent to."""
        for index in late:
            event = events[index]
            assert isinstance(event, StatusChanged), "only statuses are early"
            [number] = await self._locate(event)
            if number == places[index][0]:
                if await self._pointers.point_to_recorded(event.channel, event.provider_id):
                    results[index] = AcceptResult.NEW
                continue
            [results[index]] = await self._inboxes[number].accept([event])
        return results


def _names_of(event: Event) -> Sequence[str]:
    """Return the names of an event's contact, the most reliable one first."""
    if isinstance(event, StatusChanged | TemplateChanged):
        return ()
    if isinstance(event, TurnReceived):
        return (*(event.aliases or (event.turn.session,)), *event.consent_names)
    if event.aliases or isinstance(event, Ignored):
        return event.aliases
    return (event.turn.session,) if isinstance(event, ParticipantMessage) else (event.session,)
