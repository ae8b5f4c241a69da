"""Answers voice notes with voice notes where the channel can."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Final

import httpx

from channels._kit.rendering import PLAIN_DIALECT, render_markdown
from core.errors import DeliveryError
from core.model import Address, Message, TimerKind, Turn
from core.ports import Dialog, SendsVoiceNotes, State, TurnListener, TurnOutcome
from flows.llm import ModelError, SpeechSynthesizer

log = logging.getLogger("turngate.media")

_MAX_SPOKEN_LENGTH = 1_000
_MAX_VOICE_NOTES = 3
_LASTING_CODES: Final = {
    "no_public_url": "PUBLIC_URL is not set, and the provider fetches recordings from it",
    "no_room": "too many recordings wait for the provider to fetch them",
}


class SpeechMiddleware:
    """Dialog whose answers to voice notes have a recording of their text.

    The recording is made and uploaded before the answer is committed: an upload that is not sent is
    invisible. Whatever fails, the answer is text.
    """

    def __init__(
        self,
        dialog: Dialog,
        channels: Mapping[str, Any],
        http: httpx.AsyncClient,
        synthesizer: SpeechSynthesizer,
    ) -> None:
        self._dialog = dialog
        self._channels = {name: each for name, each in channels.items() if isinstance(each, SendsVoiceNotes)}
        self._http = http
        self._synthesizer = synthesizer
        self._reported: set[tuple[str, str]] = set()

    async def answer(
        self, turn: Turn, state: State | None, *, listener: TurnListener | None = None
    ) -> TurnOutcome:
        """Answer as the dialog does; see `core.ports.dialog.Dialog`."""
        outcome = await self._dialog.answer(turn, state, listener=listener)
        channel = self._channels.get(turn.address.channel)
        if channel is None or not _is_voice_note(turn) or not channel.takes_voice_notes(turn.address):
            return outcome
        spoken = [
            await self._add_voice_note(message, turn, channel)
            for message in outcome.messages[:_MAX_VOICE_NOTES]
        ]
        return outcome._replace(messages=(*spoken, *outcome.messages[_MAX_VOICE_NOTES:]))

    async def handle_timeout(self, state: State | None, address: Address, timer: TimerKind) -> TurnOutcome:
        """Delegate to the dialog: a timer answers no voice note."""
        return await self._dialog.handle_timeout(state, address, timer)

    async def _add_voice_note(
        self, message: Message, turn: Turn, channel: SendsVoiceNotes[httpx.AsyncClient]
    ) -> Message:
        text = render_markdown(message.text, PLAIN_DIALECT)
        if not text or len(text) > _MAX_SPOKEN_LENGTH:
            return message
        try:
            recording = await self._synthesizer.synthesize(text)
            voice = await channel.upload_voice_note(turn.address, recording, self._http, session=turn.session)
        except ModelError as error:
            log.warning("answer not spoken, sent as text: %s", error)
        except DeliveryError as error:
            self._report(turn.address.channel, error)
        else:
            self._reported.clear()
            return message.model_copy(update={"voice": voice})
        return message

    def _report(self, channel: str, error: DeliveryError) -> None:
        """Log why answers are text: a lasting cause once, until the next answer is spoken."""
        code = error.code or type(error).__name__
        if (channel, code) not in self._reported:
            reason = _LASTING_CODES.get(code, code)
            log.warning("voice note not uploaded, answer sent as text: %s", reason)
        if code in _LASTING_CODES:
            self._reported.add((channel, code))


def _is_voice_note(turn: Turn) -> bool:
    has_sound = any(each.content_type.startswith("audio/") for each in turn.attachments)
    return has_sound and not turn.text.strip() and not turn.payload
