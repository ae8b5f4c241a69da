"""Records a conversation as a conversation test: messages, nodes, slots, decisions and answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, get_args

from core.ports import FetchError, HttpFetcher, HttpRequest, HttpResponse
from flows.authoring.testing.recording_file import insert_conversation
from flows.authoring.testing.test_file import ConversationTestFile, ExpectedOutcome
from flows.engine import TurnResult
from flows.llm import (
    GeneratedReply,
    Model,
    ReplyRequest,
    SummaryRequest,
    TransitionDecision,
    TransitionRequest,
)
from flows.text import replace_surrogates, unescape_commonmark

_MAX_NAME_LENGTH = 60
_MAX_REPLY_LENGTH = 80

Slots = Mapping[str, Any]


class RecordingFetch:
    """`HttpFetcher` that keeps the responses of another one as stubs, by action, and why calls failed."""

    def __init__(self, fetch: HttpFetcher) -> None:
        self._fetch = fetch
        self.answers: dict[str, list[dict[str, Any]]] = {}
        self.failures: list[str] = []

    async def fetch(self, request: HttpRequest) -> HttpResponse:
        """Return the response. Raises `FetchError`."""
        stubs = self.answers.setdefault(request.label, [])
        try:
            response = await self._fetch.fetch(request)
        except FetchError as error:
            stubs.append({"unreachable": True})
            self.failures.append(f"{request.label}: {error}")
            raise
        stubs.append({"status": response.status, "data": _read_body(response.body)})
        return response

    async def aclose(self) -> None:
        """Close the connections."""
        await self._fetch.aclose()


class RecordingModel:
    """`Model` that keeps the decisions and texts of another one, for a test with `--llm scripted`."""

    def __init__(self, model: Model) -> None:
        self._model, self.name = model, model.name
        self.decided: list[dict[str, Any]] = []
        self.spoken: list[str] = []

    async def decide(self, question: TransitionRequest) -> TransitionDecision:
        """Return the model's decision. Raises `ModelError`."""
        decision = await self._model.decide(question)
        facts = {"edge": decision.edge_id, "slots": dict(decision.slots), "reply": decision.reply}
        self.decided.append({name: value for name, value in facts.items() if value})
        return decision

    async def generate_reply(self, request: ReplyRequest) -> GeneratedReply:
        """Return the model's text. Raises `ModelError`."""
        reply = await self._model.generate_reply(request)
        self.spoken.append(reply.text)
        return reply

    async def summarize(self, request: SummaryRequest) -> GeneratedReply:
        """Return the model's summary, which tests do not need."""
        return await self._model.summarize(request)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._model.aclose()


class ConversationRecorder:
    """Collects the turns of a conversation that began with the bot's greeting."""

    def __init__(self, today: date, fetch: RecordingFetch, model: RecordingModel | None = None) -> None:
        self._today = today
        self._fetch = fetch
        self._model = model
        self._turns: list[dict[str, Any]] = []
        self._slots: Slots = {}

    def begin(self, slots: Slots) -> None:
        """Discard what the model did for the greeting: a test scripts only the turns."""
        self._slots = dict(slots)
        self._take_script()

    def add(self, text: str, answer: TurnResult, slots: Slots) -> None:
        """Add a message of the user with its results."""
        learned = {name: value for name, value in slots.items() if self._slots.get(name) != value}
        gone = {name: None for name in self._slots if name not in slots}
        reply = next(iter(unescape_commonmark(answer.text).splitlines()), "")[:_MAX_REPLY_LENGTH].strip()
        facts = {
            "reply": reply,
            "node": answer.node,
            "edge": answer.edge,
            "outcome": answer.outcome if answer.outcome in get_args(ExpectedOutcome) else "",
            "slots": learned | gone,
        }
        expected = {name: value for name, value in facts.items() if value}
        self._turns.append({"say": replace_surrogates(text), **self._take_script(), "expect": expected})
        self._slots = dict(slots)

    @property
    def is_empty(self) -> bool:
        """True if nobody has said anything."""
        return not self._turns

    def save(self, path: Path) -> ConversationTestFile:
        """Add the conversation to a file of tests, and return it as the only one. Raises `FlowError`."""
        conversation: dict[str, Any] = {"name": self._name(), "today": str(self._today), "greeting": True}
        if self._fetch.answers:
            conversation["answers"] = self._fetch.answers
        conversation["turns"] = self._turns
        name = insert_conversation(path, conversation)
        return ConversationTestFile.model_validate({"conversations": [{**conversation, "name": name}]})

    def _name(self) -> str:
        return " ".join(str(self._turns[0]["say"]).split())[:_MAX_NAME_LENGTH].strip()

    def _take_script(self) -> dict[str, Any]:
        if self._model is None:
            return {}
        script = {"decide": self._model.decided, "speak": self._model.spoken}
        self._model.decided, self._model.spoken = [], []
        return {name: listed for name, listed in script.items() if listed}


def _read_body(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body.decode("utf-8", "replace")
