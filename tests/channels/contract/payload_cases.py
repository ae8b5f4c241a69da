"""Sample webhooks under tests/payloads/<channel>/, each with the events it is expected to become.

`<name>.json` or `<name>.form` is a body in the provider's shape, `<name>.events.json` holds the events
without their default values. People, numbers and ids are invented.
"""

from __future__ import annotations

import json
from typing import Any

from core.model import Event
from tests.paths import ROOT

_FOLDER = ROOT / "tests" / "payloads"


def list_payloads(channel: str) -> list[str]:
    """Return the names of a channel's sample webhooks."""
    return sorted(
        path.stem for path in (_FOLDER / channel).iterdir() if not path.name.endswith(".events.json")
    )


def read_payload(channel: str, name: str) -> bytes:
    """Return the body of a sample webhook."""
    form = _FOLDER / channel / f"{name}.form"
    return (form if form.exists() else form.with_suffix(".json")).read_bytes()


def read_events(channel: str, name: str) -> list[dict[str, Any]]:
    """Return the events expected of a sample webhook."""
    events: list[dict[str, Any]] = json.loads((_FOLDER / channel / f"{name}.events.json").read_bytes())
    return events


def dump_events(events: list[Event]) -> list[dict[str, Any]]:
    """Return events in the form of the expected ones."""
    return [{"kind": event.kind, **event.model_dump(mode="json", exclude_defaults=True)} for event in events]
