from __future__ import annotations

from collections.abc import Callable

import pytest

from core.errors import ConfigurationError
from flows.llm import (
    ScriptedModel,
    create_model,
    create_moderator,
    create_transcriber,
    factory,
    parse_model_keys,
)
from flows.llm.providers import PROVIDERS, Provider, ProviderOptions


@pytest.mark.parametrize("spec", ["", "rules/x", "rules/", "openai", "openai/", "other/x", "rules,other/x"])
def test_an_unknown_model_is_refused_with_the_names_that_exist(spec: str) -> None:
    with pytest.raises(ConfigurationError, match=r"TURNGATE_LLM: .* write “rules” or “openai/<model>”"):
        create_model(spec, api_key="k")


@pytest.mark.parametrize(
    "host", ["http://", "https:host", "https://key@host", "http://host:port", "httpx://host"]
)
def test_an_invalid_address_is_refused(host: str) -> None:
    with pytest.raises(ConfigurationError, match="TURNGATE_LLM_KEYS"):
        create_model(f"openai/small@{host}", api_key="k")


def test_a_sign_in_the_name_of_a_model_is_not_an_address() -> None:
    assert create_model("openai/@cf/meta/llama@001", api_key="k").name == "openai/@cf/meta/llama@001"


def test_the_key_of_one_server_is_not_sent_to_another(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[ProviderOptions] = []

    def create(options: ProviderOptions) -> ScriptedModel:
        made.append(options)
        return ScriptedModel()

    monkeypatch.setattr(factory, "PROVIDERS", {"openai": Provider(create_model=create)})
    spec = "openai/a,openai/b@https://llm.example/api,openai/c@https://api.openai.com,openai/d@http://127.0.0.1:8080"
    create_model(spec, api_key="sk", keys=parse_model_keys("llm.example=own, 127.0.0.1=local"))
    assert [(each.model, each.api_key, each.base_url) for each in made] == [
        ("a", "sk", None),
        ("b", "own", "https://llm.example/api"),
        ("c", "sk", "https://api.openai.com/v1"),
        ("d", "local", "http://127.0.0.1:8080/v1"),
    ]
    with pytest.raises(ConfigurationError, match="host=key"):
        parse_model_keys("llm.example")


@pytest.mark.parametrize("create", [create_transcriber, create_moderator])
@pytest.mark.parametrize("spec", ["rules", "whisper", "openai/", "other/x"])
def test_a_provider_without_the_kind_of_model_is_refused(create: Callable[..., object], spec: str) -> None:
    with pytest.raises(ConfigurationError, match="is not a model; write “openai/<model>”"):
        create(spec, api_key="k")


def test_without_a_name_there_is_no_transcriber() -> None:
    assert create_transcriber(" ") is None


def test_a_new_provider_is_one_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    names: list[str] = []

    def create(options: ProviderOptions) -> ScriptedModel:
        names.append(options.model)
        return ScriptedModel()

    monkeypatch.setattr(factory, "PROVIDERS", {**PROVIDERS, "acme": Provider(create_model=create)})
    assert create_model("acme/org/small,rules").name == "scripted,rules"
    assert names == ["org/small"]
    with pytest.raises(ConfigurationError, match="“acme/<model>”"):
        create_model("acme")
