"""Files that people sent, fetched when something needs them; voice notes that become text."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Protocol

import filetype

from channels._kit.outbound.media import got
from channels._kit.text import clean
from core.model.timer import Timer
from core.model.turn import Address, Attachment, Turn
from core.ports.dialog import Dialog, State, Step, Watcher
from core.ports.http_fetch import Fetch
from core.ports.media import File, Keeping, NoFile, Trouble
from flows.llm.model import ModelError

log = logging.getLogger("turngate.media")

_MOST_NOTES = 3
_LONGEST_TEXT = 4_000
_REMEMBERED = 200


class Ears(Protocol):
    """What turns speech into text."""

    async def transcribe(self, body: bytes, name: str, content_type: str) -> str:
        """What is said in a recording. Raises `ModelError`."""
        ...

    async def aclose(self) -> None:
        """Let go of the connections."""
        ...


class Files:
    """Downloads, through the guard; a channel whose provider keeps the files does it with its credentials."""

    def __init__(self, channels: Mapping[str, Any], fetch: Fetch) -> None:
        self._channels = channels
        self._fetch = fetch

    async def get(self, medium: Attachment, channel: str) -> File:
        """A file, with its type told from its bytes. Raises `NoFile`."""
        keeper = self._channels.get(channel)
        if isinstance(keeper, Keeping):
            body = await keeper.download(medium, self._fetch)
        else:
            body = await got(self._fetch, medium.url)
        return File(body=body, content_type=filetype.guess_mime(body) or "application/octet-stream")


class Hearing:
    """A dialog to which voice notes are text. One that cannot be heard reaches it as the file that it is."""

    def __init__(self, dialog: Dialog, files: Files, ears: Ears) -> None:
        self._dialog = dialog
        self._files = files
        self._ears = ears
        self._heard: OrderedDict[tuple[str, str], str] = OrderedDict()

    async def answer(self, turn: Turn, state: State | None, *, watcher: Watcher | None = None) -> Step:
        """Answer as the dialog does; see `core.ports.dialog.Dialog`."""
        heard, trouble = await self._with_words(turn)
        step = await self._dialog.answer(heard, state, watcher=watcher)
        return step._replace(details={**step.details, "unheard": trouble}) if trouble else step

    async def timed_out(self, state: State | None, address: Address, timer: Timer) -> Step:
        """As the dialog does; nobody has said anything."""
        return await self._dialog.timed_out(state, address, timer)

    async def _with_words(self, turn: Turn) -> tuple[Turn, str]:
        """The turn with what its notes say, and why one could not be heard."""
        notes = [medium for medium in turn.attachments if medium.content_type.startswith("audio/")]
        if turn.payload or not notes:
            return turn, ""
        words, trouble = [turn.text], ""
        for medium in notes[:_MOST_NOTES]:
            try:
                words.append(await self._words(medium, turn))
            except NoFile as error:
                trouble = error.trouble
                log.warning("a voice note was not fetched: %s (%s)", trouble, error)
            except ModelError as error:
                trouble = "no_transcript"
                log.warning("a voice note was not understood: %s", error)
        return turn.model_copy(update={"text": "\n".join(filter(None, words))}), trouble

    async def _words(self, medium: Attachment, turn: Turn) -> str:
        """What a note says. A turn that is begun anew is not heard twice. Raises `NoFile` or `ModelError`."""
        key = (turn.id, medium.url)
        if key not in self._heard:
            file = await self._files.get(medium, turn.address.channel)
            self._heard[key] = await self._listen(file)
            while len(self._heard) > _REMEMBERED:
                self._heard.popitem(last=False)
        return self._heard[key]

    async def _listen(self, file: File) -> str:
        kind = file.content_type
        if not kind.startswith(("audio/", "video/")):  # a voice note in MP4 or WebM looks like a film
            raise NoFile(Trouble.WRONG_TYPE, f"it is {kind} and no sound")
        name = f"voice.{filetype.guess_extension(file.body)}"
        return clean(await self._ears.transcribe(file.body, name, kind), _LONGEST_TEXT)
