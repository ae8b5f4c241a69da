"""Telling a watcher what is said while it is being said."""

from __future__ import annotations

from flows.llm.model import Write, unheard

PARAGRAPH = "\n\n"


class Voice:
    """Hands on the pieces of a turn's messages, with a blank line between two.

    What is told is a prefix of what is said in the end, unless a model breaks off or writes too much.
    """

    def __init__(self, on_text: Write = unheard) -> None:
        self._on_text = on_text
        self._told = ""
        self._space = ""
        self._before = False

    @property
    def writer(self) -> Write:
        """Where a model may write; a model can tell when nobody reads along."""
        return unheard if self._on_text is unheard else self.write

    def write(self, piece: str) -> None:
        """The next piece of the message that is being written; space at its ends is held back."""
        text = self._space + piece if self._told else piece.lstrip()
        plain = text.rstrip()
        self._space = text[len(plain) :]
        if plain:
            if not self._told and self._before:
                self._on_text(PARAGRAPH)
            self._told += plain
            self._on_text(plain)

    def end(self, text: str) -> None:
        """The message is complete, and this is all of it; what was not told yet is told now."""
        if self._on_text is unheard:
            return
        self._space = ""
        if text.startswith(self._told):
            self.write(text[len(self._told) :])
        self._told, self._space, self._before = "", "", True


SILENT = Voice()
"""Tells nobody, and so may serve any number of turns."""
