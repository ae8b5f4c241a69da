"""The models by name, as in the settings: `rules`, or `openai/<model>`; several by commas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.errors import Misconfigured
from flows.llm.fallback import FallbackModel
from flows.llm.model import Model
from flows.llm.rules.model import RulesModel

if TYPE_CHECKING:
    from flows.llm.openai.transcription import Transcriber

_PATIENCE_BEFORE_ANOTHER = 15.0
_PATIENCE = 45.0


def model_from(
    spec: str, *, api_key: str | None = None, base_url: str | None = None, aiohttp: bool = False
) -> Model:
    """Build the model that `spec` names; `aiohttp` is for workers with many requests in flight.

    `openai/a,openai/b` asks b when a gives no answer; `rules` may stand at the end. Raises `Misconfigured`
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

            patience = _PATIENCE if number == len(names) else _PATIENCE_BEFORE_ANOTHER
            models.append(
                OpenAIModel(model, api_key=api_key, base_url=base_url, aiohttp=aiohttp, patience=patience)
            )
        else:
            raise Misconfigured(f"TURNGATE_LLM: “{name}” is not a model; write “rules” or “openai/<model>”.")
    return models[0] if len(models) == 1 else FallbackModel(models)


def transcriber_from(
    spec: str, *, api_key: str | None = None, base_url: str | None = None
) -> Transcriber | None:
    """Build what turns speech into text; `None` when `spec` is empty. Raises `Misconfigured` as above."""
    provider, _, model = spec.strip().partition("/")
    if not provider:
        return None
    if provider != "openai" or not model:
        raise Misconfigured(f"TURNGATE_TRANSCRIBE: “{spec}” is not a model; write “openai/<model>”.")
    from flows.llm.openai.transcription import Transcriber

    return Transcriber(model, api_key=api_key, base_url=base_url)
