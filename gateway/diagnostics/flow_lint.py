"""Lints a flow against the configured channels."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import channels
from channels._kit.rendering import attach_choices
from flows.authoring.lint import LintFinding, lint


def lint_flow(path: Path) -> tuple[LintFinding, ...]:
    """Return the errors, warnings and channel limitations of a flow file. Never raises."""
    return lint(path, _load_attribute("CAPABILITIES"), attach_choices, _load_attribute("COST"))


def _load_attribute(name: str) -> dict[str, Any]:
    """Read an attribute of every channel's `capabilities` module, by channel."""
    modules = {
        each: importlib.import_module(f"channels.{each}.capabilities") for each in channels.available()
    }
    return {channel: getattr(module, name) for channel, module in modules.items() if hasattr(module, name)}
