"""Enrichment of turns; if it fails, the turn is answered without it."""

from __future__ import annotations

import httpx
import pytest

from core.errors import Unavailable
from core.model import Attachment, Turn
from core.ports import State, TurnListener, TurnOutcome
from gateway.middleware.dialog.turn_enrichment import TurnEnrichment
from tests.channels.zendesk.builders import ADDRESS
from tests.fakes import EchoDialog, FakeChannel

FILE = Attachment(url="https://files.example.com/a.png")


class RecordingDialog(EchoDialog):
    """Records the turn and the state that it gets."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[Turn] = []

    async def answer(
        self, turn: Turn, state: State | None, *, listener: TurnListener | None = None
    ) -> TurnOutcome:
        self.heard.append(turn)
        return await super().answer(turn, state, listener=listener)


class EnrichingChannel(FakeChannel):
    """Provider whose API has more data than its webhooks, or does not respond."""

    name = "zendesk"

    def __init__(self, *, answers: bool) -> None:
        super().__init__()
        self._answers = answers

    async def enrich_turn(self, turn: Turn, http: object) -> Turn:
        if not self._answers:
            raise Unavailable("no connection")
        return turn.model_copy(update={"attachments": (FILE,)})


async def load_no_state(session: str) -> State | None:
    """No session has a stored state."""
    return None


@pytest.mark.parametrize("answers", [True, False])
async def test_a_turn_is_enriched_or_answered_unchanged(answers: bool) -> None:
    dialog = RecordingDialog()
    async with httpx.AsyncClient() as http:
        completed = TurnEnrichment(
            dialog, {"zendesk": EnrichingChannel(answers=answers)}, http, load_no_state
        )
        await completed.answer(Turn(id="1", session="s", address=ADDRESS, text="Look"), None)

    [received] = dialog.heard
    assert (received.text, received.attachments) == ("Look", (FILE,) if answers else ())
