"""Directory of contacts: all identifiers of a contact lead to one partition, in any order."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from redis.asyncio import Redis

from core.errors import ConfigurationError, StorageUnavailable
from gateway.partitions.directory import PartitionDirectory, hash_name
from gateway.partitions.layout import admit_layout, read_spread, spread_over
from gateway.redis.records.processes.process_versions import announce, describe_this_process
from gateway.redis.records.session_keys import session_key


def find_names(number: int, count: int = 4) -> list[str]:
    """Return names that hash to a partition."""
    return [name for index in range(100) if hash_name(name := f"fake:{index}", count) == number]


async def test_all_names_of_a_contact_lead_to_the_partition_of_the_first(stores: Sequence[Redis]) -> None:
    directory, (first, second) = PartitionDirectory(stores), (find_names(1)[0], find_names(3)[0])

    assert (await directory.place([first, second])).number == 1
    assert (await directory.place([second])).number == 1
    assert await directory.find(second) == 1


async def test_a_name_that_joins_a_known_one_goes_to_it(stores: Sequence[Redis]) -> None:
    directory, (known, new) = PartitionDirectory(stores), (find_names(2)[0], find_names(0)[0])
    await directory.place([known])

    place = await directory.place([new, known])

    assert (place.number, place.elsewhere) == (2, ())


async def test_two_known_names_of_one_contact_tell_which_is_to_be_moved(stores: Sequence[Redis]) -> None:
    directory, (first, second) = PartitionDirectory(stores), (find_names(1)[0], find_names(3)[0])
    await directory.place([first])
    await directory.place([second])

    place = await directory.place([first, second])
    assert (place.number, place.elsewhere) == (1, ((second, 3),))

    await directory.move([second], place.number)
    assert (await directory.place([second])).number == 1


async def test_the_partition_of_an_agent_wins(stores: Sequence[Redis]) -> None:
    directory, (first, second) = PartitionDirectory(stores), (find_names(1)[0], find_names(3)[0])
    await directory.place([first])
    await directory.place([second])
    await stores[3].hset(session_key(second), "owner", "human")

    assert (await directory.place([first, second])).number == 3


@pytest.mark.parametrize("key", ["tg:{fake:x}", "tg:person:fake:x", "tg:{fake:x}:scheduled"])
async def test_what_a_partition_has_is_found_without_an_entry(stores: Sequence[Redis], key: str) -> None:
    await stores[2].hset(key, "owner", "bot")

    assert await PartitionDirectory(stores).find("fake:x") == 2
    assert (await PartitionDirectory(stores).place(["fake:y", "fake:x"])).number == 2


async def test_first_messages_at_once_agree_on_the_partition(stores: Sequence[Redis]) -> None:
    directory, (first, second) = PartitionDirectory(stores), (find_names(1)[0], find_names(3)[0])

    placed = await asyncio.gather(*(directory.place([first, second]) for _ in range(20)))

    assert {each.number for each in placed} == {1}


async def test_new_contacts_stay_home_until_all_processes_know_the_partitions(
    stores: Sequence[Redis],
) -> None:
    home, directory = stores[0], PartitionDirectory(stores)
    await home.delete("tg:partitions")
    await home.set("tg:format", 1)  # the data of one partition
    assert await admit_layout(home, 4) == 1
    assert {(await directory.place([name])).number for name in find_names(3)[:3]} == {0}

    await announce(home, describe_this_process("worker", "kyc"))
    with pytest.raises(ConfigurationError, match="restart these processes"):
        await spread_over(home, 4)
    await home.delete("tg:processes")
    await announce(home, describe_this_process("worker", "kyc", partitions=4))
    assert await spread_over(home, 4) == 1

    assert {(await directory.place([name])).number for name in find_names(3)[:3]} == {0}  # they stay
    assert (await directory.place(find_names(3)[3:4])).number == 3


async def test_processes_that_begin_with_different_numbers_on_an_empty_server_agree(
    stores: Sequence[Redis],
) -> None:
    home = stores[0]
    await home.delete("tg:partitions")
    assert await admit_layout(home, 1) == 1  # a command stores nothing
    assert await admit_layout(home, 1, claims=True) == 1
    assert await admit_layout(home, 4, claims=True) == 1  # the other one has no data yet

    await home.delete("tg:partitions")
    assert await admit_layout(home, 4, claims=True) == 4
    with pytest.raises(ConfigurationError, match="TURNGATE_PARTITIONS=4"):
        await admit_layout(home, 1, claims=True)


async def test_fewer_partitions_than_the_data_has_are_refused(stores: Sequence[Redis]) -> None:
    assert await read_spread(stores[0], 4) == 4

    with pytest.raises(StorageUnavailable, match="TURNGATE_PARTITIONS=4"):
        await read_spread(stores[0], 2)  # of a process that began while the server was away
    with pytest.raises(ConfigurationError, match="TURNGATE_PARTITIONS=4"):
        await admit_layout(stores[0], 2)
    with pytest.raises(ConfigurationError, match="the number cannot be reduced"):
        await spread_over(stores[0], 2)
