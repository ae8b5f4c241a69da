"""Looks at every state that a world can reach, nearest first, so a broken law comes with a shortest trace."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Sequence
from time import perf_counter
from typing import NamedTuple

from tests.protocol.actors import Actors
from tests.protocol.guarantees import Law
from tests.protocol.world import Step, Worker, World

_BEGIN = Step("begin", "")
_MISHAPS = ("crash", "take_over")


class Report(NamedTuple):
    """What an exploration found. `broken` is empty when every law holds."""

    states: int
    seconds: float
    broken: str
    trace: tuple[Step, ...]

    def __str__(self) -> str:
        head = f"{self.states} states in {self.seconds:.1f} s: {self.broken or 'every law holds'}"
        lines = [f"{number:>3}. {step}" for number, step in enumerate(self.trace, start=1)]
        return "\n".join([head, *lines])


class Explorer:
    """One exploration of one world."""

    def __init__(self, actors: Actors, laws: Sequence[Law], ends: Sequence[Law], most: int = 400_000) -> None:
        self._actors = actors
        self._laws = laws
        self._ends = ends
        self._most = most
        self._tries = actors.bounds.tries + 1 if actors.bounds.tries else 0
        self._number: dict[Hashable, int] = {}
        self._came: list[tuple[int, Step]] = []
        self._fair: list[int | None] = []
        self._unanswered: dict[int, str] = {}
        self._waiting: deque[World] = deque()

    def explore(self) -> Report:
        """Visit every state; stop at the first broken law."""
        began = perf_counter()
        number, broken = self._visit(self._actors.begin(), -1, _BEGIN)
        while self._waiting and not broken:
            world = self._waiting.popleft()
            here = len(self._fair)
            self._fair.append(None)
            for step, after in self._actors.steps(world):
                number, broken = self._visit(after, here, step)
                if broken:
                    break
                if self._fair[here] is None and number != here and step.name not in _MISHAPS:
                    self._fair[here] = number
            if self._fair[here] is None and not broken:
                self._judge_end(here, world)
        trace = self._trace(number)
        if not broken:
            broken, trace = self._wrong_end()
        return Report(len(self._number), perf_counter() - began, broken, trace)

    def _visit(self, world: World, parent: int, step: Step) -> tuple[int, str]:
        essence = self._essence(world)
        known = self._number.get(essence)
        if known is not None:
            return known, ""
        number = self._number[essence] = len(self._came)
        assert number < self._most, f"more than {self._most} states: bound the world"
        self._came.append((parent, step))
        self._waiting.append(world)
        return number, next(filter(None, (law(world) for law in self._laws)), "")

    def _judge_end(self, number: int, world: World) -> None:
        wrong = next(filter(None, (law(world) for law in self._ends)), "")
        if wrong:
            self._unanswered[number] = wrong

    def _wrong_end(self) -> tuple[str, tuple[Step, ...]]:
        """The nearest state whose fair completion ends wrongly, or never."""
        fate: dict[int, str] = {}
        for start in range(len(self._fair)):
            path, at = [], start
            while at not in fate:
                path.append(at)
                fate[at] = "L8: it goes on for ever"
                onward = self._fair[at]
                if onward is None:
                    fate[at] = self._unanswered.get(at, "")
                    break
                at = onward
            for passed in path:
                fate[passed] = fate[at]
            if fate[start]:
                trace = self._trace(start)
                return fate[start], trace + self._completion(trace)
        return "", ()

    def _completion(self, trace: tuple[Step, ...]) -> tuple[Step, ...]:
        """How things end after `trace` when all live: up to the end, or once around."""
        world, steps, passed = self._actors.begin(), list[Step](), set[Hashable]()
        for step in trace:
            world = dict(self._actors.steps(world))[step]
        while (here := self._essence(world)) not in passed:
            passed.add(here)
            onward = ((step, after) for step, after in self._actors.steps(world) if step.name not in _MISHAPS)
            step, world = next(((s, w) for s, w in onward if self._essence(w) != here), (_BEGIN, world))
            steps += [step] if step is not _BEGIN else []
        return tuple(steps)

    def _trace(self, number: int) -> tuple[Step, ...]:
        steps: list[Step] = []
        while number > 0:
            number, step = self._came[number]
            steps.append(step)
        return tuple(reversed(steps))

    def _essence(self, world: World) -> Hashable:
        """What of a world can matter later: fences and jobs by their order, workers without their names.

        A moment that has passed is as good as none, but in the due index, where it is looked for.
        """
        store = world.store
        return (
            store.mail, store.out, store.seen, store.owner, store.state, store.marked, store.dead,
            store.lease == "later", store.hold == "later", store.due, min(store.tries, self._tries),
            store.quiet == "later", store.timer, store.pace, store.slot, world.timed,
            len(store.queue), None if store.job is None else min(store.jobs - store.job, len(store.queue)),
            tuple(sorted(world.deliveries)), world.taken, world.accepted, world.committed, world.said,
            world.fault, tuple(sorted([self._memory(worker, store.fence) for worker in world.workers])),
        )  # fmt: skip

    def _memory(self, worker: Worker, newest: int) -> tuple[object, ...]:
        view = worker.view
        if view is None:
            return (worker.doing,)
        if self._actors.scripts.fenced and worker.fence != newest:
            # Every script will refuse it, so all that it can still do is send what it has marked.
            return ("stale", view.out[0] if worker.doing == "send" else "")
        seen = (
            view.owner,
            view.state,
            view.turns,
            view.out,
            view.marked or "",
            min(view.tries, self._tries),
            view.fired,
        )
        return (worker.doing, worker.fence == newest, worker.newest, *seen)
