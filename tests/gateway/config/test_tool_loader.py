"""The operator's own Python functions as tools of a flow."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import ConfigurationError
from flows.tools import Context
from gateway.bootstrap import build_dialog
from gateway.config.settings import Settings
from gateway.config.tool_loader import load_tools

TOOLS = '''
from __future__ import annotations

from gateway import tool


@tool(reads_only=True)
async def stock(item: str) -> int:
    """How many of an item are left."""
    return _left(item)


def _left(item: str) -> int:
    return {"mug": 3}.get(item, 0)
'''


async def test_decorated_functions_of_a_file_are_tools(tmp_path: Path) -> None:
    file = tmp_path / "tools.py"
    file.write_text(TOOLS)

    assert [each.__name__ for each in load_tools(str(file))] == ["stock"]
    dialog = build_dialog(Settings.model_validate({"TURNGATE_TOOLS": str(file), "TURNGATE_FLOW": "kyc"}))
    tools = dialog.machine._runner.services.tools["stock"]
    context = Context(session="s", turn="t", key="k", slots={})
    assert await tools.run({"item": "mug"}, context) == {"success": True, "data": 3}
    await dialog.aclose()


@pytest.mark.parametrize(
    ("text", "message"),
    [("x = 1", "no function marked"), ("import nothing_here", "ModuleNotFoundError"), ("1 +", "SyntaxError")],
)
def test_a_file_without_tools_is_an_error(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "tools.py"
    file.write_text(text)
    with pytest.raises(ConfigurationError, match=f"TURNGATE_TOOLS.*{message}"):
        load_tools(str(file))


@pytest.mark.parametrize("spec", ["nowhere.py", "no.such.module"])
def test_a_missing_file_or_module_is_an_error(spec: str) -> None:
    with pytest.raises(ConfigurationError, match="TURNGATE_TOOLS"):
        load_tools(spec)


def test_without_the_setting_there_are_no_tools() -> None:
    assert load_tools("") == []
