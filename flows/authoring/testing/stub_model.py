"""Scripted model of conversation tests."""

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
    """Scripted model of one conversation, which is loaded for every message."""

    name = "scripted"

    def __init__(self) -> None:
        self._step = UserStep(say="…")
        self._model = ScriptedModel()

    def load_step(self, step: UserStep) -> None:
        """Load the decisions and replies for a message."""
        self._step = step
        self._model = ScriptedModel(
            [TransitionDecision(each.edge, each.slots, each.reply) for each in step.decide],
            [GeneratedReply(text) for text in step.speak],
        )

    async def decide(self, question: TransitionRequest) -> TransitionDecision:
        """Return the next decision. Raises `ModelError` when there is none."""
        return await self._model.decide(question)

    async def generate_reply(self, request: ReplyRequest) -> GeneratedReply:
        """Return the next reply. Raises `ModelError` when there is none."""
        return await self._model.generate_reply(request)

    async def summarize(self, request: SummaryRequest) -> GeneratedReply:
        """Return an empty summary: test conversations are short."""
        return await self._model.summarize(request)

    async def aclose(self) -> None:
        """Do nothing: there are no connections."""

    def find_mismatches(self) -> list[str]:
        """Return requests beyond the script, impossible decisions, and unused parts of the script."""
        decided, replies = self._step.decide, self._step.speak
        requests, requested = self._model.transition_requests, self._model.reply_requests
        mismatches = []
        if len(requests) > len(decided):
            mismatches.append(
                f"the model is asked to decide at “{requests[len(decided)].node.id}”, without a decide"
            )
        if len(requested) > len(replies):
            mismatches.append("the model is asked to speak, without a speak")
        for question, decision in zip(requests, decided, strict=False):
            offered = [edge.id for edge in question.available_edges]
            if decision.edge and decision.edge not in offered:
                mismatches.append(
                    f"edge “{decision.edge}” is not offered, but {', '.join(offered) or 'none'}"
                )
        left = [f"decide {each.edge or 'to stay'}" for each in decided[len(requests) :]]
        left += [f"speak “{text}”" for text in replies[len(requested) :]]
        return [*mismatches, f"not asked for: {', '.join(left)}"] if left else mismatches
