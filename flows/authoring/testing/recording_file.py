"""Adds a conversation to a file of conversation tests without changing the rest of the file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from flows.authoring.testing.test_file import ConversationTestFile
from flows.document import FlowError, Issue, parse_yaml, read_text

_FIRST_ITEM = re.compile(r"^conversations:[^\n]*\n(?:[ ]*(?:#[^\n]*)?\n)*([ ]*)- ", re.MULTILINE)
_SAMPLE = {"name": "sample", "turns": [{"say": "hello"}]}


def require_appendable(path: Path) -> None:
    """Raise `FlowError` if a conversation cannot be added to this file."""
    _append(path, _SAMPLE)


def insert_conversation(path: Path, conversation: Mapping[str, Any]) -> str:
    """Add a conversation at the end of a file, which is created if needed; return its name, made unique.

    Raises `FlowError`.
    """
    name, text = _append(path, conversation)
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise FlowError(str(path), [Issue("", f"The file cannot be written: {error.strerror}.")]) from error
    return name


def _append(path: Path, conversation: Mapping[str, Any]) -> tuple[str, str]:
    """Return the conversation's name and the text of the file with it."""
    if not path.parent.is_dir():
        raise FlowError(str(path), [Issue("", f"There is no folder {path.parent}: create it.")])
    if not path.exists():
        return str(conversation["name"]), "conversations:\n" + _dump(conversation, "  ")
    before = read_text(path)
    document = parse_yaml(before, str(path))
    names = {each.name for each in ConversationTestFile.load(path).conversations}
    named = {**conversation, "name": _find_free_name(str(conversation["name"]), names)}
    expected = {**document, "conversations": [*document["conversations"], named]}
    found = _FIRST_ITEM.search(before)
    for indent in dict.fromkeys((found[1] if found else "  ", "  ", "")):
        after = before.rstrip() + "\n\n" + _dump(named, indent)
        try:
            if parse_yaml(after, str(path)) == expected:
                return named["name"], after
        except FlowError:
            continue
    place = "Write conversations as the last key, each item on lines of its own behind “-”, to add one."
    raise FlowError(str(path), [Issue("conversations", place)])


def _find_free_name(name: str, taken: set[str]) -> str:
    numbered = (name, *(f"{name} ({number})" for number in range(2, len(taken) + 3)))
    return next(each for each in numbered if each not in taken)


def _dump(conversation: Mapping[str, Any], indent: str) -> str:
    text = yaml.safe_dump([dict(conversation)], allow_unicode=True, sort_keys=False, width=100)
    return "".join(indent + line if line.strip() else line for line in text.splitlines(keepends=True))
