"""State of one turn: everything that the engine's functions read and change while they answer it."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from types import MappingProxyType

from pydantic import JsonValue

from core.log_context import log_extra
from core.model import Attachment, Choice, Message, Turn
from core.ports import HttpFetcher, Reminder, TurnListener
from flows.compiled import CompiledFlow, CompiledNode, select_language_block
from flows.engine.inbound.message_data import MessageData, describe_for_model, describe_message
from flows.engine.streaming import NULL_STREAMER, TextStreamer
from flows.engine.turn_result import VisitListener, ignore_visits
from flows.llm import Model, Picture
from flows.locales import LocaleMessages, messages_for
from flows.state import DialogState
from flows.templating import MAX_TEXT_LENGTH, TextTemplate
from flows.text import replace_surrogates
from flows.tools import PythonTool, hide_paths

log = logging.getLogger("turngate.flow")

MAX_INPUT_LENGTH = 4_000
"""Maximum number of characters of a user message that the dialog reads."""

LoadPicture = Callable[[Attachment, str], Awaitable[Picture | None]]
"""Downloads a picture that came over a channel; `None` if it is unavailable or must not be shown."""

_NULL_LISTENER = TurnListener()
_KOLKATA = timezone(timedelta(hours=5, minutes=30))  # existing documents use `current_time_Asia_Kolkata`


@dataclass(frozen=True, slots=True)
class EngineServices:
    """Access to the outside that the operator gives the engine.

    Without `fetch` HTTP and MCP calls fail. `now` is the clock for business hours, dates and times. Without
    `load_picture` the model sees no pictures.
    """

    fetch: HttpFetcher | None = None
    secrets: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    tools: Mapping[str, PythonTool] = field(default_factory=lambda: MappingProxyType({}))
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    load_picture: LoadPicture | None = None


@dataclass(slots=True)
class Usage:
    """Resources used by one turn: model tokens, the model used last, rounds of tool calls, external calls.

    `failures` are models that gave no answer, or one that was not used, as `<model>:<reason>`.
    """

    tokens: int = 0
    model: str = ""
    tool_rounds: int = 0
    calls: int = 0
    failures: tuple[str, ...] = ()


@dataclass(slots=True)
class TurnContext:
    """Inputs and results of one turn.

    `state` is the turn's own copy, `node` the present node (the initial one before the dialog has begun) and
    `text` the user's message within its length limit. `message` is the data of the message, and `pictures`
    its pictures once they are loaded. `quick_reply` is the offered quick reply that the message selects.
    `has_side_effects` is set once something irreversible was done: the turn then has to complete, even
    without a model. `last_edge_id` is the edge that the user's message led over. `needs_consent` is set while
    a kept wish is resumed, to which the user has not agreed yet: nothing irreversible is done then.
    `keeps_wish` is set when the message has wishes that are kept. `opts_out` is set when a node was entered
    that opts the contact out. `filled_optional_slots` were filled in this turn without being required.
    `issues` are problems with the model's output. `executed` are the tools and actions that ran, a failed one
    with a `!` appended. `start` is the node that a first turn enters. `quotable_id` is the id of the user's
    message, empty when a timer runs. `execution_counts` counts equal executions, so that each of them gets an
    idempotency key of its own.
    """

    flow: CompiledFlow
    state: DialogState
    node: CompiledNode
    turn: Turn
    model: Model
    services: EngineServices
    listener: TurnListener
    streamer: TextStreamer
    on_visit: VisitListener
    today: date
    text: str
    message: MessageData
    is_first_turn: bool
    start: CompiledNode
    quotable_id: str = ""
    quick_reply: Choice | None = None
    outcome: str = "stay"
    last_edge_id: str = ""
    has_side_effects: bool = False
    opts_out: bool = False
    needs_consent: bool = False
    keeps_wish: bool = False
    usage: Usage = field(default_factory=Usage)
    messages: list[Message] = field(default_factory=list)
    reminders: list[Reminder] = field(default_factory=list)
    issues: list[str] = field(default_factory=list)
    executed: list[str] = field(default_factory=list)
    filled_optional_slots: set[str] = field(default_factory=set)
    execution_counts: dict[str, int] = field(default_factory=dict)
    pictures: tuple[Picture, ...] | None = None

    @classmethod
    def create(  # noqa: PLR0913 - keyword-only
        cls,
        flow: CompiledFlow,
        state: DialogState,
        turn: Turn,
        *,
        model: Model,
        services: EngineServices,
        today: date,
        listener: TurnListener | None = None,
        on_visit: VisitListener = ignore_visits,
    ) -> TurnContext:
        """Return the context of a turn that works on `state`, which it changes in place."""
        listener = listener or _NULL_LISTENER
        is_streamed = type(listener).on_text is not TurnListener.on_text
        return cls(
            flow=flow,
            state=state,
            node=flow.nodes[state.node] if state.node else flow.initial,
            turn=turn,
            model=model,
            services=services,
            listener=listener,
            streamer=TextStreamer(listener.on_text) if is_streamed else NULL_STREAMER,
            on_visit=on_visit,
            today=today,
            text=replace_surrogates(turn.text.strip()[:MAX_INPUT_LENGTH]),
            message=describe_message(turn),
            is_first_turn=state.is_new,
            start=flow.initial,
        )

    @property
    def locale_messages(self) -> LocaleMessages:
        """The engine's own messages in the flow's language."""
        return messages_for(self.flow.language)

    @property
    def template_values(self) -> Mapping[str, JsonValue]:
        """Values available to templates and guards."""
        # the environment last: user input must not override what the operator has set; what an action has
        # stored is newer than the flow's initial value, such as an empty token
        state, now = self.state, self.services.now()
        data = {**state.variables, **state.slots, **state.results}
        environment: dict[str, JsonValue] = {**self.flow.environment, **state.environment}
        return {
            "message": self.message,
            **data,
            **environment,
            "slots": dict(state.slots),
            "results": dict(state.results),
            "actions": data,
            "userdata": data,
            "env": environment,
            "current_date": self.today.isoformat(),
            "current_time": _format_time(now.astimezone(self.flow.time_zone)),
            "current_time_Asia_Kolkata": _format_time(now.astimezone(_KOLKATA)),
            "current_language": self.flow.language,
        }

    @property
    def model_values(self) -> Mapping[str, JsonValue]:
        """Values that the model may see: without the environment, which is private to the operator."""
        state = self.state
        results = hide_paths(state.results, self.flow.hidden_paths) if state.results else state.results
        values = {**state.variables, **state.slots, **results}
        message = describe_for_model(self.message)
        return {**values, "message": message} if message and "message" not in values else values

    @property
    def system_prompt(self) -> str:
        """The flow's system prompt, rendered in the flow's language."""
        prompt = select_language_block(self.render(self.flow.prompt), self.flow.language)
        if self.flow.is_multilingual:
            prompt += f"\n\nWrite in the language “{self.flow.language}”."
        return prompt

    def render(self, text: TextTemplate) -> str:
        """Render a text of the flow with the dialog's values."""
        static = text.static_text
        return text.render(self.template_values, self.record_template_error) if static is None else static

    def render_protected(self, text: TextTemplate) -> str:
        """Render a text for a message, in which the dialog's values are protected from markup."""
        static = text.static_text
        if static is None:
            rendered = text.render_protected(self.template_values, self.record_template_error)
        else:
            rendered = static
        if len(rendered) >= MAX_TEXT_LENGTH:
            self.issues.append("cut")
        return rendered

    def record_template_error(self, error: str) -> None:
        """Record that a text of the present node cannot be rendered and is left out.

        `error` is the error's class.
        """
        self.issues.append(f"template:{self.state.node}:{error}")
        log.warning(
            "a text of the flow's node %s was left out, its template failed: %s; see `turngate flow lint`",
            self.state.node,
            error,
            extra=log_extra("template_failed"),
        )

    def record_usage(self, tokens: int, model: str, issue: str = "") -> None:
        """Record a model call's tokens, the model that answered and the issue with its output, if any."""
        self.usage.tokens += tokens
        self.usage.model = model or self.usage.model
        if issue:
            self.issues.append(issue)


def _format_time(time: datetime) -> str:
    """Return a time such as `09:05 PM`; `strftime` takes longer and depends on the process's locale."""
    return f"{time.hour % 12 or 12:02}:{time.minute:02} {'AM' if time.hour < 12 else 'PM'}"
