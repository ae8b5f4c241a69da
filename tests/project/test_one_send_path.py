"""Guarantee L13 in the code: there is one send path, and every message on it passes the gate.

A reply enters an outbox only through the scripts that are named here, it is sent only by the outbox's
sender, and that sends only what mark.lua has permitted, which asks `refusal_reason` first.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "gateway" / "redis" / "scripts"
SENDER = "core/processing/delivery.py"
CALLS = "core/processing/provider_calls.py"
SEND_CALLS = {
    CALLS,
    "gateway/middleware/channel/status_lookup.py",  # a channel around a channel
    "gateway/middleware/channel/template_check.py",  # the same
}
OUTBOX_SCRIPTS = {
    "commit.lua",
    "say.lua",
    "reroute.lua",
    "replay.lua",
    "resume.lua",  # what quiet hours moved out of it
    "outbox.lua",  # what waited for the contact's next message
    "delivery_reports.lua",  # what is sent again
    "restart.lua",  # an agent's replies stay
}
PROVIDER_MODULES = {"__init__", "api", "client", "content", "media", "files", "setup", "attachments"}


def iter_sources(*packages: str) -> Iterator[tuple[str, ast.Module]]:
    for package in packages:
        for path in sorted((ROOT / package).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if "/simulator/" not in name:
                yield name, ast.parse(path.read_text(encoding="utf-8"))


def find_calls(tree: ast.AST, method: str) -> list[ast.Call]:
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == method
    ]


def find_function(tree: ast.AST, name: str) -> ast.AsyncFunctionDef:
    [found] = [
        node for node in ast.walk(tree) if isinstance(node, ast.AsyncFunctionDef) and node.name == name
    ]
    return found


def get_receiver(call: ast.Call) -> str:
    assert isinstance(call.func, ast.Attribute)
    return ast.unparse(call.func.value)


@pytest.mark.long
def test_only_the_outbox_sender_calls_a_channels_send() -> None:
    callers = {
        name
        for name, tree in iter_sources("core", "gateway", "flows")
        for call in find_calls(tree, "send")
        if "channel" in get_receiver(call).lower()
    }
    assert callers == SEND_CALLS
    users = {
        name
        for name, tree in iter_sources("core", "gateway", "flows")
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and node.id == "ProviderCalls"
    }
    assert users == {SENDER}


def test_the_sender_sends_only_behind_the_mark() -> None:
    tree = ast.parse((ROOT / SENDER).read_text(encoding="utf-8"))
    sends = [call for call in find_calls(tree, "send") if get_receiver(call) == "self._calls"]
    [marks] = find_calls(find_function(tree, "_send_first"), "mark_sending")
    assert len(sends) == 1
    assert sends[0].lineno > marks.lineno
    assert sends[0] in find_calls(find_function(tree, "_send_first"), "send")


def test_a_reply_is_marked_only_by_the_script_that_asks_the_gate() -> None:
    markers = {
        path.name
        for path in SCRIPTS.rglob("*.lua")
        for line in path.read_text(encoding="utf-8").splitlines()
        if "HSET" in line and "'marked'" in line
    }
    assert markers == {"mark.lua", "mark_restored.lua"}  # the latter while no worker runs, after a restore
    mark = (SCRIPTS / "replies" / "mark.lua").read_text(encoding="utf-8")
    assert mark.index("refusal_reason(") < mark.index("'marked'")


def test_only_known_scripts_put_a_reply_into_an_outbox() -> None:
    writers = set()
    for path in SCRIPTS.rglob("*.lua"):
        text = path.read_text(encoding="utf-8")
        pushes = [
            line for line in text.splitlines() if "PUSH'" in line and ("':out'" in line or ", out," in line)
        ]
        if pushes or ("list_key" in text and "PUSH'" in text):
            writers.add(path.name)
    assert writers == OUTBOX_SCRIPTS


@pytest.mark.long
@pytest.mark.parametrize("package", ["gateway", "core", "flows"])
def test_no_other_package_writes_to_an_outbox_or_a_providers_api(package: str) -> None:
    for name, tree in iter_sources(package):
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("channels."):
                assert (node.module or "").rpartition(".")[2] not in PROVIDER_MODULES, name
            is_push = isinstance(node, ast.Attribute) and node.attr in ("rpush", "lpush")
            assert not is_push, f"{name} writes to a list in Redis"


@pytest.mark.long
def test_a_channels_api_is_used_by_its_own_folder_only() -> None:
    for name, tree in iter_sources("channels"):
        folder = name.split("/")[1]
        for node in ast.walk(tree):
            module = node.module or "" if isinstance(node, ast.ImportFrom) else ""
            if module.startswith("channels.") and "_kit" not in module:
                assert module.split(".")[1] == folder, name
