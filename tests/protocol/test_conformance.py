"""Random traces of the model, step by step on the real scripts: the two cannot drift apart."""

from __future__ import annotations

import random

import pytest
from redis.asyncio import Redis

from tests.protocol.actors import Actors
from tests.protocol.model import ScriptModel
from tests.protocol.planted_faults import PoppedBeforeProcessing, UncheckedUnlock, WithoutFences
from tests.protocol.replay import Replay
from tests.protocol.world import Step, World, WorldLimits

STEPS = 80
WALKS = 60
ROUGH = WorldLimits(
    turns=("A", "B", "C"),
    parts=2,
    take_over=True,
    send_failures=("timed_out", "unavailable", "rejected"),
    dialog_failures=True,
    tries=2,
)
CALM = WorldLimits(turns=("A", "B", "C", "D"), crashes=False, pauses=False, pass_on=False, leave=False)
TIMED = WorldLimits(turns=("A", "B", "C", "D"), timers=("A", "C", "D"), take_over=True)
RARE = {"crash": 0.1, "take_over": 0.1, "lease_runs_out": 0.2, "dialog_fails": 0.5}
# Messages come late enough that some meet a worker at its release.
LATE = {"accept": 0.1, "release": 0.2, "due_comes": 0.2, "renew": 0.2}
SLOW = {"pace_passes": 0.1, "send_rejected": 0.3}

Walk = list[tuple[Step, World]]


class Gathering(ScriptModel):
    merges_bursts = True


class Paced(ScriptModel):
    limits_rate = True


KINDS: list[tuple[ScriptModel, WorldLimits, dict[str, float]]] = [
    (ScriptModel(), CALM, LATE),
    (ScriptModel(), ROUGH, RARE),
    (ScriptModel(), TIMED, RARE | LATE),
    (Gathering(), TIMED, RARE),
    (Paced(), ROUGH._replace(timers=("B",)), RARE | SLOW),
]


def walk(scripts: ScriptModel, bounds: WorldLimits, weights: dict[str, float], seed: int) -> Walk:
    """Some way through the model's world."""
    actors, chance = Actors(scripts, bounds), random.Random(seed)
    world = actors.initial_world()
    way: Walk = [(Step("begin", ""), world)]
    for _ in range(STEPS):
        choices = list(actors.next_steps(world))
        if not choices:
            break
        step, world = chance.choices(choices, [weights.get(step.name, 1.0) for step, _ in choices])[0]
        way.append((step, world))
    return way


async def replay(redis: Redis, scripts: ScriptModel, bounds: WorldLimits, way: Walk) -> None:
    """Take every step for real and compare everything that the server keeps after it."""
    real = Replay(redis, scripts, leave=bounds.leave)
    for number in range(1, len(way)):
        (_, before), (step, after) = way[number - 1], way[number]
        trace = "\n".join(f"{place:>3}. {passed}" for place, (passed, _) in enumerate(way[: number + 1]))
        await real.replay_step(step, before, after)
        assert await real.read_store() == after.store, f"after\n{trace}"


@pytest.mark.parametrize("seed", range(WALKS))
async def test_the_scripts_do_what_the_model_says(redis: Redis, seed: int) -> None:
    scripts, bounds, weights = KINDS[seed % len(KINDS)]
    await replay(redis, scripts, bounds, walk(scripts, bounds, weights, seed))


def test_the_walks_take_every_kind_of_step() -> None:
    walks = [walk(*KINDS[seed % len(KINDS)], seed) for seed in range(WALKS)]
    taken = {step.name for way in walks for step, _ in way}
    released = {
        worker.activity
        for way in walks
        for step, world in way
        for number, worker in enumerate(world.workers, start=1)
        if step[:2] == ("release", f"worker {number}")
    }

    assert taken >= {"accept", "take_over", "take", "claim", "look", "commit", "mark", "sent", "refuse"}
    assert taken >= {"postpone", "pass_on", "release", "renew", "sweep", "crash", "give_up", "look_up"}
    assert taken >= {"quiet_passes", "timer_runs_out", "fire", "slot_comes", "pace_passes"}
    assert released == {"idle", "look"}


@pytest.mark.parametrize("scripts", [WithoutFences(), UncheckedUnlock(), PoppedBeforeProcessing()])
async def test_a_model_that_differs_from_the_scripts_is_caught(redis: Redis, scripts: ScriptModel) -> None:
    for seed in range(WALKS):
        _, bounds, weights = KINDS[seed % 2]
        await redis.flushall()
        try:
            await replay(redis, scripts, bounds, walk(scripts, bounds, weights, seed))
        except AssertionError:
            return
    pytest.fail("no walk showed the difference")
