"""Recognizes a Playbook of superdialog, which is another format than a flow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from flows.document.errors import Issue

PlaybookForm = Literal["", "simple", "full"]


def playbook_form(document: object) -> PlaybookForm:
    """Return in which of its two forms a document is a Playbook; empty if it is none."""
    if not isinstance(document, Mapping) or "nodes" in document:
        return ""
    if isinstance(document.get("playbook"), list) and document["playbook"]:
        return "simple"
    has_checkpoints = isinstance(document.get("journeys"), Mapping)
    return "full" if has_checkpoints else ""


def playbook_issue(form: PlaybookForm, source: str) -> Issue:
    """Return what to do with a Playbook in place of a flow."""
    if form == "simple":
        return Issue(
            "",
            "This is a Playbook of superdialog in its simple form, not a flow: "
            f"turngate flow convert {source} -o flow.yaml makes a flow of it.",
        )
    return Issue(
        "",
        "This is a Playbook of superdialog in its full form (journeys and checkpoints), not a flow. "
        "turngate flow convert reads its simple form alone, a list of steps at playbook.",
    )
