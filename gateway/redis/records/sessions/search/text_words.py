"""Words of a text as the console's search compares them, and their keyed digests: the index has no words.

The key is the server's salt together with a secret of the settings if there is one, so that a copy of the
server's data cannot be searched without that secret.
"""

from __future__ import annotations

import hmac
import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

from redis.asyncio import Redis

from gateway.redis.encryption.cipher import cipher_of
from gateway.redis.records.operators.audit_log import read_salt

MAX_WORDS: Final = 30
"""Words of a text that are indexed or looked for."""

_MAX_TEXT: Final = 5_000
_WORD: Final = re.compile(r"\w+")
_MAX_LENGTH: Final = 40
_RECENT_TEXTS: Final = 500
_UNSPACED: Final = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
"""Letters of scripts that write words without spaces; they are indexed by pairs."""


def split_words(text: str) -> list[str]:
    """Return the distinct words of a text, folded, of two letters or more; at most `MAX_WORDS`."""
    folded = unicodedata.normalize("NFKD", text[:_MAX_TEXT].casefold())
    plain = unicodedata.normalize("NFC", "".join(each for each in folded if not unicodedata.combining(each)))
    words = (part for word in _WORD.findall(plain) for part in _split_unspaced(word))
    return list(dict.fromkeys(word[:_MAX_LENGTH] for word in words if len(word) > 1))[:MAX_WORDS]


def _split_unspaced(word: str) -> Iterable[str]:
    if not _UNSPACED.search(word) or len(word) < 3:
        return (word,)
    return (word[start : start + 2] for start in range(len(word) - 1))


class WordDigests:
    """Digests of words under which the index has them; with encryption at rest nobody can guess them."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._key = b""

    async def of(self, text: str) -> Sequence[str]:
        """Return a digest of each word of a text."""
        sealer = await cipher_of(self._redis).sealer()
        if sealer.is_on:
            return [f"={sealer.digest('word', word)[:24]}" for word in split_words(text)]
        if not self._key:
            self._key = hmac.digest(await read_salt(self._redis), b"words of messages", "sha256")
        return _digest_words(self._key, text)


@lru_cache(_RECENT_TEXTS)
def _digest_words(key: bytes, text: str) -> Sequence[str]:
    """Return a digest of each word; a bot repeats its texts."""
    return tuple(f"={hmac.digest(key, word.encode(), 'sha256')[:12].hex()}" for word in split_words(text))
