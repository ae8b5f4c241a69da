"""Names that `from flows import …` provides."""

from __future__ import annotations

import subprocess
import sys

import pytest

import flows
import gateway


@pytest.mark.parametrize("name", flows.__all__)
def test_a_public_name_is_the_one_that_the_gateway_exports(name: str) -> None:
    assert getattr(flows, name) is getattr(gateway, name)


def test_the_lazy_imports_are_the_public_names() -> None:
    assert sorted(flows._LAZY_IMPORTS) == sorted(flows.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Flows'"):
        flows.Flows  # noqa: B018


def test_importing_the_package_does_not_load_the_engine() -> None:
    code = "import sys, flows; sys.exit(any(name.startswith('flows.') for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
