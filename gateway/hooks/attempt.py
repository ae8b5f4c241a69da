"""One attempt to deliver an event, and the meaning of the receiver's answer."""

from __future__ import annotations

from core.backoff import parse_retry_after
from core.model import FrozenModel
from core.ports import FetchError, HttpFetcher, HttpRequest
from gateway.hooks.payload import encode_body, event_id, sign
from gateway.hooks.subscription import Subscription
from gateway.redis.records.hook_events import HookEvent

_MAX_ANSWER_BYTES = 64 * 1024
_GONE = 410
_OVERLOADED = frozenset({408, 425, 429})


class AttemptResult(FrozenModel):
    """Result of one attempt; `reason` is empty if the event was delivered.

    `is_down`: the failure concerns the receiver, not this event. `retry_after` is the seconds that the
    receiver asks for. `is_gone`: it wants no further events.
    """

    reason: str = ""
    is_down: bool = False
    is_gone: bool = False
    retry_after: float = 0.0

    @property
    def is_delivered(self) -> bool:
        """True if the receiver has accepted the event."""
        return not self.reason


async def attempt(
    fetch: HttpFetcher,
    hook: Subscription,
    event: HookEvent,
    *,
    now_ms: int,
    seconds: float,
    partition: int = 0,
) -> AttemptResult:
    """Send an event of a partition and wait up to `seconds` for the answer; redirects are not followed."""
    body = encode_body(event, hook)
    signed = sign(body, event_id(event, partition), hook.valid_secrets(now_ms), now_ms)
    request = HttpRequest(
        method="POST",
        url=hook.url,
        headers={"content-type": "application/json", **signed},
        body=body,
        seconds=seconds,
        largest=_MAX_ANSWER_BYTES,
        follow_redirects=False,
        label=f"hook {hook.name}",
    )
    try:
        answer = await fetch.fetch(request)
    except FetchError as error:
        return AttemptResult(reason=str(error), is_down=True)
    return _read_answer(answer.status, answer.headers.get("retry-after", ""))


def _read_answer(status: int, retry_after: str) -> AttemptResult:
    if 200 <= status < 300:
        return AttemptResult()
    if 300 <= status < 400:
        return AttemptResult(
            reason=f"it answered {status}; redirects are not followed, add the new URL", is_down=True
        )
    return AttemptResult(
        reason=f"it answered {status}",
        is_down=status >= 500 or status in _OVERLOADED,
        is_gone=status == _GONE,
        retry_after=parse_retry_after(retry_after) or 0.0,
    )
