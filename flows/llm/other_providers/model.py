"""Chat model at a provider with a protocol of its own."""

from __future__ import annotations

from flows.llm.openai.model import OpenAIModel
from flows.llm.other_providers.client import OtherProviderClient


class OtherProviderModel(OpenAIModel):
    """The model for the OpenAI protocol, over a client that translates it.

    `patience` limits the whole answer with its retries, in seconds. Raises `ConfigurationError` as the client
    does.
    """

    def __init__(
        self,
        provider: str,
        model: str,
        *,
        api_key: str | None = None,
        base_url: str | None = None,
        patience: float = 45.0,
        name: str = "",
    ) -> None:
        client = OtherProviderClient(provider, api_key=api_key, base_url=base_url)
        super().__init__(model, patience=patience, name=name or f"{provider}/{model}", client=client)
