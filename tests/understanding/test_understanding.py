from __future__ import annotations

from tests.understanding.score import measure, table


async def test_the_rules_model_is_right_or_asks_back() -> None:
    score = await measure()
    report = "\n".join(
        f"{verdict}: {turn.kind}: {turn.text} → {said}" for turn, verdict, said in score.misses
    )
    print(table(score))
    assert score.share("right") >= 0.93, report
    assert score.share("wrong") <= 0.01, report
    for language in ("en", "de", "es"):
        assert score.share("right", language) >= 0.9, report
