"""Builds the dialogs with their models and middleware."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import reduce

import httpx

from core.ports import Dialog, HostsMedia
from flows.document import WatchedFlowFile
from flows.engine import DialogMachine, LoadPicture, Moderator
from flows.llm import (
    Model,
    create_model,
    create_moderator,
    create_speech_synthesizer,
    create_transcriber,
    parse_model_keys,
)
from gateway.bootstrap.accounts import Channels
from gateway.config.channel_config import ConfigFile
from gateway.config.settings import Settings
from gateway.config.tool_loader import load_tools
from gateway.http.ssrf_guard import SafeFetch
from gateway.middleware.dialog.channel_router import ChannelRouter
from gateway.middleware.dialog.hot_reload import ReloadingDialog
from gateway.middleware.dialog.typing_indicator import ShowTyping
from gateway.middleware.media.speech import SpeechMiddleware
from gateway.middleware.media.transcription import MediaDownloader, TranscriptionMiddleware
from gateway.middleware.media.vision import PictureLoader

Middleware = Callable[[Dialog], Dialog]
"""Wraps a dialog in a middleware."""


def build_dialog(settings: Settings, load_picture: LoadPicture | None = None) -> ReloadingDialog:
    """Build the dialog engine with the configured model and flow; the flow file is watched for changes.

    `load_picture` downloads the pictures that the model is to see.
    """
    model = build_model(settings)
    file = WatchedFlowFile(settings.flow_path)
    fetch = SafeFetch(settings.private_hosts.split(","))
    machine = DialogMachine(
        file.flow,
        model,
        tools=load_tools(settings.tools),
        fetch=fetch,
        secrets=settings.flow_secrets,
        moderator=_build_moderator(settings),
        load_picture=load_picture,
    )
    return ReloadingDialog(file, machine)


def build_model(settings: Settings) -> Model:
    """Build the configured model. Raises `ConfigurationError`."""
    key = settings.openai_api_key.get_secret_value()
    base_url = settings.openai_base_url or None
    return create_model(
        settings.llm, api_key=key or None, base_url=base_url, keys=_model_keys(settings), aiohttp=True
    )


def _model_keys(settings: Settings) -> dict[str, str]:
    return parse_model_keys(settings.llm_keys.get_secret_value())


def _build_moderator(settings: Settings) -> Moderator | None:
    if not settings.moderation:
        return None
    key, base_url = settings.openai_api_key.get_secret_value(), settings.openai_base_url
    return create_moderator(settings.moderation, api_key=key or None, base_url=base_url or None, aiohttp=True)


def build_dialogs(
    settings: Settings, config: ConfigFile, load_picture: LoadPicture | None = None
) -> ChannelRouter:
    """Build the default dialog, and one for each channel that has a flow of its own."""
    flow_dialogs = {
        name: build_dialog(settings.model_copy(update={"flow": flow}), load_picture)
        for name, flow in config.flows.items()
    }
    return ChannelRouter(build_dialog(settings, load_picture), flow_dialogs)


@asynccontextmanager
async def open_downloads(settings: Settings, channels: Channels) -> AsyncIterator[MediaDownloader]:
    """Open the downloads of contacts' files.

    The SSRF guard allows the configured hosts of the providers' APIs, even if they are private.
    """
    hosts = [channel.api_host for channel in channels.values() if isinstance(channel, HostsMedia)]
    fetch = SafeFetch([*settings.private_hosts.split(","), *hosts])
    try:
        yield MediaDownloader(channels, fetch)
    finally:
        await fetch.aclose()


def build_picture_loader(settings: Settings, downloader: MediaDownloader) -> LoadPicture | None:
    """Build the download of pictures for a model that can see; `None` if it is not configured."""
    if not settings.vision:
        return None
    return PictureLoader(downloader, int(settings.vision_megabytes * 1024 * 1024)).load


@asynccontextmanager
async def open_transcription(
    settings: Settings, downloader: MediaDownloader
) -> AsyncIterator[Sequence[Middleware]]:
    """Open the transcription of voice notes; yields its middleware, none if it is not configured."""
    key, base_url = settings.openai_api_key.get_secret_value(), settings.openai_base_url
    transcriber = create_transcriber(settings.transcribe, api_key=key or None, base_url=base_url or None)
    if transcriber is None:
        yield ()
        return
    try:
        yield (lambda dialog: TranscriptionMiddleware(dialog, downloader, transcriber),)
    finally:
        await transcriber.aclose()


@asynccontextmanager
async def open_speech(
    settings: Settings, channels: Channels, http: httpx.AsyncClient
) -> AsyncIterator[Sequence[Middleware]]:
    """Open the model that speaks answers; yields its middleware, none if it is not configured."""
    key, base_url = settings.openai_api_key.get_secret_value(), settings.openai_base_url
    synthesizer = create_speech_synthesizer(settings.speech, api_key=key or None, base_url=base_url or None)
    if synthesizer is None:
        yield ()
        return
    try:
        yield (lambda dialog: SpeechMiddleware(dialog, channels, http, synthesizer),)
    finally:
        await synthesizer.aclose()


def apply_middleware(dialog: Dialog, layers: Sequence[Middleware]) -> Dialog:
    """Wrap `dialog` in `layers`; the first is the innermost and gets a turn last."""
    return reduce(lambda inner, layer: layer(inner), layers, dialog)


def collect_typing_calls(channels: Channels) -> Mapping[str, ShowTyping]:
    """Collect the calls of the channels that can show a typing indicator."""
    return {
        name: channel.show_typing  # type: ignore[attr-defined] # the capability says that it is there
        for name, channel in channels.items()
        if channel.capabilities.typing
    }
