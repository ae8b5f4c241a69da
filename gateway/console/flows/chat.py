"""Console page to chat with a flow in use: nothing is sent, and each answer is explained."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

from pydantic import BaseModel, JsonValue, ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from core.errors import ConfigurationError
from flows.authoring.diagram import VisitedPath
from flows.authoring.trial import TrialStep, TrialTurn, run_trial_turn
from flows.document import Flow
from flows.llm import Model
from gateway.access.operator_keys import Role
from gateway.console.flows.drawing_response import draw
from gateway.console.flows.files import FlowFile, FlowFiles
from gateway.console.layout.page import ConsolePage, read_form, redirect
from gateway.redis.records.operators.trial_chats import StoredChat, TrialChats
from gateway.server.error_responses import error_response
from gateway.server.operator_auth import Identity, OperatorAuth

MAX_TURNS: Final = 60
MAX_TEXT_LENGTH: Final = 1_000
_MAX_ANSWER_LENGTH: Final = 2_000
_TURN_SECONDS: Final = 60.0
_CONCURRENT_TURNS: Final = 4


class ChatLine(BaseModel):
    """One message of the operator, empty for the start, and what came of it."""

    said: str = ""
    replies: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    outcome: str = ""
    steps: tuple[TrialStep, ...] = ()
    model: str = ""
    model_calls: int = 0
    tokens: int = 0
    calls: tuple[str, ...] = ()
    issue: str = ""
    milliseconds: int = 0


class TrialChat(BaseModel):
    """A chat as it is stored."""

    digest: str = ""
    calls_succeed: bool = False
    state: dict[str, JsonValue] | None = None
    node: str = ""
    lines: tuple[ChatLine, ...] = ()

    @property
    def is_full(self) -> bool:
        """True if the chat has all the messages it may have."""
        return len(self.lines) > MAX_TURNS


class FlowChatPage(ConsolePage):
    """The page `/console/flows/{flow}/chat`. Each operator has one chat with each flow, for an hour."""

    def __init__(self, operator: OperatorAuth, files: FlowFiles, build_model: Callable[[], Model]) -> None:
        """Create the page; `build_model` is called in a thread at the first message."""
        super().__init__(operator)
        self._files = files
        self._chats = TrialChats(operator.redis)
        self._build_model = build_model
        self._model: Model | None = None
        self._running = asyncio.Semaphore(_CONCURRENT_TURNS)

    def routes(self) -> list[Route]:
        """Return the page's routes."""
        path = "/console/flows/{flow}/chat"
        return [
            self.get(path, self.page, Role.OPERATOR),
            self.get(f"{path}/drawing.svg", self.drawing, Role.OPERATOR),
            self.form(path, self.say, "try_flow"),
        ]

    async def page(self, request: Request) -> Response:
        """Show the chat so far."""
        file = await self._files.read(request.path_params["flow"])
        if file is None:
            return error_response(404, "no_flow", "there is no such flow; see /console/flows")
        _, chat = await self._read(request, file)
        last = chat.lines[-1] if chat.lines else None
        slots: Any = (chat.state or {}).get("slots") or {}
        return await self.show(
            request,
            "flows/flow_chat.html",
            file=file,
            chat=chat,
            last=last,
            slots=slots,
            author_id=_author_ids(file.flow).get(chat.node, chat.node),
            calls=sum(line.model_calls for line in chat.lines),
            tokens=sum(line.tokens for line in chat.lines),
            problem=request.query_params.get("problem", ""),
            problems=_PROBLEMS,
            max_length=MAX_TEXT_LENGTH,
            max_turns=MAX_TURNS,
        )

    async def drawing(self, request: Request) -> Response:
        """Return the flow's drawing with the present node and the visited path highlighted."""
        file = await self._files.read(request.path_params["flow"])
        if file is None or file.flow is None:
            return error_response(404, "no_flow", "there is no such flow, or it is invalid")
        _, chat = await self._read(request, file)
        return draw(file.flow, _find_visited_path(chat, _author_ids(file.flow)))

    async def say(self, request: Request) -> Response:
        """Process a message of the form, or restart the chat."""
        name = request.path_params["flow"]
        file = await self._files.read(name)
        form = await read_form(request)
        if file is None or file.flow is None or form is None:
            return error_response(400, "malformed", "a valid flow and a form of at most 8 KB are required")
        request.state.audit_target = name
        page = f"/console/flows/{name}/chat"
        if form.get("act") == ["restart"]:
            await self._chats.delete(_operator_of(request), name)
            return redirect(page)
        stored, chat = await self._read(request, file)
        text = (form.get("choice") or form.get("text") or [""])[0].strip()
        if form.get("turn") != [str(len(chat.lines))]:
            return redirect(f"{page}?problem=stale")
        if chat.is_full or len(text) > MAX_TEXT_LENGTH or (chat.lines and not text):
            return redirect(f"{page}?problem={'full' if chat.is_full else 'text'}")
        problem = await self._take_turn(request, file, (stored, chat), text, form.get("calls") == ["succeed"])
        return redirect(f"{page}?problem={problem}" if problem else f"{page}#last")

    async def _take_turn(
        self,
        request: Request,
        file: FlowFile,
        before: tuple[StoredChat, TrialChat],
        text: str,
        calls_succeed: bool,  # noqa: FBT001 - one of the form's fields
    ) -> str:
        """Run the turn and store it; return why that is not possible, if so."""
        if self._running.locked():
            return "busy"
        stored, chat = before
        assert file.flow is not None
        try:
            async with self._running, asyncio.timeout(_TURN_SECONDS):
                if self._model is None:
                    self._model = await asyncio.to_thread(self._build_model)
                state: Any = chat.state
                turn = await run_trial_turn(file.flow, self._model, state, text, calls_succeed=calls_succeed)
        except TimeoutError:
            return "slow"
        except ConfigurationError:
            return "model"
        after = TrialChat(
            digest=file.digest,
            calls_succeed=calls_succeed,
            state=dict(turn.state),
            node=turn.node,
            lines=(*chat.lines, _to_line(text, turn)),
        )
        text = after.model_dump_json()
        is_stored = await self._chats.replace(_operator_of(request), file.name, stored, text)
        return "" if is_stored else "stale"

    async def _read(self, request: Request, file: FlowFile) -> tuple[StoredChat, TrialChat]:
        """Return the chat as stored and as parsed; one of another build starts over."""
        stored = await self._chats.read(_operator_of(request), file.name)
        try:
            return stored, TrialChat.model_validate_json(stored.text) if stored.text else TrialChat()
        except ValidationError:
            return stored, TrialChat()


_PROBLEMS: Final = {
    "stale": "Another window has written since this page was opened, or the chat is too long to keep.",
    "full": f"A chat has at most {MAX_TURNS} messages: restart it.",
    "text": f"Write 1 to {MAX_TEXT_LENGTH:,} characters.",
    "busy": "Other test chats are being answered: try again in a moment.",
    "slow": f"The answer took longer than {_TURN_SECONDS:.0f} seconds, so nothing has changed.",
    "model": "The language model cannot be used: see /console/settings.",
}


def _operator_of(request: Request) -> str:
    identity: Identity = request.state.identity
    return identity.name


def _author_ids(flow: Flow | None) -> dict[str, str]:
    return {node.id: node.author_id for node in flow.nodes} if flow else {}


def _find_visited_path(chat: TrialChat, author_ids: dict[str, str]) -> VisitedPath:
    steps = [step for line in chat.lines for step in line.steps]
    named = [(author_ids.get(step.source, ""), author_ids.get(step.node, "")) for step in steps]
    nodes = frozenset(target for _, target in named)
    return VisitedPath(nodes, frozenset(named), author_ids.get(chat.node, ""))


def _to_line(said: str, turn: TrialTurn) -> ChatLine:
    return ChatLine(
        said=said,
        replies=tuple(text[:_MAX_ANSWER_LENGTH] for text in turn.messages),
        choices=turn.choices,
        outcome=turn.outcome,
        steps=turn.steps,
        model=turn.model,
        model_calls=turn.model_calls,
        tokens=turn.tokens,
        calls=turn.calls,
        issue=turn.issue,
        milliseconds=turn.milliseconds,
    )
