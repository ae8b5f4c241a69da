"""Construction of models by name: `rules` or `<provider>/<model>`.

A model may be at a server of its own: `openai/<model>@https://host`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeVar, cast
from urllib.parse import urlsplit

from core.errors import ConfigurationError
from flows.llm.fallback import FallbackModel
from flows.llm.model import Model, Moderator, SpeechSynthesizer, Transcriber
from flows.llm.providers import PROVIDERS, TIMEOUT_SECONDS, Provider, ProviderOptions

_TIMEOUT_BEFORE_FALLBACK = 15.0

_OPENAI_URL = "https://api.openai.com/v1"
_ANY_KEY = "none"  # a local server accepts any text
_NO_KEYS: Mapping[str, str] = MappingProxyType({})

_MODEL_MEMBERS = ("name", "decide", "generate_reply", "summarize", "aclose")

_Product = TypeVar("_Product")

_OFFERED: Mapping[str, Callable[[Provider], Callable[[ProviderOptions], object] | None]] = MappingProxyType(
    {
        "TURNGATE_LLM": lambda provider: provider.create_model,
        "TURNGATE_TRANSCRIBE": lambda provider: provider.create_transcriber,
        "TURNGATE_SPEECH": lambda provider: provider.create_speech_synthesizer,
        "TURNGATE_MODERATION": lambda provider: provider.create_moderator,
    }
)
"""Capability that a provider needs, by the setting that names it."""


def create_model(
    spec: str,
    *,
    api_key: str | None = None,
    base_url: str | None = None,
    keys: Mapping[str, str] = _NO_KEYS,
    aiohttp: bool = False,
) -> Model:
    """Create the dialog model that `spec` names; comma-separated later models are fallbacks.

    `api_key` belongs to `base_url`, and `keys` to the hosts of models at their own servers. `aiohttp` is for
    workers with many requests in flight. Raises `ConfigurationError` for an unknown model, and when a
    provider needs a key that is not set.
    """
    names = [name.strip() for name in spec.split(",")]
    models: list[Model] = []
    for number, name in enumerate(names, start=1):
        create, model = _parse_spec(name, "TURNGATE_LLM", lambda provider: provider.create_model)
        patience = TIMEOUT_SECONDS if number == len(names) else _TIMEOUT_BEFORE_FALLBACK
        provider = name.partition("/")[0]
        if PROVIDERS[provider].has_own_key:
            options = _build_options(model, None, None, keys)
            options = options if options.base_url else options._replace(api_key=keys.get(provider))
        else:
            options = _build_options(model, api_key, base_url, keys)
        own_name = f"{name.partition('@http')[0]}@{_host(options.base_url)}" if "@http" in name else ""
        models.append(create(options._replace(aiohttp=aiohttp, patience=patience, name=own_name)))
    return models[0] if len(models) == 1 else FallbackModel(models)


def require_model(llm: object, *, api_key: str | None = None, base_url: str | None = None) -> Model:
    """Return a model as it is, or the one that a name stands for. Raises `ConfigurationError` for neither."""
    if isinstance(llm, str):
        return create_model(llm, api_key=api_key, base_url=base_url)
    if missing := [name for name in _MODEL_MEMBERS if not hasattr(llm, name)]:
        raise ConfigurationError(
            f"a model is required here, not {llm!r}: give its name, such as “rules” or “openai/<model>”, or "
            f"an object of the protocol flows.llm.Model; it lacks {', '.join(missing)}"
        )
    return cast("Model", llm)


def create_transcriber(
    spec: str, *, api_key: str | None = None, base_url: str | None = None, keys: Mapping[str, str] = _NO_KEYS
) -> Transcriber | None:
    """Create the speech-to-text model that `spec` names; `None` when it is empty.

    Raises `ConfigurationError` as `create_model` does.
    """
    spec = spec.strip()
    if not spec:
        return None
    create, model = _parse_spec(spec, "TURNGATE_TRANSCRIBE", lambda provider: provider.create_transcriber)
    return create(_build_options(model, api_key, base_url, keys))


def create_speech_synthesizer(
    spec: str, *, api_key: str | None = None, base_url: str | None = None, keys: Mapping[str, str] = _NO_KEYS
) -> SpeechSynthesizer | None:
    """Create the text-to-speech model that `spec` names; `None` when it is empty.

    A voice may follow the model's name behind a colon. Raises `ConfigurationError` as `create_model` does.
    """
    spec = spec.strip()
    if not spec:
        return None
    create, model = _parse_spec(spec, "TURNGATE_SPEECH", lambda provider: provider.create_speech_synthesizer)
    return create(_build_options(model, api_key, base_url, keys))


def create_moderator(
    spec: str,
    *,
    api_key: str | None = None,
    base_url: str | None = None,
    keys: Mapping[str, str] = _NO_KEYS,
    aiohttp: bool = False,
) -> Moderator:
    """Create the moderation model that `spec` names. Raises `ConfigurationError` as `create_model` does."""
    create, model = _parse_spec(spec, "TURNGATE_MODERATION", lambda provider: provider.create_moderator)
    return create(_build_options(model, api_key, base_url, keys)._replace(aiohttp=aiohttp))


def check_model_name(setting: str, spec: str) -> None:
    """Raise `ConfigurationError` if `setting` names no model of a known provider; none is created."""
    for name in spec.split(",") if setting == "TURNGATE_LLM" else [spec]:
        _, model = _parse_spec(name.strip(), setting, _OFFERED[setting])
        _build_options(model, None, None, _NO_KEYS)


def parse_model_keys(text: str) -> dict[str, str]:
    """Return the API keys by host that `host=key, host=key` stands for. Raises `ConfigurationError`."""
    keys: dict[str, str] = {}
    for part in filter(None, (each.strip() for each in text.split(","))):
        host, is_pair, key = part.partition("=")
        if not (host.strip() and is_pair and key.strip()):
            raise ConfigurationError("TURNGATE_LLM_KEYS: write host=key, with commas between several.")
        keys[host.strip().lower()] = key.strip()
    return keys


def _build_options(
    model: str, api_key: str | None, base_url: str | None, keys: Mapping[str, str]
) -> ProviderOptions:
    """Return the options for a model, which may be at its own server, to which only its own key is sent."""
    name, _, address = model.partition("@http")
    if not address:
        return ProviderOptions(model, api_key, base_url)
    own_url = f"http{address}".rstrip("/")
    try:
        parts = urlsplit(own_url)
        is_valid = bool(parts.hostname) and parts.port != 0 and "@" not in parts.netloc
    except ValueError:
        is_valid = False
    if not is_valid or not address.startswith(("://", "s://")):
        raise ConfigurationError(
            f"“{name}@…”: write the server as https://host or https://host/path; "
            "its key goes to TURNGATE_LLM_KEYS."
        )
    if not parts.path:
        own_url += "/v1"
    host = _host(own_url)
    own_key = keys.get(host) or keys.get(parts.hostname or "")
    shared_key = api_key if host == _host(base_url or _OPENAI_URL) else None
    return ProviderOptions(name, own_key or shared_key or _ANY_KEY, own_url)


def _host(url: str | None) -> str:
    return urlsplit(url or "").netloc.lower()


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
