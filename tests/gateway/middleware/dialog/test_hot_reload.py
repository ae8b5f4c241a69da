"""A flow file that is rewritten at run time: loaded if it is valid, otherwise ignored."""

from __future__ import annotations

import itertools
import json
import logging
from pathlib import Path

import pytest

from flows.document import Flow, WatchedFlowFile
from flows.engine import DialogMachine
from gateway.middleware.dialog.hot_reload import ReloadingDialog
from tests.flows.conversation import document, edge, node, turn


def build_flow(text: str) -> str:
    return json.dumps(document(node("a", text, edges=[edge("on", "a", keywords=["go"])])))


class UncompilableFlowFile(WatchedFlowFile):
    """A file that parses into a flow that cannot be compiled."""

    def reload(self) -> Flow:
        return Flow.model_construct(system_prompt="", initial_node="nowhere", nodes=())


def build_dialog(file: WatchedFlowFile) -> ReloadingDialog:
    seconds = itertools.count(step=10)
    return ReloadingDialog(file, DialogMachine(file.flow), lambda: float(next(seconds)))


async def answer_turn(dialog: ReloadingDialog) -> str:
    step = await dialog.answer(turn("hi"), None)
    return step.messages[0].text


async def test_a_changed_flow_is_loaded_at_the_next_turn(tmp_path: Path) -> None:
    path = tmp_path / "flow.json"
    path.write_text(build_flow("Hello!"))
    dialog = build_dialog(WatchedFlowFile(path))
    assert await answer_turn(dialog) == "Hello!"
    path.write_text(build_flow("Good morning!"))
    assert await answer_turn(dialog) == "Good morning!"


@pytest.mark.parametrize(
    "text", ["{", build_flow("Hello {{ x | loud }}!"), build_flow("{% include 'x' %}"), "{}", "\0"]
)
async def test_an_invalid_flow_file_keeps_the_previous_flow(
    text: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "flow.json"
    path.write_text(build_flow("Hello!"))
    dialog = build_dialog(WatchedFlowFile(path))
    path.write_text(text)
    with caplog.at_level(logging.ERROR, "turngate.flow"):
        assert await answer_turn(dialog) == "Hello!"
    assert "keeping the previous flow" in caplog.text


async def test_turns_are_answered_whatever_fails_during_a_reload(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "flow.json"
    path.write_text(build_flow("Hello!"))
    dialog = build_dialog(UncompilableFlowFile(path))
    path.write_text(build_flow("Good morning!"))
    with caplog.at_level(logging.ERROR, "turngate.flow"):
        assert await answer_turn(dialog) == "Hello!"
    assert "keeping the previous flow" in caplog.text
