"""The models by name, as in the settings: `rules`, or `openai/<model>`; several by commas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.errors import ConfigurationError
from flows.llm.fallback import FallbackModel
from flows.llm.model import Model
from flows.llm.rules import RulesModel

if TYPE_CHECKING:
    from flows.llm.openai.transcription import Transcriber

_TIMEOUT_BEFORE_FALLBACK = 15.0
_TIMEOUT_SECONDS = 45.0


def create_model(
    spec: str, *, api_key: str | None = None, base_url: str | None = None, aiohttp: bool = False
) -> Model:
    """Build the model that `spec` names; `aiohttp` is for workers with many requests in flight.

    `openai/a,openai/b` asks b when a gives no answer; `rules` may stand at the end. Raises `ConfigurationError`
    when there is no model of that name, or no key for it.
    """
    names = [name.strip() for name in spec.split(",")]
    models: list[Model] = []
    for number, name in enumerate(names, start=1):
        provider, _, model = name.partition("/")
        if name == "rules":
            models.append(RulesModel())
        elif provider == "openai" and model:
            from flows.llm.openai.model import OpenAIModel  # costs a second, so only who uses it pays

            patience = _TIMEOUT_SECONDS if number == len(names) else _TIMEOUT_BEFORE_FALLBACK
            models.append(
                OpenAIModel(model, api_key=api_key, base_url=base_url, aiohttp=aiohttp, patience=patience)
            )
        else:
            raise ConfigurationError(
                f"TURNGATE_LLM: “{name}” is not a model; write “rules” or “openai/<model>”."
            )
    return models[0] if len(models) == 1 else FallbackModel(models)


def create_transcriber(
    spec: str, *, api_key: str | None = None, base_url: str | None = None
) -> Transcriber | None:
    """Build what turns speech into text; `None` when `spec` is empty. Raises `ConfigurationError` as above."""
    provider, _, model = spec.strip().partition("/")
    if not provider:
        return None
    if provider != "openai" or not model:
        raise ConfigurationError(f"TURNGATE_TRANSCRIBE: “{spec}” is not a model; write “openai/<model>”.")
    from flows.llm.openai.transcription import Transcriber

    return Transcriber(model, api_key=api_key, base_url=base_url)
