"""After the end of a conversation, a remark does not start a new one; a new request does."""

from __future__ import annotations

from typing import Any

import pytest

from flows.document import Flow
from tests.flows.conversation import edge, flow, machine, node, say


def build_flow(language: str) -> Flow:
    return flow(
        node(
            "start",
            "?",
            edges=[
                edge("cut", "end", keywords=["haircut", "haarschnitt", "corte de pelo"]),
                edge("colour", "other", "The customer wants a colour"),
            ],
        ),
        node("end", "Done.", is_final=True),
        node("other", "Which colour?", edges=[edge("told", "end", keywords=["red", "black"])]),
        node("boss", "The boss comes.", hand_off=True),
        global_edges=[edge("to_boss", "boss", "The customer wants a person", keywords=["boss"])],
        agent_language=language,
    )


async def _answer_after_end(language: str, text: str) -> Any:
    wish = {"en": "a haircut", "de": "ein haarschnitt", "es": "un corte de pelo"}[language]
    dialog = machine(build_flow(language))
    assert (await say(dialog, wish)).outcome == "final"
    return await dialog.turn(text)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "keep up the good work"),
        ("en", "you've been very helpful, bye"),
        ("en", "awesome, thanks a bunch!"),
        ("en", "what a great service"),
        ("en", "haha that was quick"),
        ("en", "I just wanted to say thanks"),
        ("en", "take care, see you on friday"),
        ("de", "weiter so"),
        ("de", "ihr seid echt super, danke für alles"),
        ("de", "bis dann!"),
        ("de", "das ging ja schnell"),
        ("de", "sehr freundlich von Ihnen, einen schönen Tag noch"),
        ("es", "muchísimas gracias, muy amable"),
        ("es", "jaja qué rápido"),
        ("es", "buen trabajo, sigan así"),
        ("es", "estupendo, hasta el sábado"),
        ("es", "sois los mejores"),
    ],
)
async def test_a_polite_remark_is_answered_by_a_goodbye(language: str, text: str) -> None:
    answer = await _answer_after_end(language, text)
    assert (answer.outcome, answer.node, len(answer.messages)) == ("final", "end", 1)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "great, I need something else"),
        ("en", "thanks! could I also get a colour?"),
        ("en", "hello"),
        ("en", "my sink leaks"),
        ("de", "super, ich brauche noch etwas anderes"),
        ("de", "danke, ich möchte auch eine Tönung"),
        ("de", "mein Abfluss ist verstopft"),
        ("es", "gracias, necesito otra cosa"),
        ("es", "genial, quiero también un tinte"),
        ("es", "se me ha roto el grifo"),
    ],
)
async def test_a_new_wish_begins_again(language: str, text: str) -> None:
    assert (await _answer_after_end(language, text)).node in ("start", "other")


async def test_a_wish_with_a_keyword_begins_again_beside_thanks() -> None:
    dialog = machine(build_flow("en"))
    await say(dialog, "a haircut", "thank you, bye")
    assert len((await dialog.turn("thanks, another haircut")).messages) > 1
