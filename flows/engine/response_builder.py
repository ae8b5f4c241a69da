"""What is said at a node: its own texts, a model's words for its instruction, or else a plain sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone

from pydantic import JsonValue

from core.model import Choice, Message, Turn
from flows.compiled import CompiledFlow, CompiledNode, scripted_speech, select_language_block
from flows.engine.streaming import TextStreamer
from flows.llm import Model, ModelError, ReplyRequest
from flows.locales import LocaleMessages, messages_for
from flows.state import DialogState
from flows.templating import TextTemplate
from flows.tools import hide_paths

MAX_TEXT_LENGTH = 4_000
_TIME_FORMAT = "%I:%M %p"
_KOLKATA = timezone(timedelta(hours=5, minutes=30))  # a name that documents in use have
MAX_LABEL_LENGTH = 200


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class ResponseBuilder:
    """Gathers the messages of one turn; `tokens` and `model_name` tell what they cost and who wrote them.

    `node` is the one that the conversation is at; before it has begun, the one that it begins with.
    `is_committed` says that something irreversible was done, so that the turn has to come to its end also
    without a model. `troubles` are what was wrong with the model's outputs.
    """

    flow: CompiledFlow
    state: DialogState
    node: CompiledNode
    turn: Turn
    model: Model
    today: date
    streamer: TextStreamer
    now: Callable[[], datetime] = _utc_now
    messages: list[Message] = field(default_factory=list)
    tokens: int = 0
    model_name: str = ""
    issues: list[str] = field(default_factory=list)
    has_side_effects: bool = False

    @property
    def locale_messages(self) -> LocaleMessages:
        """The engine's own, in the flow's language."""
        return messages_for(self.flow.language)

    @property
    def template_values(self) -> Mapping[str, JsonValue]:
        """What templates and guards see."""
        # the environment last: nothing that a user says may stand in for what the operator has set; what an
        # action has put aside is newer than what the flow began with, such as an empty token
        state, now = self.state, self.now()
        data = {**state.variables, **state.slots, **state.results}
        environment: dict[str, JsonValue] = {**self.flow.environment, **state.environment}
        return {
            **data,
            **environment,
            "slots": dict(state.slots),
            "results": dict(state.results),
            "actions": data,
            "userdata": data,
            "env": environment,
            "current_date": self.today.isoformat(),
            "current_time": now.astimezone(self.flow.time_zone).strftime(_TIME_FORMAT),
            "current_time_Asia_Kolkata": now.astimezone(_KOLKATA).strftime(_TIME_FORMAT),
            "current_language": self.flow.language,
        }

    def render(self, text: TextTemplate) -> str:
        """A text of the flow with the conversation's values in it."""
        plain = text.static_text
        return text.render(self.template_values) if plain is None else plain

    @property
    def model_values(self) -> Mapping[str, JsonValue]:
        """What a model sees: without the environment, which holds what is the operator's."""
        state = self.state
        results = hide_paths(state.results, self.flow.hidden_paths) if state.results else state.results
        return {**state.variables, **state.slots, **results}

    @property
    def system_prompt(self) -> str:
        """The flow's system prompt."""
        prompt = select_language_block(self.render(self.flow.prompt), self.flow.language)
        if self.flow.is_multilingual:
            prompt += f"\n\nWrite in the language “{self.flow.language}”."
        return prompt

    def record_usage(self, tokens: int, model: str, trouble: str = "") -> None:
        """Add a call of the model to the turn's bill, and what was wrong with it."""
        self.tokens += tokens
        self.model_name = model or self.model_name
        if trouble:
            self.issues.append(trouble)

    async def add_node_prompt(self, speech: str = "") -> None:
        """Say what the node says when it is entered; when it is entered again, its shorter form.

        `speech` are the words for its instruction, if a model has written them already.
        """
        node = self.node
        is_again = self.state.visits.get(node.id, 0) > 1
        for text in (node.reprompt if is_again else None, node.text):
            if text and (rendered := self.render(text)):
                self.ask(rendered)
                return
        spoken = speech.strip()[:MAX_TEXT_LENGTH]
        if not spoken and node.instruction:
            spoken = await self._generate_speech(self.render(node.instruction))
        if spoken == self.locale_messages.refusal:
            self.reprompt_with_reason(spoken)
        else:
            self.ask(spoken or self._default_node_text(node))

    async def repeat_question(self) -> None:
        """Say what the node asks, once more."""
        if question := self.current_question():
            self.ask(question)
        else:
            await self.add_node_prompt()

    def current_question(self) -> str:
        """What the node asks, as far as it is known without a call of the model."""
        node = self.node
        for text in (node.reprompt, node.text):
            if text and (rendered := self.render(text)):
                return rendered
        return scripted_speech(self.render(node.instruction), self.flow.language) if node.instruction else ""

    def reprompt_with_reason(self, reason: str) -> None:
        """Say why an answer will not do; with another beginning when just this was said before."""
        said = (line["content"] for line in reversed(self.state.history) if line["role"] == "assistant")
        last = next(said, "")
        misses, self.state.misses = self.state.misses, self.state.misses + 1
        self.ask(
            f"{self.locale_messages.error_prefix(misses % 2, self.turn)} {reason}"
            if reason == last
            else reason
        )

    def add_fallback(self, *, knows_person: bool) -> None:
        """Say that the message was not understood, and what can be done here."""
        misses, self.state.misses = self.state.misses, self.state.misses + 1
        question = self.current_question() or self._default_prompt()
        self.ask(
            self.locale_messages.fallback_message(misses, self.turn, question, knows_person=knows_person)
        )

    def ask(self, text: str) -> None:
        """Say `text` with what the node has to choose from and to show."""
        self.state.offered = self.build_quick_replies()
        self.add_message(Message(text=text, choices=self.state.offered, media=self.node.node.media))

    def add_message(self, message: Message) -> None:
        """Say a message as it is."""
        self.streamer.finish_message(message.text)
        self.messages.append(message)
        self.state.add_history_line("assistant", message.text)

    def add_text(self, source: str) -> bool:
        """Say one of the flow's further texts, if there is anything in it; whether there was."""
        text = self.render(TextTemplate(source)) if source else ""
        if text:
            self.add_message(Message(text=text))
        return bool(text)

    def build_quick_replies(self) -> tuple[Choice, ...]:
        """The node's quick replies, with the conversation's values in their labels."""
        node = self.node
        if not node.labels:
            return ()
        labels = [self.render(label)[:MAX_LABEL_LENGTH] for label in node.labels]
        return tuple(
            Choice(label=label, payload=choice.payload or label)
            for label, choice in zip(labels, node.node.choices, strict=True)
            if label
        )

    def build_messages(self) -> tuple[Message, ...]:
        """The turn's messages; only the last keeps its buttons, as the other questions are no longer open."""
        if not self.messages:
            return ()
        *before, last = self.messages
        return (*[message.model_copy(update={"choices": ()}) for message in before], last)

    async def _generate_speech(self, instruction: str) -> str:
        if line := scripted_speech(instruction, self.flow.language):
            return line
        request = ReplyRequest(
            instruction=select_language_block(instruction, self.flow.language),
            prompt=self.system_prompt,
            summary=self.state.summary,
            history=self.state.history,
            values=self.model_values,
            write=self.streamer.writer,
        )
        try:
            speech = await self.model.generate_reply(request)
        except ModelError:
            if not self.has_side_effects:
                raise
            self.issues.append("silent")
            return ""
        self.record_usage(speech.tokens, speech.model, speech.issue)
        if speech.issue == "refused":
            return self.locale_messages.refusal
        return speech.text.strip()[:MAX_TEXT_LENGTH]

    def _default_prompt(self) -> str:
        return (
            self.locale_messages.choose_prompt if self.node.labels else self.locale_messages.rephrase_prompt
        )

    def _default_node_text(self, node: CompiledNode) -> str:
        """For a node without any text that may be shown: its instruction is private."""
        if node.is_final:
            return self.locale_messages.farewell
        if node.node.hand_off:
            return self.locale_messages.hand_off
        return self.locale_messages.choose_prompt if node.labels else self.locale_messages.continue_prompt
