"""The models by name. A model is named as in the settings: `rules`, or `openai/<model>`."""

from __future__ import annotations

from core.errors import Misconfigured
from flows.models.port import Model
from flows.models.rules import RulesModel


def model_from(spec: str, *, api_key: str | None = None, base_url: str | None = None) -> Model:
    """Build the model that `spec` names. Raises `Misconfigured` when there is none of that name."""
    provider, _, name = spec.partition("/")
    if spec == "rules":
        return RulesModel()
    if provider == "openai" and name:
        from flows.models.openai import OpenAIModel  # costs a second, so only who uses it pays

        return OpenAIModel(name, api_key=api_key, base_url=base_url)
    raise Misconfigured(f"TURNGATE_LLM: “{spec}” is not a model; write “rules” or “openai/<model>”.")
