"""Explores every reachable state, breadth first, so that a violation comes with a shortest trace."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Sequence
from time import perf_counter
from typing import NamedTuple

from tests.protocol.actors import Actors
from tests.protocol.guarantees import Law
from tests.protocol.world import Step, Worker, World

_INITIAL_STEP = Step("begin", "")
_FAILURE_STEPS = ("crash", "take_over")


class Report(NamedTuple):
    """What an exploration found. `broken` is empty when every law holds."""

    states: int
    seconds: float
    violation: str
    trace: tuple[Step, ...]

    def __str__(self) -> str:
        head = f"{self.states} states in {self.seconds:.1f} s: {self.violation or 'every law holds'}"
        lines = [f"{number:>3}. {step}" for number, step in enumerate(self.trace, start=1)]
        return "\n".join([head, *lines])


class Explorer:
    """One exploration of one world."""

    def __init__(self, actors: Actors, laws: Sequence[Law], ends: Sequence[Law], most: int = 400_000) -> None:
        self._actors = actors
        self._laws = laws
        self._end_laws = ends
        self._max_states = most
        self._max_tries = actors.bounds.tries + 1 if actors.bounds.tries else 0
        self._state_numbers: dict[Hashable, int] = {}
        self._predecessors: list[tuple[int, Step]] = []
        self._fair_successors: list[int | None] = []
        self._wrong_ends: dict[int, str] = {}
        self._frontier: deque[World] = deque()

    def explore(self) -> Report:
        """Visit every state; stop at the first broken law."""
        began = perf_counter()
        number, broken = self._visit(self._actors.initial_world(), -1, _INITIAL_STEP)
        while self._frontier and not broken:
            world = self._frontier.popleft()
            here = len(self._fair_successors)
            self._fair_successors.append(None)
            for step, after in self._actors.next_steps(world):
                number, broken = self._visit(after, here, step)
                if broken:
                    break
                if self._fair_successors[here] is None and number != here and step.name not in _FAILURE_STEPS:
                    self._fair_successors[here] = number
            if self._fair_successors[here] is None and not broken:
                self._check_end(here, world)
        trace = self._trace_to(number)
        if not broken:
            broken, trace = self._find_wrong_end()
        return Report(len(self._state_numbers), perf_counter() - began, broken, trace)

    def _visit(self, world: World, parent: int, step: Step) -> tuple[int, str]:
        essence = self._canonical_state(world)
        known = self._state_numbers.get(essence)
        if known is not None:
            return known, ""
        number = self._state_numbers[essence] = len(self._predecessors)
        assert number < self._max_states, f"more than {self._max_states} states: bound the world"
        self._predecessors.append((parent, step))
        self._frontier.append(world)
        return number, next(filter(None, (law(world) for law in self._laws)), "")

    def _check_end(self, number: int, world: World) -> None:
        wrong = next(filter(None, (law(world) for law in self._end_laws)), "")
        if wrong:
            self._wrong_ends[number] = wrong

    def _find_wrong_end(self) -> tuple[str, tuple[Step, ...]]:
        """The nearest state whose fair completion ends wrongly, or never."""
        fate: dict[int, str] = {}
        for start in range(len(self._fair_successors)):
            path, at = [], start
            while at not in fate:
                path.append(at)
                fate[at] = "L8: it goes on for ever"
                onward = self._fair_successors[at]
                if onward is None:
                    fate[at] = self._wrong_ends.get(at, "")
                    break
                at = onward
            for passed in path:
                fate[passed] = fate[at]
            if fate[start]:
                trace = self._trace_to(start)
                return fate[start], trace + self._complete_fairly(trace)
        return "", ()

    def _complete_fairly(self, trace: tuple[Step, ...]) -> tuple[Step, ...]:
        """How things end after `trace` when all live: up to the end, or once around."""
        world, steps, passed = self._actors.initial_world(), list[Step](), set[Hashable]()
        for step in trace:
            world = dict(self._actors.next_steps(world))[step]
        while (here := self._canonical_state(world)) not in passed:
            passed.add(here)
            onward = (
                (step, after)
                for step, after in self._actors.next_steps(world)
                if step.name not in _FAILURE_STEPS
            )
            step, world = next(
                ((s, w) for s, w in onward if self._canonical_state(w) != here), (_INITIAL_STEP, world)
            )
            steps += [step] if step is not _INITIAL_STEP else []
        return tuple(steps)

    def _trace_to(self, number: int) -> tuple[Step, ...]:
        steps: list[Step] = []
        while number > 0:
            number, step = self._predecessors[number]
            steps.append(step)
        return tuple(reversed(steps))

    def _canonical_state(self, world: World) -> Hashable:
        """What of a world can matter later: fences and jobs by their order, workers without their names.

        A moment that has passed is as good as none, but in the due index, where it is looked for.
        """
        store = world.store
        return (
            store.mail, store.out, store.seen, store.owner, store.state, store.marked, store.dead,
            store.lease == "later", store.hold == "later", store.due, min(store.tries, self._max_tries),
            store.quiet == "later", store.timer, store.pace, store.slot, world.timer_turn,
            len(store.queue), None if store.job is None else min(store.jobs - store.job, len(store.queue)),
            tuple(sorted(world.deliveries)), world.sent, world.accepted, world.committed, world.replies,
            world.fault,
            tuple(sorted([self._canonical_worker(worker, store.fence) for worker in world.workers])),
        )  # fmt: skip

    def _canonical_worker(self, worker: Worker, newest: int) -> tuple[object, ...]:
        view = worker.view
        if view is None:
            return (worker.activity,)
        if self._actors.scripts.fenced and worker.fence != newest:
            # Every script will refuse it, so all that it can still do is send what it has marked.
            return ("stale", view.out[0] if worker.activity == "send" else "")
        seen = (
            view.owner,
            view.state,
            view.turns,
            view.out,
            view.marked or "",
            min(view.tries, self._max_tries),
            view.fired,
        )
        return (worker.activity, worker.fence == newest, worker.has_newest_fence, *seen)
