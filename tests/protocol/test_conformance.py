"""Random traces of the model, step by step on the real scripts: the two cannot drift apart."""

from __future__ import annotations

import random

import pytest
from redis.asyncio import Redis

from tests.protocol.broken import PoppedBeforeTheWork, UnlockedWithoutLooking, WithoutFences
from tests.protocol.model import Scripts
from tests.protocol.replay import Replay
from tests.protocol.world import Actors, Bounds, Step, World

STEPS = 80
WALKS = 40
ROUGH = Bounds(
    turns=("A", "B", "C"),
    parts=2,
    take_over=True,
    send_failures=("timed_out", "unavailable", "rejected"),
    dialog_failures=True,
    tries=2,
)
CALM = Bounds(turns=("A", "B", "C", "D"), crashes=False, pauses=False, pass_on=False)
RARE = {"crash": 0.1, "take_over": 0.1, "lease_runs_out": 0.2, "dialog_fails": 0.5}
# Messages come late enough that some meet a worker at its release.
LATE = {"accept": 0.1, "release": 0.2, "due_comes": 0.2, "renew": 0.2}

Walk = list[tuple[Step, World]]


def walk(scripts: Scripts, seed: int) -> Walk:
    """Some way through the model's world: rough ones, and calm ones where messages come late."""
    bounds, weights = (ROUGH, RARE) if seed % 2 else (CALM, LATE)
    actors, chance = Actors(scripts, bounds), random.Random(seed)
    world = actors.begin()
    way: Walk = [(Step("begin", ""), world)]
    for _ in range(STEPS):
        choices = list(actors.steps(world))
        if not choices:
            break
        step, world = chance.choices(choices, [weights.get(step.name, 1.0) for step, _ in choices])[0]
        way.append((step, world))
    return way


async def replay(redis: Redis, way: Walk) -> None:
    """Take every step for real and compare everything that the server keeps after it."""
    real = Replay(redis)
    for number in range(1, len(way)):
        (_, before), (step, after) = way[number - 1], way[number]
        trace = "\n".join(f"{place:>3}. {passed}" for place, (passed, _) in enumerate(way[: number + 1]))
        await real.take(step, before, after)
        assert await real.store() == after.store, f"after\n{trace}"


@pytest.mark.parametrize("seed", range(WALKS))
async def test_the_scripts_do_what_the_model_says(redis: Redis, seed: int) -> None:
    await replay(redis, walk(Scripts(), seed))


def test_the_walks_take_every_kind_of_step() -> None:
    walks = [walk(Scripts(), seed) for seed in range(WALKS)]
    taken = {step.name for way in walks for step, _ in way}
    released = {
        worker.doing
        for way in walks
        for step, world in way
        for number, worker in enumerate(world.workers, start=1)
        if step[:2] == ("release", f"worker {number}")
    }

    assert taken >= {"accept", "take_over", "take", "claim", "look", "commit", "mark", "sent", "refuse"}
    assert taken >= {"postpone", "pass_on", "release", "renew", "sweep", "crash", "give_up", "look_up"}
    assert released == {"idle", "look"}


@pytest.mark.parametrize("scripts", [WithoutFences(), UnlockedWithoutLooking(), PoppedBeforeTheWork()])
async def test_a_model_that_differs_from_the_scripts_is_caught(redis: Redis, scripts: Scripts) -> None:
    for seed in range(WALKS):
        await redis.flushall()
        try:
            await replay(redis, walk(scripts, seed))
        except AssertionError:
            return
    pytest.fail("no walk showed the difference")
