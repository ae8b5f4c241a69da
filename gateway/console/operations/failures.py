"""Console page of failures: dead letters by cause, retried replies, undelivered messages."""

from __future__ import annotations

import re
from collections.abc import Sequence
from time import time
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from core.counts import count_of
from core.model import DeliveryStatus
from gateway.console.layout.live_views import ViewName
from gateway.console.layout.page import ConsolePage, read_form, redirect
from gateway.console.operations.figures import sum_errors
from gateway.redis.lua import ProtocolLimits
from gateway.redis.records.operators.quarantine import Quarantine
from gateway.redis.records.processes.delivery_reports import read_recent_counts
from gateway.redis.records.processes.gateway_status import read_status
from gateway.redis.records.processes.traffic import read_traffic
from gateway.redis.records.sessions.conversation_ids import ConversationIds
from gateway.redis.records.sessions.dead_letters import DeadLetter, DeadLetters, ReplayOutcome
from gateway.redis.records.sessions.log.session_log import parse_page_end
from gateway.redis.records.sessions.session_index import SessionIndex
from gateway.server.error_responses import error_response
from gateway.server.operator_auth import OperatorAuth

_LETTERS_PER_PAGE = 100
_MAX_BY_TIME = 500
_MAX_RETRIED = 50
_MAX_REJECTED = 10
_MAX_ERRORS = 30
_LETTER_ID = re.compile(r"[0-9]{1,19}-[0-9]{1,19}")
_SPANS = {
    "1h": ("the last hour", 3_600_000),
    "24h": ("the last 24 hours", 86_400_000),
    "7d": ("the last 7 days", 7 * 86_400_000),
}
_RESULTS = re.compile(r"(replayed|dropped)-(\d{1,6})-(\d{1,6})")


class Cause(NamedTuple):
    """Dead letters with the same reason and kind, and whether a replay will help."""

    reason: str
    is_reply: bool
    letters: list[tuple[str, DeadLetter]]

    @property
    def forecast(self) -> str:
        """Return what a replay would do, and whether it would help."""
        if all(not letter.turns and not letter.reply for _, letter in self.letters):
            return (
                "This release cannot read them: drop them, or replay them with the release that wrote them."
            )
        if self.is_reply:
            return (
                "A replay sends the reply again. It helps once the cause is fixed; a number that cannot "
                "be reached fails again, and a closed service window refuses it."
            )
        return (
            "A replay processes the message again, after those that wait. It helps once the flow, its tools "
            "or the model work again."
        )


class FailuresPage(ConsolePage):
    """The page `/console/failures`, and the forms for its dead letters."""

    def __init__(self, operator: OperatorAuth, protocol: ProtocolLimits | None = None) -> None:
        super().__init__(operator)
        self._letters = DeadLetters(operator.redis, protocol)
        self._ids = ConversationIds(operator.redis)

    def routes(self) -> list[Route]:
        """Return the page and the acts on dead letters."""
        return [
            self.get("/console/failures", self.page, live=ViewName.FAILURES),
            self.form("/console/failures/replay", self.replay, "replay_dead_letters"),
            self.form("/console/failures/drop", self.drop, "drop_dead_letters"),
        ]

    async def page(self, request: Request) -> Response:
        """Show dead letters, replies that are retried automatically, and rejected webhooks."""
        await self._ids.load()
        redis = self._operator_auth.redis
        before = parse_page_end(request.query_params.get("before", ""))
        letters = await self._letters.list_newest(before, _LETTERS_PER_PAGE)
        retried = [row for row in await SessionIndex(redis).list_pending(_MAX_RETRIED) if row.unsent]
        counts = await read_recent_counts(redis)
        return await self.show(
            request,
            "operations/failures.html",
            causes=self._group(letters),
            older=letters[-1].id if len(letters) == _LETTERS_PER_PAGE else "",
            is_older=bool(before),
            retried=[(self._ids.encode(row.session), row) for row in retried],
            undelivered=[each for each in counts if each.status == DeliveryStatus.FAILED],
            rejected=await Quarantine(redis).latest(_MAX_REJECTED),
            figures=await read_status(redis),
            errors=sum_errors(await read_traffic(redis)).most_common(_MAX_ERRORS),
            spans=_SPANS,
            done=_describe_result(request.query_params.get("done", "")),
        )

    async def replay(self, request: Request) -> Response:
        """Replay the chosen letters, or those given up since a time."""
        form = await read_form(request)
        if form is None:
            return _malformed_response()
        letters = await self._find(form)
        outcomes = [await self._letters.replay(letter) for letter in letters]
        done = outcomes.count(ReplayOutcome.REPLAYED)
        return redirect(f"/console/failures?done=replayed-{done}-{len(outcomes)}")

    async def drop(self, request: Request) -> Response:
        """Delete the chosen letters, after a question."""
        form = await read_form(request)
        if form is None:
            return _malformed_response()
        chosen = _parse_ids(form)
        if chosen and "confirm" not in form:
            return await self.show(request, "operations/failures_drop.html", chosen=chosen)
        dropped = await self._letters.drop(chosen)
        return redirect(f"/console/failures?done=dropped-{dropped}-{len(chosen)}")

    async def _find(self, form: dict[str, list[str]]) -> list[DeadLetter]:
        span = _SPANS.get(form.get("since", [""])[0])
        if span:
            since, letters = int(time() * 1000) - span[1], []
            async for letter in self._letters.list_between(since):
                letters.append(letter)
                if len(letters) == _MAX_BY_TIME:
                    break
            return letters
        found = [await self._letters.read(each) for each in _parse_ids(form)]
        return [letter for letter in found if letter is not None]

    def _group(self, letters: Sequence[DeadLetter]) -> list[Cause]:
        causes: dict[tuple[str, bool], Cause] = {}
        for letter in letters:
            key = (letter.reason, letter.reply is not None)
            cause = causes.setdefault(key, Cause(*key, []))
            cause.letters.append((self._ids.encode(letter.session), letter))
        return sorted(causes.values(), key=lambda cause: -len(cause.letters))


def _parse_ids(form: dict[str, list[str]]) -> list[str]:
    """Return the letters that were chosen, oldest first, so that replays keep their order."""
    chosen = {each for each in form.get("id", []) if _LETTER_ID.fullmatch(each)}
    return sorted(chosen, key=lambda name: tuple(map(int, name.split("-"))))


def _describe_result(text: str) -> str:
    match = _RESULTS.fullmatch(text)
    if match is None:
        return ""
    done, total = int(match[2]), int(match[3])
    if match[1] == "dropped":
        return f"{count_of(done, 'dead letter')} dropped."
    rest = (
        f" {count_of(total - done, 'letter')} stayed: gone already, unreadable, the mailbox is full, or "
        "the bot may not speak now: an agent has the conversation, it is closed, or the contact opted out."
        if done < total
        else ""
    )
    return f"{count_of(done, 'dead letter')} replayed.{rest}"


def _malformed_response() -> Response:
    return error_response(400, "malformed", "choose dead letters in the form of /console/failures")
