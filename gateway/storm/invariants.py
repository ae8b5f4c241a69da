"""Whether the laws held in one conversation: what was said and heard, against the session's log."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis

from gateway.redis.records.session_log import LogEntry
from gateway.storm.burst_invariant import misjudged
from gateway.storm.conversations import Script
from gateway.storm.provider import Ear
from gateway.storm.result import Breach, Verdict


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation that has ended: its session, its part, and the ids of its acknowledged turns."""

    session: str
    script: Script
    ids: Sequence[str]


async def at_rest(redis: Redis, session: str) -> bool:
    """Whether nothing waits in a session, neither a turn nor a reply nor a drain."""
    async with redis.pipeline(transaction=True) as pipeline:
        pipeline.exists(f"tg:{{{session}}}:mail", f"tg:{{{session}}}:out")
        pipeline.hmget(f"tg:{{{session}}}", ["job", "lease"])
        left, marks = await pipeline.execute()
    return not left and not any(marks)


def judge(
    talk: Talk, log: Sequence[LogEntry], ear: Ear, verdict: Verdict, *, window: float = 0.0, cap: float = 0.0
) -> None:
    """Compare what came of a conversation with the laws; `window` and `cap` are a burst's, in seconds."""
    judge_log(talk, log, ear.sends, verdict)
    judge_heard(talk.script, ear.heard, verdict)
    person = talk.script.person
    verdict.breach(Breach.TAKEN, misjudged(log, window, cap), person)
    verdict.counts["conversations"] += 1
    verdict.counts["sends"] += ear.sends
    verdict.counts["silenced"] += ear.silent
    verdict.breach(Breach.OVERLAP, ear.overlaps, person)
    verdict.breach(Breach.UNASKED, ear.unasked, person)


def judge_log(talk: Talk, log: Sequence[LogEntry], sends: int, verdict: Verdict) -> None:
    """Laws L2 to L6 and L9: by the session's log, and by how often the provider was called."""
    person = talk.script.person
    accepted = [str(entry.data["turn"]) for entry in log if entry.kind == "accepted"]
    commits = [entry.data for entry in log if entry.kind == "committed"]
    committed = [str(turn) for commit in commits for turn in _listed(commit["turns"])]
    marked = sum(entry.kind == "sending" for entry in log)
    verdict.counts["acknowledged"] += len(talk.ids)
    verdict.counts["committed"] += len(committed)
    verdict.counts["gathered"] += sum(len(_listed(commit["turns"])) > 1 for commit in commits)
    verdict.breach(Breach.UNRECORDED, len(set(talk.ids) - set(accepted)), person)
    verdict.breach(Breach.TWICE_IN, len(accepted) - len(set(accepted)), person)
    verdict.breach(Breach.TWICE_DONE, len(committed) - len(set(committed)), person)
    verdict.breach(Breach.UNDONE, len(set(accepted) - set(committed)), person)
    verdict.breach(Breach.OUT_OF_ORDER, _once(committed) != _once(accepted) != [], person)
    verdict.breach(Breach.UNMARKED, sends - marked, person)
    verdict.breach(Breach.GIVEN_UP, sum(commit.get("outcome") == "dead" for commit in commits), person)


def judge_heard(script: Script, heard: Sequence[str], verdict: Verdict) -> None:
    """Law L7: what a person heard, and what they must have heard."""
    expected = script.hears
    verdict.counts["replies"] += len(expected)
    if tuple(heard) == expected:
        return
    missing = Counter(expected) - Counter(heard)
    extra = Counter(heard) - Counter(expected)
    verdict.breach(Breach.LOST, missing.total(), script.person)
    verdict.breach(Breach.DOUBLED, extra.total(), script.person)
    verdict.breach(Breach.REORDERED, not missing and not extra, script.person)


def session_of(channel: str, account: str, ours: str, person: str) -> str:
    """The session of a person, as the channel names it."""
    return f"{channel}:{account}:{ours}:{person}"


async def forget(session: str, redis: Redis) -> None:
    """Remove what a judged session left, so that a long storm needs no more memory than a short one.

    What it has seen stays: a copy of a webhook may still be on its way.
    """
    await redis.delete(*(f"tg:{{{session}}}{part}" for part in ("", ":recent", ":log")))


def _once(ids: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(ids))


def _listed(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else ()
