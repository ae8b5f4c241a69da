"""Breadth-first exploration of all reachable states, so that a violation comes with a shortest trace."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Sequence
from time import perf_counter
from typing import NamedTuple

from tests.protocol.actors import Actors
from tests.protocol.guarantees import Guarantee
from tests.protocol.model import Store
from tests.protocol.world import Step, Worker, World

_INITIAL_STEP = Step("begin", "")
_FAILURE_STEPS = (
    *("crash", "take_over", "say", "erase", "replicate", "fail_over"),
    *("opt_out", "schedule", "cancel", "defer", "start", "pause", "stop"),
)


class Report(NamedTuple):
    """Result of an exploration. `violation` is empty when every guarantee holds."""

    states: int
    seconds: float
    violation: str
    trace: tuple[Step, ...]

    def __str__(self) -> str:
        head = f"{self.states} states in {self.seconds:.1f} s: {self.violation or 'every guarantee holds'}"
        lines = [f"{number:>3}. {step}" for number, step in enumerate(self.trace, start=1)]
        return "\n".join([head, *lines])


class Explorer:
    """One exploration of one world."""

    def __init__(
        self,
        actors: Actors,
        guarantees: Sequence[Guarantee],
        final_guarantees: Sequence[Guarantee],
        max_states: int = 400_000,
    ) -> None:
        self._actors = actors
        self._guarantees = guarantees
        self._final_guarantees = final_guarantees
        self._max_states = max_states
        self._max_tries = actors.bounds.tries
        self._max_deaths = actors.bounds.deaths
        self._state_numbers: dict[Hashable, int] = {}
        self._predecessors: list[tuple[int, Step]] = []
        self._fair_successors: list[int | None] = []
        self._final_violations: dict[int, str] = {}
        self._frontier: deque[World] = deque()

    def explore(self) -> Report:
        """Visit every state; stop at the first violation."""
        began = perf_counter()
        number, violation = self._visit(self._actors.initial_world(), -1, _INITIAL_STEP)
        while self._frontier and not violation:
            world = self._frontier.popleft()
            here = len(self._fair_successors)
            self._fair_successors.append(None)
            for step, after in self._actors.next_steps(world):
                number, violation = self._visit(after, here, step)
                if violation:
                    break
                if self._fair_successors[here] is None and number != here and step.name not in _FAILURE_STEPS:
                    self._fair_successors[here] = number
            if self._fair_successors[here] is None and not violation:
                self._check_end(here, world)
        trace = self._trace_to(number)
        if not violation:
            violation, trace = self._find_final_violation()
        return Report(len(self._state_numbers), perf_counter() - began, violation, trace)

    def _visit(self, world: World, parent: int, step: Step) -> tuple[int, str]:
        canonical = self._canonical_state(world)
        visited = self._state_numbers.get(canonical)
        if visited is not None:
            return visited, ""
        number = self._state_numbers[canonical] = len(self._predecessors)
        assert number < self._max_states, f"more than {self._max_states} states: limit the world"
        self._predecessors.append((parent, step))
        self._frontier.append(world)
        return number, next(filter(None, (guarantee(world) for guarantee in self._guarantees)), "")

    def _check_end(self, number: int, world: World) -> None:
        violation = next(filter(None, (guarantee(world) for guarantee in self._final_guarantees)), "")
        if violation:
            self._final_violations[number] = violation

    def _find_final_violation(self) -> tuple[str, tuple[Step, ...]]:
        """Return the nearest state whose fair completion ends in a violation, or never ends."""
        outcomes: dict[int, str] = {}
        for start in range(len(self._fair_successors)):
            path, at = [], start
            while at not in outcomes:
                path.append(at)
                outcomes[at] = "L8: it never ends"
                successor = self._fair_successors[at]
                if successor is None:
                    outcomes[at] = self._final_violations.get(at, "")
                    break
                at = successor
            for visited_states in path:
                outcomes[visited_states] = outcomes[at]
            if outcomes[start]:
                trace = self._trace_to(start)
                return outcomes[start], trace + self._complete_fairly(trace)
        return "", ()

    def _complete_fairly(self, trace: tuple[Step, ...]) -> tuple[Step, ...]:
        """Return the fair steps after `trace`: up to the end, or once around a cycle."""
        world, steps, visited_states = self._actors.initial_world(), list[Step](), set[Hashable]()
        for step in trace:
            world = dict(self._actors.next_steps(world))[step]
        while (here := self._canonical_state(world)) not in visited_states:
            visited_states.add(here)
            successor = (
                (step, after)
                for step, after in self._actors.next_steps(world)
                if step.name not in _FAILURE_STEPS
            )
            step, world = next(
                ((s, w) for s, w in successor if self._canonical_state(w) != here), (_INITIAL_STEP, world)
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
        """Return a state reduced to its relevant parts: order of tokens and jobs, workers without names.

        A time that has passed equals no time, except in the due index, which is searched by time.
        """
        replica = world.replica
        return (
            self._canonical_store(world.store, world.workers), world.timer_turn,
            tuple(sorted(world.deliveries)), world.sent, world.accepted, world.committed, world.replies,
            world.fault, world.went_back,
            replica and (self._canonical_store(replica.store, world.workers), replica[1:]),
            tuple(sorted([self._canonical_worker(worker, world) for worker in world.workers])),
            tuple(sorted(world.releasers)), world.feeders, world.cancelled,
        )  # fmt: skip

    def _canonical_store(self, store: Store, workers: Sequence[Worker]) -> Hashable:
        living = {worker.fence for worker in workers}
        unanswered = {worker.fence[1] for worker in workers if worker.activity == "unanswered"}
        deaths, sends = (
            sum(token not in living and token[1] not in unanswered for token in starts)
            for starts in (store.started, store.sends)
        )
        return (
            store.mail, store.out, store.seen, store.owner, store.state, store.marked, store.dead,
            store.lease == "later", store.hold == "later", store.due, min(store.tries, self._max_tries),
            store.quiet == "later", store.timer, store.pace, store.slot, min(deaths, self._max_deaths),
            min(sends, self._max_deaths),
            len(store.queue), None if store.job is None else min(store.jobs - store.job, len(store.queue)),
            store.transferred, store.ours, store.moved, store.marked_moved,
            store.window == "later", store.held, store.opted_out, store.scheduled, store.broadcast,
        )  # fmt: skip

    def _canonical_worker(self, worker: Worker, world: World) -> tuple[object, ...]:
        view, store = worker.view, world.store
        stores = [store, world.replica.store] if world.replica else [store]
        # A start that was not reported matters only where turns are given up for deaths.
        is_suspect = bool(self._max_deaths) and [worker.fence in each.started + each.sends for each in stores]
        if view is None:
            is_own = [worker.fence[1] == each.fence[1] for each in stores if worker.activity == "unanswered"]
            has_started = [
                worker.fence[1] in {nonce for _, nonce in each.started + each.sends}
                for each in stores
                if is_own
            ]
            return (worker.activity, *(is_suspect or ()), *is_own, *has_started)
        is_stale = all(worker.fence != each.fence for each in stores)
        if self._actors.scripts.fenced and is_stale:
            # Every script will refuse it, so all it can still do is send what it has marked.
            return ("stale", view.out[0] if worker.activity == "send" else "", *(is_suspect or ()))
        newest: list[int] = [worker.fence == each.fence for each in stores]
        if self._actors.scripts.fences_repeat:
            newest += [worker.fence[0] - each.fence[0] for each in stores]
        seen = (
            view.owner,
            view.state,
            view.turns,
            view.out,
            view.marked or "",
            min(view.tries, self._max_tries),
            min(view.deaths, self._max_deaths),
            view.fired,
            view.moved,
        )
        return (worker.activity, *newest, worker.has_newest_fence, *seen, *(is_suspect or ()))
