"""Registry of model providers, and construction of models by name: `rules` or `openai/<model>`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple, TypeVar

from core.errors import ConfigurationError
from flows.llm.fallback import FallbackModel
from flows.llm.model import Model, Moderator, Speaker, Transcriber
from flows.llm.rules import RulesModel

_TIMEOUT_BEFORE_FALLBACK = 15.0
_TIMEOUT_SECONDS = 45.0

_Product = TypeVar("_Product")


class ProviderOptions(NamedTuple):
    """Options for a provider's constructors.

    `model` is the model's name at the provider, `patience` the time limit of an answer including retries, in
    seconds; `aiohttp` selects the transport for workers with many requests in flight.
    """

    model: str
    api_key: str | None = None
    base_url: str | None = None
    aiohttp: bool = False
    patience: float = _TIMEOUT_SECONDS


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider's constructors; `None` for what it does not offer.

    `has_models` says that the name of a model follows the provider's: `openai/<model>`.
    """

    create_model: Callable[[ProviderOptions], Model] | None = None
    create_transcriber: Callable[[ProviderOptions], Transcriber] | None = None
    create_moderator: Callable[[ProviderOptions], Moderator] | None = None
    create_speaker: Callable[[ProviderOptions], Speaker] | None = None
    has_models: bool = True


# importing the openai package takes a second, so each constructor imports it when it is used


def _create_openai_model(options: ProviderOptions) -> Model:
    from flows.llm.openai.model import OpenAIModel

    return OpenAIModel(
        options.model,
        api_key=options.api_key,
        base_url=options.base_url,
        aiohttp=options.aiohttp,
        patience=options.patience,
    )


def _create_openai_transcriber(options: ProviderOptions) -> Transcriber:
    from flows.llm.openai.transcription import OpenAITranscriber

    return OpenAITranscriber(options.model, api_key=options.api_key, base_url=options.base_url)


def _create_openai_speaker(options: ProviderOptions) -> Speaker:
    from flows.llm.openai.speech import OpenAISpeaker

    model, _, voice = options.model.partition(":")
    return OpenAISpeaker(model, voice=voice, api_key=options.api_key, base_url=options.base_url)


def _create_openai_moderator(options: ProviderOptions) -> Moderator:
    from flows.llm.openai.moderation import OpenAIModerator

    return OpenAIModerator(
        options.model, api_key=options.api_key, base_url=options.base_url, aiohttp=options.aiohttp
    )


PROVIDERS: Mapping[str, Provider] = MappingProxyType(
    {
        "rules": Provider(create_model=lambda options: RulesModel(), has_models=False),
        "openai": Provider(
            create_model=_create_openai_model,
            create_transcriber=_create_openai_transcriber,
            create_moderator=_create_openai_moderator,
            create_speaker=_create_openai_speaker,
        ),
    }
)
"""The providers by name. A new provider is one entry."""


def create_model(
    spec: str, *, api_key: str | None = None, base_url: str | None = None, aiohttp: bool = False
) -> Model:
    """Create the dialog model that `spec` names; comma-separated later models are fallbacks.

    `aiohttp` is for workers with many requests in flight. Raises `ConfigurationError` for an unknown model,
    and when a provider needs a key that is not set.
    """
    names = [name.strip() for name in spec.split(",")]
    models: list[Model] = []
    for number, name in enumerate(names, start=1):
        create, model = _parse_spec(name, "TURNGATE_LLM", lambda provider: provider.create_model)
        patience = _TIMEOUT_SECONDS if number == len(names) else _TIMEOUT_BEFORE_FALLBACK
        models.append(create(ProviderOptions(model, api_key, base_url, aiohttp, patience)))
    return models[0] if len(models) == 1 else FallbackModel(models)


def create_transcriber(
    spec: str, *, api_key: str | None = None, base_url: str | None = None
) -> Transcriber | None:
    """Create the speech-to-text model that `spec` names; `None` when it is empty.

    Raises `ConfigurationError` as `create_model` does.
    """
    spec = spec.strip()
    if not spec:
        return None
    create, model = _parse_spec(spec, "TURNGATE_TRANSCRIBE", lambda provider: provider.create_transcriber)
    return create(ProviderOptions(model, api_key, base_url))


def create_speaker(spec: str, *, api_key: str | None = None, base_url: str | None = None) -> Speaker | None:
    """Create the text-to-speech model that `spec` names; `None` when it is empty.

    A voice may follow the model's name behind a colon. Raises `ConfigurationError` as `create_model` does.
    """
    spec = spec.strip()
    if not spec:
        return None
    create, model = _parse_spec(spec, "TURNGATE_SPEECH", lambda provider: provider.create_speaker)
    return create(ProviderOptions(model, api_key, base_url))


def create_moderator(
    spec: str, *, api_key: str | None = None, base_url: str | None = None, aiohttp: bool = False
) -> Moderator:
    """Create the moderation model that `spec` names. Raises `ConfigurationError` as `create_model` does."""
    create, model = _parse_spec(spec, "TURNGATE_MODERATION", lambda provider: provider.create_moderator)
    return create(ProviderOptions(model, api_key, base_url, aiohttp))


def _parse_spec(
    spec: str,
    setting: str,
    select: Callable[[Provider], Callable[[ProviderOptions], _Product] | None],
) -> tuple[Callable[[ProviderOptions], _Product], str]:
    """Return the constructor and the model's name that `spec` stands for. Raises `ConfigurationError`."""
    name, _, model = spec.partition("/")
    provider = PROVIDERS.get(name)
    create = select(provider) if provider else None
    if provider is None or create is None or not (model if provider.has_models else spec == name):
        forms = " or ".join(
            f"“{each}/<model>”" if offered.has_models else f"“{each}”"
            for each, offered in PROVIDERS.items()
            if select(offered)
        )
        raise ConfigurationError(f"{setting}: “{spec}” is not a model; write {forms}.")
    return create, model
