"""Settings of the dialogs: flow, models, tools."""

from __future__ import annotations

from pydantic import BaseModel, Field, SecretStr


class DialogSettings(BaseModel):
    """Settings of the dialogs: flow, models, tools."""

    flow: str = Field(
        "support", alias="TURNGATE_FLOW", description="flow file, or the name of a flow in the library"
    )
    llm: str = Field(
        "rules",
        alias="TURNGATE_LLM",
        description="`rules` (offline) or `openai/<model>`; comma-separated: later models are fallbacks; one "
        "at a server of its own is `openai/<model>@https://host`; with an extra also `anthropic/<model>`",
    )
    llm_price: str = Field(
        "",
        alias="TURNGATE_LLM_PRICE",
        description="price of a million tokens of the language model, e.g. `0.60 USD`; the console shows the "
        "cost of the day",
    )
    llm_keys: SecretStr = Field(
        SecretStr(""),
        alias="TURNGATE_LLM_KEYS",
        description="API keys of models at servers of their own: `host=key`, comma-separated, and of other "
        "providers: `anthropic=key`",
    )
    transcribe: str = Field(
        "",
        alias="TURNGATE_TRANSCRIBE",
        description="speech-to-text model for voice notes, e.g. `openai/whisper-1`; disabled if unset",
    )
    speech: str = Field(
        "",
        alias="TURNGATE_SPEECH",
        description="text-to-speech model that answers voice notes with voice notes, with a voice behind a "
        "colon, e.g. `openai/gpt-4o-mini-tts:alloy`; disabled if unset",
    )
    vision: bool = Field(
        default=False,
        alias="TURNGATE_VISION",
        description="`yes`: the language model gets the pictures that contacts send; it must support images",
    )
    vision_megabytes: float = Field(
        5.0,
        alias="TURNGATE_VISION_MEGABYTES",
        gt=0,
        le=16,
        description="size up to which a picture is shown to the model",
    )
    openai_api_key: SecretStr = Field(
        SecretStr(""), alias="OPENAI_API_KEY", description="API key for `openai/…` models"
    )
    openai_base_url: str = Field(
        "", alias="OPENAI_BASE_URL", description="base URL of an OpenAI-compatible API"
    )
    moderation: str = Field(
        "",
        alias="TURNGATE_MODERATION",
        description="`openai/<model>`: moderation model for inbound and outbound messages",
    )
    tools: str = Field(
        "",
        alias="TURNGATE_TOOLS",
        description="Python file or module with `@tool()` functions that a flow's model may call",
    )
    private_hosts: str = Field(
        "",
        alias="TURNGATE_PRIVATE_HOSTS",
        description="private hosts exempt from SSRF protection, e.g. `crm.internal:8080`; comma-separated",
    )
