"""Findings of the linter for a flow, on channels with few and with many capabilities."""

import json
from pathlib import Path
from typing import Any

from channels._kit.rendering import attach_choices
from core.ports import Capabilities
from flows.authoring.lint import lint
from tests.flows.conversation import Json, document, node

SMS = Capabilities(max_webhook_bytes=1, max_webhook_fields=1, text_length=100)


CHAT = SMS.model_copy(
    update={
        "buttons": 3,
        "button_title_length": 20,
        "payload_length": 200,
        "choices_text_length": 1024,
        "media": 1,
        "text_length": 4096,
    }
)


def list_findings(tmp_path: Path, flow: Json, **channels: Capabilities) -> list[str]:
    (tmp_path / "flow.json").write_text(json.dumps(flow), encoding="utf-8")
    return [str(finding) for finding in lint(tmp_path / "flow.json", channels, attach_choices)]


def build_menu(*labels: str, text: str = "Menu?", **more: Any) -> Json:
    return document(node("menu", text, choices=list(labels), is_final=True, **more))
