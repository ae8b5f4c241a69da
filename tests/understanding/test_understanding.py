from __future__ import annotations

import pytest

from flows.locales import LANGUAGES
from tests.effort import sample
from tests.understanding.score import Score, measure_conversations, measure_turns, render_table
from tests.understanding.scored_conversations import FOLDERS
from tests.understanding.scored_turns import read_turns


def _print_report(score: Score) -> str:
    print(render_table(score))
    return "\n".join(f"{verdict}: {turn.kind}: {turn.text} → {said}" for turn, verdict, said in score.misses)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_rules_model_is_right_or_asks_back(language: str) -> None:
    turns = [turn for turn in read_turns() if turn.scene.language == language]
    score = await measure_turns(sample(turns))
    report = _print_report(score)
    assert score.share("right") >= 0.93, report
    assert score.share("wrong") <= 0.01, report


@pytest.mark.long
@pytest.mark.parametrize("folder", FOLDERS)
async def test_the_rules_model_understands_conversations_over_other_flows(folder: str) -> None:
    score = await measure_conversations(folder)
    report = _print_report(score)
    assert score.share("right") >= 0.92, report
    assert score.share("wrong") <= 0.01, report
    for language in ("en", "de", "es"):
        assert score.share("right", language) >= 0.9, report
