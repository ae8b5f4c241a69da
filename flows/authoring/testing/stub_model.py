"""The model `scripted` of a written conversation: it decides and says what is written down."""

from __future__ import annotations

from flows.authoring.testing.test_file import Said
from flows.llm.model import Condense, Decide, Decision, Speak, Speech
from flows.llm.scripted import ScriptedModel


class Rehearsal:
    """The scripted model of one conversation, which gets its words anew for every message."""

    name = "scripted"

    def __init__(self) -> None:
        self._said = Said(say="…")
        self._model = ScriptedModel()

    def prompt(self, said: Said) -> None:
        """Take what the model is to decide and to say at this message."""
        self._said = said
        self._model = ScriptedModel(
            [Decision(each.edge, each.slots, each.reply) for each in said.decide],
            [Speech(text) for text in said.speak],
        )

    async def decide(self, question: Decide) -> Decision:
        """The next decision. Raises `ModelError` when there is none."""
        return await self._model.decide(question)

    async def speak(self, request: Speak) -> Speech:
        """The next speech. Raises `ModelError` when there is none."""
        return await self._model.speak(request)

    async def condense(self, request: Condense) -> Speech:
        """Nothing: what is written down is short."""
        return await self._model.condense(request)

    async def aclose(self) -> None:
        """There is nothing to let go of."""

    def differences(self) -> list[str]:
        """What it was asked beyond that, what could not be decided, and what it was not asked for."""
        decided, spoken = self._said.decide, self._said.speak
        asked, requested = self._model.questions, self._model.requests
        told = []
        if len(asked) > len(decided):
            told.append(f"the model is asked to decide at “{asked[len(decided)].node.id}”, without a decide")
        if len(requested) > len(spoken):
            told.append("the model is asked to speak, without a speak")
        for question, decision in zip(asked, decided, strict=False):
            offered = [edge.id for edge in question.offered]
            if decision.edge and decision.edge not in offered:
                told.append(f"edge “{decision.edge}” is not offered, but {', '.join(offered) or 'none'}")
        left = [f"decide {each.edge or 'to stay'}" for each in decided[len(asked) :]]
        left += [f"speak “{text}”" for text in spoken[len(requested) :]]
        return [*told, f"not asked for: {', '.join(left)}"] if left else told
