"""What is said at a node: its own texts, a model's words for its instruction, or else a plain sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone

from pydantic import JsonValue

from core.model.message import Choice, Message
from core.model.turn import Turn
from flows import locales as wording
from flows.compiled.flow import CompiledFlow, CompiledNode
from flows.compiled.instructions import in_language, scripted
from flows.engine.streaming import Voice
from flows.llm.model import Model, ModelError, Speak
from flows.locales import Sentences
from flows.state.dialog_state import DialogState
from flows.templating.template import Text
from flows.tools.results import without

LONGEST_TEXT = 4_000
_CLOCK = "%I:%M %p"
_KOLKATA = timezone(timedelta(hours=5, minutes=30))  # a name that documents in use have
LONGEST_LABEL = 200


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class Speaker:
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
    voice: Voice
    now: Callable[[], datetime] = _now
    messages: list[Message] = field(default_factory=list)
    tokens: int = 0
    model_name: str = ""
    troubles: list[str] = field(default_factory=list)
    is_committed: bool = False

    @property
    def sentences(self) -> Sentences:
        """The engine's own, in the flow's language."""
        return wording.of(self.flow.language)

    @property
    def values(self) -> Mapping[str, JsonValue]:
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
            "current_time": now.astimezone(self.flow.zone).strftime(_CLOCK),
            "current_time_Asia_Kolkata": now.astimezone(_KOLKATA).strftime(_CLOCK),
            "current_language": self.flow.language,
        }

    def rendered(self, text: Text) -> str:
        """A text of the flow with the conversation's values in it."""
        plain = text.plain
        return text.render(self.values) if plain is None else plain

    @property
    def known(self) -> Mapping[str, JsonValue]:
        """What a model sees: without the environment, which holds what is the operator's."""
        state = self.state
        results = without(state.results, self.flow.hidden) if state.results else state.results
        return {**state.variables, **state.slots, **results}

    @property
    def prompt(self) -> str:
        """The flow's system prompt."""
        prompt = in_language(self.rendered(self.flow.prompt), self.flow.language)
        if self.flow.is_translated:
            prompt += f"\n\nWrite in the language “{self.flow.language}”."
        return prompt

    def count(self, tokens: int, model: str, trouble: str = "") -> None:
        """Add a call of the model to the turn's bill, and what was wrong with it."""
        self.tokens += tokens
        self.model_name = model or self.model_name
        if trouble:
            self.troubles.append(trouble)

    async def enter(self, speech: str = "") -> None:
        """Say what the node says when it is entered; when it is entered again, its shorter form.

        `speech` are the words for its instruction, if a model has written them already.
        """
        node = self.node
        is_again = self.state.visits.get(node.id, 0) > 1
        for text in (node.reprompt if is_again else None, node.text):
            if text and (rendered := self.rendered(text)):
                self.say(rendered)
                return
        spoken = speech.strip()[:LONGEST_TEXT]
        if not spoken and node.instruction:
            spoken = await self._put_into_words(self.rendered(node.instruction))
        if spoken == self.sentences.refused:
            self.complain(spoken)
        else:
            self.say(spoken or self._plain_sentence(node))

    async def ask_again(self) -> None:
        """Say what the node asks, once more."""
        if question := self.question():
            self.say(question)
        else:
            await self.enter()

    def question(self) -> str:
        """What the node asks, as far as it is known without a call of the model."""
        node = self.node
        for text in (node.reprompt, node.text):
            if text and (rendered := self.rendered(text)):
                return rendered
        return scripted(self.rendered(node.instruction), self.flow.language) if node.instruction else ""

    def complain(self, reason: str) -> None:
        """Say why an answer will not do; with another beginning when just this was said before."""
        said = (line["content"] for line in reversed(self.state.history) if line["role"] == "assistant")
        last = next(said, "")
        misses, self.state.misses = self.state.misses, self.state.misses + 1
        self.say(f"{self.sentences.lead(misses % 2, self.turn)} {reason}" if reason == last else reason)

    def not_understood(self, *, knows_person: bool) -> None:
        """Say that the message was not understood, and what can be done here."""
        misses, self.state.misses = self.state.misses, self.state.misses + 1
        question = self.question() or self._prompt()
        self.say(self.sentences.not_understood(misses, self.turn, question, knows_person=knows_person))

    def say(self, text: str) -> None:
        """Say `text` with what the node has to choose from and to show."""
        self.state.offered = self.choices()
        self.utter(Message(text=text, choices=self.state.offered, media=self.node.node.media))

    def utter(self, message: Message) -> None:
        """Say a message as it is."""
        self.voice.end(message.text)
        self.messages.append(message)
        self.state.remember("assistant", message.text)

    def utter_text(self, source: str) -> bool:
        """Say one of the flow's further texts, if there is anything in it; whether there was."""
        text = self.rendered(Text(source)) if source else ""
        if text:
            self.utter(Message(text=text))
        return bool(text)

    def choices(self) -> tuple[Choice, ...]:
        """The node's quick replies, with the conversation's values in their labels."""
        node = self.node
        if not node.labels:
            return ()
        labels = [self.rendered(label)[:LONGEST_LABEL] for label in node.labels]
        return tuple(
            Choice(label=label, payload=choice.payload or label)
            for label, choice in zip(labels, node.node.choices, strict=True)
            if label
        )

    def said(self) -> tuple[Message, ...]:
        """The turn's messages; only the last keeps its buttons, as the other questions are no longer open."""
        if not self.messages:
            return ()
        *before, last = self.messages
        return (*[message.model_copy(update={"choices": ()}) for message in before], last)

    async def _put_into_words(self, instruction: str) -> str:
        if line := scripted(instruction, self.flow.language):
            return line
        request = Speak(
            instruction=in_language(instruction, self.flow.language),
            prompt=self.prompt,
            summary=self.state.summary,
            history=self.state.history,
            values=self.known,
            write=self.voice.writer,
        )
        try:
            speech = await self.model.speak(request)
        except ModelError:
            if not self.is_committed:
                raise
            self.troubles.append("silent")
            return ""
        self.count(speech.tokens, speech.model, speech.trouble)
        if speech.trouble == "refused":
            return self.sentences.refused
        return speech.text.strip()[:LONGEST_TEXT]

    def _prompt(self) -> str:
        return self.sentences.choose if self.node.labels else self.sentences.other_words

    def _plain_sentence(self, node: CompiledNode) -> str:
        """For a node without any text that may be shown: its instruction is private."""
        if node.is_final:
            return self.sentences.farewell
        if node.node.hand_off:
            return self.sentences.hand_off
        return self.sentences.choose if node.labels else self.sentences.go_on
