"""Messages without text."""

from __future__ import annotations

import pytest

from core.model import Attachment, Location
from flows.document import WatchedFlowFile
from flows.engine import DialogMachine
from flows.library import FLOW_LIBRARY
from flows.llm.rules import RulesModel
from flows.locales.de import messages as german
from flows.locales.en import messages as english
from tests.fakes import build_turn


@pytest.mark.parametrize(
    ("kind", "english_words", "german_words"),
    [
        ("image/jpeg", "(sent a picture)", "(hat ein Bild geschickt)"),
        ("video/mp4", "(sent a film)", "(hat einen Film geschickt)"),
        ("audio/ogg", "(sent a voice note)", "(hat eine Sprachnachricht geschickt)"),
        ("application/pdf", "(sent a file)", "(hat eine Datei geschickt)"),
    ],
)
async def test_a_file_is_part_of_the_history_that_a_model_reads(
    kind: str, english_words: str, german_words: str
) -> None:
    said = build_turn(1).model_copy(
        update={"text": "", "attachments": (Attachment(url="https://a.example/1", content_type=kind),)}
    )
    dialog = DialogMachine(WatchedFlowFile(FLOW_LIBRARY / "kyc.json").flow, RulesModel())
    step = await dialog.answer(said, None)

    assert english_words in str(step.state["history"])
    assert english.MESSAGES.describe_wordless_turn(said) == english_words
    assert german.MESSAGES.describe_wordless_turn(said) == german_words


def test_a_place_does_too() -> None:
    said = build_turn(1).model_copy(update={"text": "", "location": Location(latitude=0, longitude=0)})

    assert english.MESSAGES.describe_wordless_turn(said) == "(sent a place)"
