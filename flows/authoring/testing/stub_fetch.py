"""Other systems' answers as they are written down beside a conversation."""

from __future__ import annotations

import json

from core.ports.http_fetch import Fetched, NotFetched, Request
from flows.authoring.testing.test_file import Answers


class WrittenFetch:
    """The `Fetch` port without a network: answers by an action's id. What is not written down fails."""

    def __init__(self, answers: Answers) -> None:
        self._left = {name: list(written) for name, written in answers.items()}

    async def fetch(self, request: Request) -> Fetched:
        """The next answer. Raises `NotFetched` when there is none."""
        left = self._left.get(request.label)
        if not left:
            raise NotFetched("no answer is written down for this", sent=False)
        written = left.pop(0) if len(left) > 1 else left[0]
        return Fetched(status=written.status, body=json.dumps(written.data).encode())

    async def aclose(self) -> None:
        """There is nothing to let go of."""
