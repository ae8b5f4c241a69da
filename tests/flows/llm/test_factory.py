from __future__ import annotations

from collections.abc import Callable

import pytest

from core.errors import ConfigurationError
from flows.llm import ScriptedModel, create_model, create_moderator, create_transcriber, factory
from flows.llm.factory import PROVIDERS, Provider


@pytest.mark.parametrize("spec", ["", "rules/x", "rules/", "openai", "openai/", "other/x", "rules,other/x"])
def test_an_unknown_model_is_refused_with_the_names_that_exist(spec: str) -> None:
    with pytest.raises(ConfigurationError, match=r"TURNGATE_LLM: .* write “rules” or “openai/<model>”"):
        create_model(spec, api_key="k")


@pytest.mark.parametrize("create", [create_transcriber, create_moderator])
@pytest.mark.parametrize("spec", ["rules", "whisper", "openai/", "other/x"])
def test_a_provider_without_the_kind_of_model_is_refused(create: Callable[..., object], spec: str) -> None:
    with pytest.raises(ConfigurationError, match="is not a model; write “openai/<model>”"):
        create(spec, api_key="k")


def test_without_a_name_there_is_no_transcriber() -> None:
    assert create_transcriber(" ") is None


def test_a_new_provider_is_one_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    names: list[str] = []

    def create(options: factory.ProviderOptions) -> ScriptedModel:
        names.append(options.model)
        return ScriptedModel()

    monkeypatch.setattr(factory, "PROVIDERS", {**PROVIDERS, "acme": Provider(create_model=create)})
    assert create_model("acme/org/small,rules").name == "scripted,rules"
    assert names == ["org/small"]
    with pytest.raises(ConfigurationError, match="“acme/<model>”"):
        create_model("acme")
