"""The models by name. A model is named as in the settings: `rules`, or `openai/<model>`."""

from __future__ import annotations

from core.errors import Misconfigured
from flows.models.port import Model
from flows.models.rules import RulesModel


def model_from(
    spec: str, *, api_key: str | None = None, base_url: str | None = None, aiohttp: bool = False
) -> Model:
    """Build the model that `spec` names; `aiohttp` is for workers with many requests in flight.

    Raises `Misconfigured` when there is no model of that name, or no key for it.
    """
    provider, _, name = spec.partition("/")
    if spec == "rules":
        return RulesModel()
    if provider == "openai" and name:
        from flows.models.openai import OpenAIModel  # costs a second, so only who uses it pays

        return OpenAIModel(name, api_key=api_key, base_url=base_url, aiohttp=aiohttp)
    raise Misconfigured(f"TURNGATE_LLM: “{spec}” is not a model; write “rules” or “openai/<model>”.")
