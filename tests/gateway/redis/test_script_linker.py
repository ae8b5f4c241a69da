"""Scripts contain exactly the shared functions that they use."""

from __future__ import annotations

import pytest

from gateway.redis.lua import ProtocolLimits, load_script
from gateway.redis.script_linker import link

DEFINITIONS = """
-- what nobody calls
local unused = 1
local LIMIT, OTHER = 2, 3
local function inner(x)
  return x + LIMIT
end

local TABLE = {
  a = 1,
}
-- calls unused only in this comment
local function outer(x)
  return inner(x)
end
"""


def test_what_is_used_through_others_stays_in_order() -> None:
    text = link(DEFINITIONS, "return outer(1)")

    assert [line for line in text.splitlines() if not line.startswith((" ", "end"))] == [
        "local LIMIT, OTHER = 2, 3",
        "local function inner(x)",
        "local function outer(x)",
        "return outer(1)",
    ]


def test_a_table_of_several_lines_is_one_definition() -> None:
    assert link(DEFINITIONS, "return TABLE.a").splitlines()[:3] == ["local TABLE = {", "  a = 1,", "}"]


def test_anything_but_a_definition_is_an_error() -> None:
    with pytest.raises(ValueError, match="does not begin with a definition"):
        link("redis.call('PING')", "return 1")


def test_a_short_script_is_short() -> None:
    look, accept = (load_script(name, ProtocolLimits()).text for name in ("look", "accept"))

    assert len(look) < len(accept) / 2
    assert "abuse_reason" in accept
    assert "abuse_reason" not in look
