"""The library's flows pass their conversation tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.authoring.testing import ConversationTestFile, conversation_file_path, run_conversations
from flows.document import Flow
from tests.flows.conversation import LIBRARY


@pytest.mark.long
@pytest.mark.parametrize("path", sorted(LIBRARY.glob("*.json")), ids=lambda path: path.stem)
async def test_a_library_flow_has_its_conversations(path: Path) -> None:
    trial = await run_conversations(Flow.load(path), ConversationTestFile.load(conversation_file_path(path)))
    assert {case.name: case.failures for case in trial.cases if case.failures} == {}
    assert trial.coverage.missed_nodes == ()
