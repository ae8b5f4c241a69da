"""The model `scripted` of a written conversation: it decides and says what is written down."""

from __future__ import annotations

from flows.authoring.testing.test_file import UserStep
from flows.llm import (
    GeneratedReply,
    ReplyRequest,
    ScriptedModel,
    SummaryRequest,
    TransitionDecision,
    TransitionRequest,
)


class ScriptedTestModel:
    """The scripted model of one conversation, which gets its words anew for every message."""

    name = "scripted"

    def __init__(self) -> None:
        self._step = UserStep(say="…")
        self._model = ScriptedModel()

    def load_step(self, said: UserStep) -> None:
        """Take what the model is to decide and to say at this message."""
        self._step = said
        self._model = ScriptedModel(
            [TransitionDecision(each.edge, each.slots, each.reply) for each in said.decide],
            [GeneratedReply(text) for text in said.speak],
        )

    async def decide(self, question: TransitionRequest) -> TransitionDecision:
        """The next decision. Raises `ModelError` when there is none."""
        return await self._model.decide(question)

    async def generate_reply(self, request: ReplyRequest) -> GeneratedReply:
        """The next speech. Raises `ModelError` when there is none."""
        return await self._model.generate_reply(request)

    async def summarize(self, request: SummaryRequest) -> GeneratedReply:
        """Nothing: what is written down is short."""
        return await self._model.summarize(request)

    async def aclose(self) -> None:
        """There is nothing to let go of."""

    def find_mismatches(self) -> list[str]:
        """What it was asked beyond that, what could not be decided, and what it was not asked for."""
        decided, spoken = self._step.decide, self._step.speak
        asked, requested = self._model.transition_requests, self._model.reply_requests
        told = []
        if len(asked) > len(decided):
            told.append(f"the model is asked to decide at “{asked[len(decided)].node.id}”, without a decide")
        if len(requested) > len(spoken):
            told.append("the model is asked to speak, without a speak")
        for question, decision in zip(asked, decided, strict=False):
            offered = [edge.id for edge in question.available_edges]
            if decision.edge and decision.edge not in offered:
                told.append(f"edge “{decision.edge}” is not offered, but {', '.join(offered) or 'none'}")
        left = [f"decide {each.edge or 'to stay'}" for each in decided[len(asked) :]]
        left += [f"speak “{text}”" for text in spoken[len(requested) :]]
        return [*told, f"not asked for: {', '.join(left)}"] if left else told
