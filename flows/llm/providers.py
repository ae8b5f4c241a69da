"""Registry of the model providers: a new one is an entry here, and a folder for its protocol."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import NamedTuple

from flows.llm.model import Model, Moderator, SpeechSynthesizer, Transcriber
from flows.llm.rules import RulesModel

TIMEOUT_SECONDS = 45.0


class ProviderOptions(NamedTuple):
    """Options for a provider's constructors.

    `model` is the model's name at the provider, `patience` the time limit of an answer including retries, in
    seconds; `aiohttp` selects the transport for workers with many requests in flight. `name` is the model's
    name in logs and counters, where it is not `<provider>/<model>`.
    """

    model: str
    api_key: str | None = None
    base_url: str | None = None
    aiohttp: bool = False
    patience: float = TIMEOUT_SECONDS
    name: str = ""


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider's constructors; `None` for what it does not offer.

    `has_models` says that the name of a model follows the provider's: `openai/<model>`. With `has_own_key`
    it gets neither the key nor the address of the OpenAI settings.
    """

    create_model: Callable[[ProviderOptions], Model] | None = None
    create_transcriber: Callable[[ProviderOptions], Transcriber] | None = None
    create_moderator: Callable[[ProviderOptions], Moderator] | None = None
    create_speech_synthesizer: Callable[[ProviderOptions], SpeechSynthesizer] | None = None
    has_models: bool = True
    has_own_key: bool = False


# importing the openai package takes a second, so each constructor imports it when it is used


def _create_openai_model(options: ProviderOptions) -> Model:
    from flows.llm.openai.model import OpenAIModel

    return OpenAIModel(
        options.model,
        api_key=options.api_key,
        base_url=options.base_url,
        aiohttp=options.aiohttp,
        patience=options.patience,
        name=options.name,
    )


def _create_openai_transcriber(options: ProviderOptions) -> Transcriber:
    from flows.llm.openai.transcription import OpenAITranscriber

    return OpenAITranscriber(options.model, api_key=options.api_key, base_url=options.base_url)


def _create_openai_speech_synthesizer(options: ProviderOptions) -> SpeechSynthesizer:
    from flows.llm.openai.speech import OpenAISpeechSynthesizer

    model, _, voice = options.model.partition(":")
    return OpenAISpeechSynthesizer(model, voice=voice, api_key=options.api_key, base_url=options.base_url)


def _create_openai_moderator(options: ProviderOptions) -> Moderator:
    from flows.llm.openai.moderation import OpenAIModerator

    return OpenAIModerator(
        options.model, api_key=options.api_key, base_url=options.base_url, aiohttp=options.aiohttp
    )


def _create_other_model(provider: str, options: ProviderOptions) -> Model:
    from flows.llm.other_providers.model import OtherProviderModel

    return OtherProviderModel(
        provider,
        options.model,
        api_key=options.api_key,
        base_url=options.base_url,
        patience=options.patience,
        name=options.name,
    )


_OTHER_PROVIDERS = ("anthropic", "gemini", "mistral", "cohere")
"""Providers with a protocol of their own; those of OpenAI's are `openai/<model>@https://host`."""

PROVIDERS: Mapping[str, Provider] = MappingProxyType(
    {
        "rules": Provider(create_model=lambda options: RulesModel(), has_models=False),
        "openai": Provider(
            create_model=_create_openai_model,
            create_transcriber=_create_openai_transcriber,
            create_moderator=_create_openai_moderator,
            create_speech_synthesizer=_create_openai_speech_synthesizer,
        ),
        **{
            name: Provider(create_model=partial(_create_other_model, name), has_own_key=True)
            for name in _OTHER_PROVIDERS
        },
    }
)
"""The providers by name."""
