"""Models of other providers without the any-llm library, which is an extra."""

from __future__ import annotations

import sys

import pytest

from core.errors import ConfigurationError
from flows.llm import ScriptedModel, create_model, factory
from flows.llm.providers import PROVIDERS, Provider, ProviderOptions


@pytest.mark.parametrize(
    ("name", "package"),
    [("anthropic", r"turngate\[anthropic\]"), ("gemini", r"any-llm-sdk\[gemini\]")],
)
def test_a_missing_library_is_reported_with_what_to_install(
    monkeypatch: pytest.MonkeyPatch, name: str, package: str
) -> None:
    monkeypatch.setitem(sys.modules, "any_llm", None)
    with pytest.raises(
        ConfigurationError, match=rf"{name}/… needs the any-llm library .*pip install '{package}'"
    ):
        create_model(f"{name}/some-model")


def test_another_provider_gets_its_own_key_and_nothing_of_openai(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[ProviderOptions] = []

    def create(options: ProviderOptions) -> ScriptedModel:
        made.append(options)
        return ScriptedModel()

    provider = Provider(create_model=create, has_own_key=PROVIDERS["anthropic"].has_own_key)
    monkeypatch.setattr(factory, "PROVIDERS", {**PROVIDERS, "anthropic": provider})
    keys = {"anthropic": "own", "llm.example": "theirs"}
    for spec in ("anthropic/a", "anthropic/a@https://llm.example", "anthropic/a@https://api.openai.com"):
        create_model(spec, api_key="sk-openai", base_url="https://openai.example/v1", keys=keys)
    create_model("anthropic/a", api_key="sk-openai")

    assert [(each.api_key, each.base_url) for each in made] == [
        ("own", None),
        ("theirs", "https://llm.example/v1"),
        ("none", "https://api.openai.com/v1"),
        (None, None),
    ]
