"""Keys of operators, limits, counters and indexes."""

from __future__ import annotations

from typing import Final

from gateway.redis.records.retention.key_kind import SESSION_DAYS, SESSION_PATTERN, KeyKind, RetentionRule

OPERATION_KINDS: Final = (
    KeyKind(
        "tg:quarantine",
        r"tg:quarantine",
        "rejected webhooks: time, reason, size, names of headers",
        RetentionRule.EXPIRY,
        "7 days",
        7,
    ),
    KeyKind(
        "tg:{session}:webhooks, tg:rejected_webhooks",
        rf"{SESSION_PATTERN}:webhooks|tg:rejected_webhooks",
        "webhooks as providers sent them, encrypted: none by default; the last 50 of a session, without "
        "secrets, and the last 200 that were rejected",
        RetentionRule.EXPIRY,
        "`TURNGATE_WEBHOOK_HOURS`",
        30,
        "TURNGATE_WEBHOOK_HOURS",
    ),
    KeyKind(
        "tg:trial_chat:*",
        r"tg:trial_chat:.+",
        "chats in which operators try a flow out",
        RetentionRule.EXPIRY,
        "1 hour",
        1 / 24,
    ),
    KeyKind(
        "tg:flow_versions:*, tg:flow_documents:*",
        r"tg:flow_(versions|documents):.+",
        "digests and documents of the last 20 versions of each flow",
        RetentionRule.EXPIRY,
        "365 days",
        365,
    ),
    KeyKind(
        "tg:audit", r"tg:audit", "acts of operators, with pseudonyms", RetentionRule.EXPIRY, "365 days", 365
    ),
    KeyKind(
        "tg:{access}:*",
        r"tg:\{access\}:(?!salt$).+",
        "sessions of operators (12 hours), failed keys (10 minutes), known addresses, what each agent has "
        "read, as digests",
        RetentionRule.EXPIRY,
        "30 days",
        30,
    ),
    KeyKind(
        "tg:{access}:salt",
        r"tg:\{access\}:salt",
        "salt of pseudonyms",
        RetentionRule.OWNER,
        "for good: no personal data",
    ),
    KeyKind(
        "tg:spent*, tg:web_sessions:*",
        r"tg:spent(_tokens|_accounts|_elsewhere)?:.+|tg:web_sessions:.+",
        "counters of budgets and limits",
        RetentionRule.EXPIRY,
        "2 days",
        2,
    ),
    KeyKind(
        "tg:alarms",
        r"tg:alarms",
        "the last failure of each account, which may quote a number",
        RetentionRule.EXPIRY,
        "30 days after the last one",
        30,
        SESSION_DAYS,
    ),
    KeyKind(
        "tg:statuses:*",
        r"tg:statuses:.+",
        "counters of delivery statuses by hour",
        RetentionRule.EXPIRY,
        "25 hours",
        2,
    ),
    KeyKind(
        "tg:traffic:*",
        r"tg:traffic:.+",
        "counters of messages, replies and waits by account and minute",
        RetentionRule.EXPIRY,
        "25 hours",
        2,
    ),
    KeyKind(
        "tg:flow_traffic:*",
        r"tg:flow_traffic:.+",
        "counters of conversations by channel, node and day",
        RetentionRule.EXPIRY,
        "8 days",
        8,
    ),
    KeyKind(
        "tg:failing:*, tg:failures, tg:reasons, tg:paused, tg:pace:*, tg:throttled:*",
        r"tg:failing:.+|tg:failures|tg:reasons|tg:paused|tg:(pace|throttled):.+",
        "circuit breakers and rate limits of accounts",
        RetentionRule.OWNER,
        "until the next success; one entry for each account",
    ),
    KeyKind(
        "tg:due, tg:conversations, tg:unanswered, tg:ready:*, tg:backlog:*, tg:resends, tg:desk, "
        "tg:silenced, tg:broadcasts*",
        r"tg:due|tg:conversations|tg:unanswered|tg:ready:.+|tg:backlog:.+|tg:resends|tg:desk|tg:silenced"
        r"|tg:broadcasts(_running)?",
        "indexes of sessions: all, those with work, at the desk or silent, and of broadcasts",
        RetentionRule.OWNER,
        "while the session is kept; owner: the sweeper and the session's scripts",
    ),
    KeyKind(
        "tg:data_keys",
        r"tg:data_keys",
        "data keys that encrypt what is stored, themselves encrypted (`TURNGATE_ENCRYPTION_KEYS`)",
        RetentionRule.OWNER,
        "for good: no personal data; owner: `turngate keys`",
    ),
    KeyKind(
        "tg:template*",
        r"tg:template(s|_states|_changes|_syncs?)(:.+)?",
        "message templates of the accounts",
        RetentionRule.OWNER,
        "until the provider's list changes; no personal data",
    ),
    KeyKind(
        "tg:counts, tg:jobs, tg:workers, tg:probe, tg:confirmed, tg:format, tg:partitions, tg:processes",
        r"tg:counts|tg:jobs|tg:workers|tg:probe|tg:confirmed|tg:format|tg:partitions|tg:processes",
        "counters, heartbeats and versions",
        RetentionRule.OWNER,
        "for good: no personal data, bounded",
    ),
    KeyKind(
        "rq:*",
        r".*rq:.+",
        "jobs with the name of a session, queues and workers of RQ",
        RetentionRule.OWNER,
        "until the job is done; owner: RQ and the sweeper",
    ),
)
