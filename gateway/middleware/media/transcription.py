"""Downloads files of contacts when needed, and transcribes voice notes."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Protocol

import filetype

from channels._kit.outbound import download_file
from channels._kit.text import sanitize
from core.model import Address, Attachment, TimerKind, Turn
from core.ports import (
    Dialog,
    HostsMedia,
    HttpFetcher,
    MediaErrorKind,
    MediaFile,
    MediaUnavailable,
    State,
    TurnListener,
    TurnOutcome,
)
from flows.llm import ModelError

log = logging.getLogger("turngate.media")

_MAX_VOICE_NOTES = 3
_MAX_TRANSCRIPT_LENGTH = 4_000
_CACHE_SIZE = 200


class SpeechToText(Protocol):
    """Port of a speech-to-text service."""

    async def transcribe(self, body: bytes, name: str, content_type: str) -> str:
        """Return the text of a recording. Raises `ModelError`."""
        ...

    async def aclose(self) -> None:
        """Close the connections."""
        ...


class MediaDownloader:
    """Downloads files through the SSRF guard, with the channel's credentials if the provider hosts them."""

    def __init__(self, channels: Mapping[str, Any], fetch: HttpFetcher) -> None:
        self._channels = channels
        self._fetch = fetch

    async def download(self, attachment: Attachment, channel: str) -> MediaFile:
        """Download a file; its type is detected from its bytes. Raises `MediaUnavailable`."""
        media_host = self._channels.get(channel)
        if isinstance(media_host, HostsMedia):
            body = await media_host.download(attachment, self._fetch)
        else:
            body = await download_file(self._fetch, attachment.url)
        return MediaFile(body=body, content_type=filetype.guess_mime(body) or "application/octet-stream")


class TranscriptionMiddleware:
    """Dialog that sees voice notes as text. One that cannot be transcribed reaches it as a file."""

    def __init__(self, dialog: Dialog, downloader: MediaDownloader, transcriber: SpeechToText) -> None:
        self._dialog = dialog
        self._downloader = downloader
        self._transcriber = transcriber
        self._transcripts: OrderedDict[tuple[str, str], str] = OrderedDict()

    async def answer(
        self, turn: Turn, state: State | None, *, listener: TurnListener | None = None
    ) -> TurnOutcome:
        """Answer as the dialog does; see `core.ports.dialog.Dialog`."""
        transcribed, failure = await self._add_transcripts(turn)
        outcome = await self._dialog.answer(transcribed, state, listener=listener)
        return outcome._replace(details={**outcome.details, "unheard": failure}) if failure else outcome

    async def handle_timeout(self, state: State | None, address: Address, timer: TimerKind) -> TurnOutcome:
        """Delegate to the dialog: a timer has no voice note."""
        return await self._dialog.handle_timeout(state, address, timer)

    async def _add_transcripts(self, turn: Turn) -> tuple[Turn, str]:
        """Add the transcripts to the turn; also return why one failed."""
        voice_notes = [
            attachment for attachment in turn.attachments if attachment.content_type.startswith("audio/")
        ]
        if turn.payload or not voice_notes:
            return turn, ""
        texts, failure = [turn.text], ""
        for attachment in voice_notes[:_MAX_VOICE_NOTES]:
            try:
                texts.append(await self._transcribe_note(attachment, turn))
            except MediaUnavailable as error:
                failure = error.kind
                log.warning("voice note not downloaded: %s (%s)", failure, error)
            except ModelError as error:
                failure = "no_transcript"
                log.warning("voice note not transcribed: %s", error)
        return turn.model_copy(update={"text": "\n".join(filter(None, texts))}), failure

    async def _transcribe_note(self, attachment: Attachment, turn: Turn) -> str:
        """Transcribe a voice note, once per turn even if the turn restarts.

        Raises `MediaUnavailable` or `ModelError`.
        """
        key = (turn.id, attachment.url)
        if key not in self._transcripts:
            file = await self._downloader.download(attachment, turn.address.channel)
            self._transcripts[key] = await self._transcribe_file(file)
            while len(self._transcripts) > _CACHE_SIZE:
                self._transcripts.popitem(last=False)
        return self._transcripts[key]

    async def _transcribe_file(self, file: MediaFile) -> str:
        kind = file.content_type
        if not kind.startswith(("audio/", "video/")):  # a voice note in MP4 or WebM is detected as video
            raise MediaUnavailable(MediaErrorKind.WRONG_TYPE, f"it is {kind} and no sound")
        name = f"voice.{filetype.guess_extension(file.body)}"
        return sanitize(await self._transcriber.transcribe(file.body, name, kind), _MAX_TRANSCRIPT_LENGTH)
