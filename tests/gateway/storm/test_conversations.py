"""A storm's parts are the same for the same seed, so that a verdict can be repeated."""

from __future__ import annotations

import pytest

from channels.twilio import connect
from flows.document.flow import Flow
from flows.engine.machine import DialogMachine
from gateway.config.settings import LIBRARY
from gateway.storm.conversations import STOP, Script, Scripts
from gateway.storm.environment import ACCOUNT, OURS
from gateway.storm.scenario import Weather


def scripts(seed: int) -> Scripts:
    channel = connect(
        {"TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": "0" * 32}, "https://bots.example.com"
    )
    assert channel is not None
    dialog = DialogMachine(Flow.load(LIBRARY / "kyc.json"))
    return Scripts(Weather(seed=seed), dialog, channel, OURS, ACCOUNT)


async def parts(seed: int) -> list[Script]:
    written = scripts(seed)
    return [await written.write(number) for number in range(60)]


async def test_the_same_seed_writes_the_same_parts_and_another_seed_others() -> None:
    assert await parts(1) == await parts(1)
    assert await parts(1) != await parts(2)


@pytest.mark.parametrize("seed", [1, 2])
async def test_parts_hold_swapped_lines_and_people_who_want_no_more(seed: int) -> None:
    written = await parts(seed)

    assert any(breath.swapped for part in written for breath in part.breaths)
    assert any(STOP in breath.says for part in written for breath in part.breaths)
    silenced = [part for part in written if part.silent_from is not None]
    assert all(part.breaths[-1].hears == () for part in silenced)
