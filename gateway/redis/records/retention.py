"""Retention of each key in Redis: every key has an expiry, or an owner that deletes it.

docs/privacy.md shows this table, and a test compares it with the keys of a busy gateway.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Keeper(StrEnum):
    """End of a key's life."""

    EXPIRY = "expiry"
    """Redis deletes it: the key has an expiry from its first write."""
    WORK = "work"
    """It has an expiry, except while its session has work, which the due index or a job holds."""
    OWNER = "owner"
    """Somebody or something deletes what is in it, or it is bounded and has no personal data."""


@dataclass(frozen=True, slots=True)
class KeyKind:
    """Keys of one kind. `pattern` is a regular expression for whole names.

    `kept` says how long, or who the owner is; `days` is the longest expiry, 0 if there is none. `setting`
    changes it.
    """

    keys: str
    pattern: str
    data: str
    keeper: Keeper
    kept: str
    days: float = 0.0
    setting: str = ""


_SESSION = r"tg:\{(?!access\}).+\}"
_SESSION_DAYS = "TURNGATE_KEEP_SESSION_DAYS"

KINDS: Final = (
    KeyKind(
        "tg:{session} · log · recent · held · participants",
        rf"{_SESSION}(:log|:recent|:held|:participants)?",
        "sessions: dialog state, log with the texts of both sides, replies that wait for the service window",
        Keeper.WORK,
        "30 days after the last work; an opted-out session until the contact opts in",
        30,
        _SESSION_DAYS,
    ),
    KeyKind(
        "tg:{session}:mail · out · scheduled",
        rf"{_SESSION}(:mail|:out|:scheduled)",
        "mailbox, outbox and list of scheduled messages",
        Keeper.WORK,
        "until processed, sent or given up (`TURNGATE_REPLY_HOURS`)",
    ),
    KeyKind(
        "tg:{session}:seen · proactive, tg:message:*, tg:proactive:*",
        rf"{_SESSION}(:seen|:proactive)|tg:message:.+|tg:proactive:.+",
        "IDs of received messages (deduplication), delivery statuses, keys of proactive messages",
        Keeper.EXPIRY,
        "8 days",
        8,
    ),
    KeyKind(
        "tg:proactive_session:*",
        r"tg:proactive_session:.+",
        "session of a proactive or scheduled message",
        Keeper.EXPIRY,
        "8 days after it is due",
        366 + 8,
    ),
    KeyKind(
        "tg:{session}:kept",
        rf"{_SESSION}:kept",
        "the last 20 sent replies, in case their status asks for another send",
        Keeper.EXPIRY,
        "`TURNGATE_REPLY_HOURS`",
        30,
        "TURNGATE_REPLY_HOURS",
    ),
    KeyKind(
        "tg:file:*, tg:files",
        r"tg:file:.+|tg:files",
        "recordings of answers and files of agents, which providers fetch by a signed URL",
        Keeper.EXPIRY,
        "1 hour after a provider has fetched them, at most `TURNGATE_REPLY_HOURS`",
        30,
        "TURNGATE_REPLY_HOURS",
    ),
    KeyKind(
        "tg:{session}:text",
        rf"{_SESSION}:text",
        "pieces of a text that is being streamed",
        Keeper.EXPIRY,
        "10 minutes",
        1,
    ),
    KeyKind(
        "tg:person:*, tg:{session}:names",
        rf"tg:person:.+|{_SESSION}:names",
        "links from a contact's identifiers to the session",
        Keeper.EXPIRY,
        "400 days after the last message",
        400,
        "TURNGATE_KEEP_CONTACT_DAYS",
    ),
    KeyKind(
        "tg:place:*",
        r"tg:place:.+",
        "partitions of contacts' names, where there are several",
        Keeper.EXPIRY,
        "400 days after the last message",
        400,
        "TURNGATE_KEEP_CONTACT_DAYS",
    ),
    KeyKind(
        "tg:sent_in:*",
        r"tg:sent_in:.+",
        "partitions of sent messages by the provider's ID, where there are several",
        Keeper.EXPIRY,
        "8 days",
        8,
    ),
    KeyKind(
        "tg:term:*, tg:{session}:terms",
        rf"tg:term:.+|{_SESSION}:terms",
        "index by which the console finds conversations: numbers, addresses, IDs, names, and keyed digests "
        "of words of messages",
        Keeper.EXPIRY,
        "31 days after the last message",
        31,
        _SESSION_DAYS,
    ),
    KeyKind(
        "tg:echo:*",
        r"tg:echo:.+",
        "keys of replies whose status came before the answer to their send",
        Keeper.EXPIRY,
        "1 day",
        1,
    ),
    KeyKind(
        "tg:own:*",
        r"tg:own:.+",
        "states of programs that use the session store, and OAuth tokens of providers",
        Keeper.EXPIRY,
        "30 days, tokens 400 days, after the last use",
        400,
    ),
    KeyKind(
        "tg:dead, tg:hook_dead",
        r"tg:dead|tg:hook_dead",
        "dead letters with the text of the message, events for hooks that were given up",
        Keeper.OWNER,
        "until an operator drops or replays them, at most 100,000",
        0,
        "TURNGATE_KEEP_DEAD_LETTER_DAYS",
    ),
    KeyKind(
        "tg:stream_copy:*, tg:stream_copier:*",
        r"tg:stream_cop(y|ier):.+",
        "a stream of these while it is written anew, after an erasure or for a new encryption key",
        Keeper.EXPIRY,
        "15 seconds, if its process dies",
        1 / 24,
    ),
    KeyKind(
        "tg:schedule, tg:scheduled:*",
        r"tg:schedule|tg:scheduled:.+",
        "scheduled messages",
        Keeper.OWNER,
        "until sent or cancelled, then 8 days; owner: the schedule",
    ),
    KeyKind(
        "tg:broadcast*",
        r"tg:broadcast(_rows|_outcomes|_sessions)?:.+",
        "broadcasts: definition, recipients, outcomes",
        Keeper.EXPIRY,
        "30 days after the last change",
        30,
        _SESSION_DAYS,
    ),
    KeyKind(
        "tg:events, tg:hook*",
        r"tg:events|tg:hooks|tg:hook_events|tg:hook:.+",
        "subscriptions of hooks, and events that wait for them",
        Keeper.OWNER,
        "until taken or given up, at most 100,000; owner: the deliverer",
    ),
    KeyKind(
        "tg:optout*",
        r"tg:optouts|tg:optout_names|tg:optout_salt",
        "opt-outs: sessions, and salted hashes of a contact's names",
        Keeper.OWNER,
        "until the contact opts in, or `turngate optout remove`",
    ),
    KeyKind(
        "tg:erased", r"tg:erased", "salted hashes of the IDs of erased messages", Keeper.EXPIRY, "8 days", 8
    ),
    KeyKind(
        "tg:quarantine",
        r"tg:quarantine",
        "rejected webhooks: time, reason, size, names of headers",
        Keeper.EXPIRY,
        "7 days",
        7,
    ),
    KeyKind(
        "tg:{session}:webhooks, tg:rejected_webhooks",
        rf"{_SESSION}:webhooks|tg:rejected_webhooks",
        "webhooks as providers sent them, encrypted: none by default; the last 50 of a session, without "
        "secrets, and the last 200 that were rejected",
        Keeper.EXPIRY,
        "`TURNGATE_WEBHOOK_HOURS`",
        30,
        "TURNGATE_WEBHOOK_HOURS",
    ),
    KeyKind(
        "tg:trial_chat:*",
        r"tg:trial_chat:.+",
        "chats in which operators try a flow out",
        Keeper.EXPIRY,
        "1 hour",
        1 / 24,
    ),
    KeyKind(
        "tg:flow_versions:*, tg:flow_documents:*",
        r"tg:flow_(versions|documents):.+",
        "digests and documents of the last 20 versions of each flow",
        Keeper.EXPIRY,
        "365 days",
        365,
    ),
    KeyKind("tg:audit", r"tg:audit", "acts of operators, with pseudonyms", Keeper.EXPIRY, "365 days", 365),
    KeyKind(
        "tg:{access}:*",
        r"tg:\{access\}:(?!salt$).+",
        "sessions of operators (12 hours), failed keys (10 minutes), known addresses, what each agent has "
        "read, as digests",
        Keeper.EXPIRY,
        "30 days",
        30,
    ),
    KeyKind(
        "tg:{access}:salt",
        r"tg:\{access\}:salt",
        "salt of pseudonyms",
        Keeper.OWNER,
        "for good: no personal data",
    ),
    KeyKind(
        "tg:spent*, tg:web_sessions:*",
        r"tg:spent(_tokens)?:.+|tg:web_sessions:.+",
        "counters of budgets and limits",
        Keeper.EXPIRY,
        "2 days",
        2,
    ),
    KeyKind(
        "tg:alarms",
        r"tg:alarms",
        "the last failure of each account, which may quote a number",
        Keeper.EXPIRY,
        "30 days after the last one",
        30,
        _SESSION_DAYS,
    ),
    KeyKind(
        "tg:statuses:*",
        r"tg:statuses:.+",
        "counters of delivery statuses by hour",
        Keeper.EXPIRY,
        "25 hours",
        2,
    ),
    KeyKind(
        "tg:traffic:*",
        r"tg:traffic:.+",
        "counters of messages, replies and waits by account and minute",
        Keeper.EXPIRY,
        "25 hours",
        2,
    ),
    KeyKind(
        "tg:flow_traffic:*",
        r"tg:flow_traffic:.+",
        "counters of conversations by channel, node and day",
        Keeper.EXPIRY,
        "8 days",
        8,
    ),
    KeyKind(
        "tg:failing:*, tg:failures, tg:reasons, tg:paused, tg:pace:*, tg:throttled:*",
        r"tg:failing:.+|tg:failures|tg:reasons|tg:paused|tg:(pace|throttled):.+",
        "circuit breakers and rate limits of accounts",
        Keeper.OWNER,
        "until the next success; one entry for each account",
    ),
    KeyKind(
        "tg:due, tg:conversations, tg:unanswered, tg:ready:*, tg:backlog:*, tg:resends, tg:desk, "
        "tg:silenced, tg:broadcasts*",
        r"tg:due|tg:conversations|tg:unanswered|tg:ready:.+|tg:backlog:.+|tg:resends|tg:desk|tg:silenced"
        r"|tg:broadcasts(_running)?",
        "indexes of sessions: all, those with work, at the desk or silent, and of broadcasts",
        Keeper.OWNER,
        "while the session is kept; owner: the sweeper and the session's scripts",
    ),
    KeyKind(
        "tg:data_keys",
        r"tg:data_keys",
        "data keys that encrypt what is stored, themselves encrypted (`TURNGATE_ENCRYPTION_KEYS`)",
        Keeper.OWNER,
        "for good: no personal data; owner: `turngate keys`",
    ),
    KeyKind(
        "tg:template*",
        r"tg:template(s|_states|_changes|_syncs?)(:.+)?",
        "message templates of the accounts",
        Keeper.OWNER,
        "until the provider's list changes; no personal data",
    ),
    KeyKind(
        "tg:counts, tg:jobs, tg:workers, tg:probe, tg:format, tg:partitions, tg:processes",
        r"tg:counts|tg:jobs|tg:workers|tg:probe|tg:format|tg:partitions|tg:processes",
        "counters, heartbeats and versions",
        Keeper.OWNER,
        "for good: no personal data, bounded",
    ),
    KeyKind(
        "rq:*",
        r".*rq:.+",
        "jobs with the name of a session, queues and workers of RQ",
        Keeper.OWNER,
        "until the job is done; owner: RQ and the sweeper",
    ),
)


def find_kind(key: str) -> KeyKind | None:
    """Return the kind of a key; `None` if there is none."""
    return next((kind for kind in KINDS if re.fullmatch(kind.pattern, key)), None)


def find_session(key: str) -> str:
    """Return the session of a key that belongs to one; empty for any other."""
    found = re.match(rf"({_SESSION})(?::[a-z]+)?$", key)
    return found[1][4:-1] if found else ""
