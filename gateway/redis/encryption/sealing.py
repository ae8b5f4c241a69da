"""Sealing of records: the fields that scripts read stay clear, all others become one encrypted field.

`{"id": "m1", "text": "hello"}` becomes `{"id": "m1", "sealed": "enc:1:<data key>:<base64>"}`. What a script
copies from one list to another, or into a dead letter, stays sealed. The content is bound to its place, the
session for most records: moved into another session it does not decrypt.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping
from typing import Any, Final

from pydantic_core import from_json, to_json

from core.model import FrozenModel, Reply, Turn
from gateway.redis.encryption.key_ring import NONCE_BYTES, encode_bytes, new_aead

PREFIX: Final = "enc:1:"

TURN_CLEAR: Final = frozenset({"id", "session", "address", "kind", "streamed", "at", "trace"})
REPLY_CLEAR: Final = frozenset(
    {"key", "address", "act", "voice", "bulk", "category", "confirms_request", "committed_at_ms", "resends"}
    | {"window_closed", "trace", "fallback", "letter"}
)
"""Clear fields of a reply. Scripts ask whether there is a `fallback`, whose content is sealed by itself."""
ENTRY_CLEAR: Final = frozenset(
    {"turn", "turns", "outcome", "replies", "key", "id", "at", "at_ms", "files", "kind", "code", "failure"}
    | {"reason", "error", "owner", "previous", "scope", "act", "voice", "template", "author_id", "message"}
    | {"activity", "status", "window_until", "tokens", "model_failures", "node", "edge", "goes_on_from"}
    | {"by", "held", "covered", "dead", "seconds", "letter", "redacted", "unheard"}
)
"""Clear fields of log entries: what scripts, metrics and `turngate why` read. New fields are sealed."""
SCHEDULED_CLEAR: Final = frozenset({"session", "key", "contact", "category", "replies"})
"""Clear fields of scheduled messages; `replies` were sealed before."""
NOTHING: Final[frozenset[str]] = frozenset()


def derive_place_key(data_key: bytes, place: str) -> bytes:
    """Return the key of one place: so a key encrypts few values, and none of another place."""
    return hmac.digest(data_key, b"turngate place " + place.encode(), "sha256")


class Sealer:
    """Seals records with the newest data key; without one it leaves them as they are."""

    def __init__(self, key_id: str = "", data_key: bytes = b"", index_key: bytes = b"") -> None:
        self._key_id = key_id
        self._data_key = data_key
        self._index_key = index_key

    @property
    def is_on(self) -> bool:
        """True if it encrypts."""
        return bool(self._data_key)

    @property
    def key_id(self) -> str:
        """Return the ID of the data key that it encrypts with; empty for none."""
        return self._key_id

    def turn(self, turn: Turn, exclude: set[str] | None = None) -> bytes:
        """Encode a turn for its session."""
        return self.record(turn.session, _dump(turn, exclude), TURN_CLEAR)

    def reply(self, session: str, reply: Reply, exclude: set[str] | None = None) -> bytes:
        """Encode a reply for a session."""
        return self.stored_reply(session, _dump(reply, exclude))

    def stored_reply(self, session: str, stored: bytes) -> bytes:
        """Seal an encoded reply."""
        if not self.is_on:
            return stored
        fields = from_json(stored)
        if "fallback" in fields:
            fields["fallback"] = self._seal(session, fields["fallback"], NOTHING)
        return to_json(self._seal(session, fields, REPLY_CLEAR))

    def entry(self, session: str, entry: Mapping[str, object]) -> bytes:
        """Encode an entry of a session's log."""
        return self.record(session, to_json(entry), ENTRY_CLEAR)

    def record(self, place: str, stored: bytes, clear: frozenset[str]) -> bytes:
        """Seal all fields of an encoded record but those that stay clear."""
        return to_json(self._seal(place, from_json(stored), clear)) if self.is_on else stored

    def digest(self, purpose: str, text: str) -> str:
        """Return a keyed digest, by which an equal text is found; without a key, the text itself."""
        if not self.is_on:
            return text
        return hmac.new(self._index_key, f"{purpose}\n{text}".encode(), hashlib.sha256).hexdigest()[:32]

    def hidden_terms(self, terms: Iterable[str]) -> list[str]:
        """Return the search terms of the console with names and e-mail addresses as digests."""
        return [f"~{self.digest('term', each)}" if self.is_on else each for each in terms]

    def _seal(self, place: str, fields: dict[str, Any], clear: frozenset[str]) -> dict[str, Any]:
        hidden = {name: value for name, value in fields.items() if name not in clear}
        if not hidden:
            return fields
        nonce = secrets.token_bytes(NONCE_BYTES)
        content = new_aead(derive_place_key(self._data_key, place)).encrypt(
            nonce, to_json(hidden), place.encode()
        )
        kept = {name: value for name, value in fields.items() if name in clear}
        return {**kept, "sealed": f"{PREFIX}{self._key_id}:{encode_bytes(nonce + content)}"}


def _dump(item: FrozenModel, exclude: set[str] | None) -> bytes:
    return item.model_dump_json(exclude_defaults=True, exclude=exclude).encode()
