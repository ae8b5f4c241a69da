"""Inbox on Redis: deduplicates and stores the events of webhooks, concurrent requests in one round trip."""

from __future__ import annotations

import logging
import math
from collections.abc import Collection, Mapping, Sequence
from time import monotonic
from typing import NamedTuple

from pydantic_core import to_json
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from core.errors import EncryptionKeyMissing, MailboxFull, StorageUnavailable
from core.log_context import about
from core.model import (
    APPROVED,
    UNSUPPORTED_KIND,
    ActivityReceived,
    Address,
    ConsentRequest,
    ContactMoved,
    ControlAction,
    ControlReceived,
    DeliveryStatus,
    Event,
    FailureKind,
    Ignored,
    OptOutScope,
    Owner,
    ParticipantMessage,
    ParticipantPolicy,
    StatusChanged,
    TemplateChanged,
    Turn,
    TurnReceived,
    next_owner,
    status_rank,
)
from core.ports import AcceptResult, ServiceWindow
from core.processing import (
    AbuseLimits,
    Concurrency,
    ConcurrencyPolicy,
    bypasses_policy,
    describe_words,
)
from core.steps import Step, current_trace
from gateway.redis import lua, rq_layout
from gateway.redis.connection.batcher import Batcher
from gateway.redis.connection.replication import ReplicaConfirmation
from gateway.redis.encryption.cipher import cipher_of
from gateway.redis.encryption.sealing import NOTHING, Sealer
from gateway.redis.lua import Argument, ProtocolLimits
from gateway.redis.records.contacts.contact_spelling import build_terms
from gateway.redis.records.template_keys import LOW_QUALITIES, alarm_name, state_field

log = logging.getLogger("turngate.inbox")

_MAX_REQUESTS_PER_BATCH = 64
_ALARM_INTERVAL_SECONDS = 60.0
_WORDS_DIGEST_LENGTH = 16
_OPT_OUT_CHANGES = {
    (ControlAction.OPT_OUT, OptOutScope.ALL): "1",
    (ControlAction.OPT_OUT, OptOutScope.MARKETING): "marketing",
    (ControlAction.OPT_IN, OptOutScope.ALL): "0",
    (ControlAction.OPT_IN, OptOutScope.MARKETING): "resume",
}
_IDENTIFYING_DETAILS = ("user_id", "external_id", "external_user_id", "wa_id", "profile_username", "email")
_ACTS_WITHOUT_OWNER = frozenset({ControlAction.OPT_OUT, ControlAction.OPT_IN, ControlAction.PASSED_ON})


def message_key(channel: str, provider_id: str) -> str:
    """Return the key that holds a sent message's delivery status."""
    return f"tg:message:{channel}:{provider_id}"


def account_key(address: Address) -> str:
    """Return the identifier of a set of credentials, unique across channels."""
    return f"{address.channel}:{address.account}"


class _AcceptRequest(NamedTuple):
    """Events of one request, encoded for accept.lua."""

    events: int
    arguments: list[Argument]


class RedisInbox:
    """Stores the events of webhooks. Requests that arrive during a call are batched into the next one."""

    def __init__(  # noqa: PLR0913 - one per policy
        self,
        redis: Redis,
        protocol: ProtocolLimits | None = None,
        concurrency: Mapping[str, Concurrency] | None = None,
        desk_channels: Collection[str] = (),
        participants: Mapping[str, ParticipantPolicy] | None = None,
        windows: Mapping[str, ServiceWindow] | None = None,
        abuse: Mapping[str, AbuseLimits] | None = None,
        confirmation: ReplicaConfirmation | None = None,
    ) -> None:
        """Create an inbox. With a `confirmation` nothing is acknowledged before replicas have it.

        `concurrency` is the policy of each channel by name (default: `queue`). `desk_channels` are those with
        an agent desk of their own: there only an agent returns a session to the bot. `participants` is each
        channel's policy for messages of others than the contact (default: `ignore`), `windows` the service
        window of those that have one, `abuse` their limits against floods and loops.
        """
        self._abuse = {name: limits for name, limits in (abuse or {}).items() if not limits.is_off}
        self._redis = redis
        self._confirmation = confirmation
        self._concurrency = concurrency or {}
        self._desk_channels = frozenset(desk_channels)
        self._participants = participants or {}
        self._windows = windows or {}
        self._script = lua.load_script("accept", protocol or ProtocolLimits())
        self._next_alarms: dict[tuple[str, str], float] = {}
        self._batcher = Batcher(self._accept_batch, _MAX_REQUESTS_PER_BATCH, is_sequential=True)

    async def accept(self, events: Sequence[Event]) -> list[AcceptResult]:
        """Store a request's events; see `core.ports.mailbox.Inbox`."""
        if not events:
            return []
        with Step("accept", {}):
            return await self._accept(_add_trace(events, current_trace()))

    async def _accept(self, events: Sequence[Event]) -> list[AcceptResult]:
        sealer = await self._load_sealer()
        arguments = [
            argument
            for event in events
            for argument in (*_encode_event(event, sealer), *self._routing_arguments(event, sealer))
        ]
        results = await self._batcher.submit(_AcceptRequest(len(events), arguments))
        if AcceptResult.FULL in results:
            raise MailboxFull("the session has too many waiting messages")
        for event, result in zip(events, results, strict=True):
            self._log_event(event, result)
        return results

    async def _load_sealer(self) -> Sealer:
        try:
            return await cipher_of(self._redis).sealer()
        except EncryptionKeyMissing as error:
            raise StorageUnavailable(str(error)) from error
        except RedisError as error:
            raise StorageUnavailable(f"Redis did not return the data keys: {type(error).__name__}") from error

    def _log_event(self, event: Event, result: AcceptResult) -> None:
        if result is AcceptResult.SILENCED:
            log.warning(
                "a session is silent from now on, because of its limits against floods and loops; "
                "`turngate sessions` shows it, and why",
                extra=about("session_silenced", session=getattr(event, "turn").session),  # noqa: B009
            )
        elif isinstance(event, StatusChanged) and result is not AcceptResult.STALE:
            _log_failed_delivery(event)
            self._log_account_failure(event)
        elif isinstance(event, ControlReceived) and result is AcceptResult.NEW:
            log.info(
                "the session's owner or consent changed: %s",
                event.act,
                extra=about(f"session_{event.act}", session=event.session, channel=event.address.channel),
            )
        elif isinstance(event, TemplateChanged):
            _log_template_change(event)

    def _log_account_failure(self, event: StatusChanged) -> None:
        """Log a failure that concerns every send of an account, once a minute for each channel and code."""
        if event.failure is not FailureKind.ACCOUNT:
            return
        alarm, now = (event.channel, event.error_code), monotonic()
        if now < self._next_alarms.get(alarm, 0.0):
            return
        self._next_alarms[alarm] = now + _ALARM_INTERVAL_SECONDS
        log.error(
            "%s accepts replies and then reports %s (%s): they are not delivered until the account is in "
            "order; `turngate doctor` and `turngate dead list` show them",
            event.channel,
            event.error_code,
            event.error_text,
        )

    def _routing_arguments(self, event: Event, sealer: Sealer) -> tuple[str, str, str]:
        """Return the debounce arguments, the account, and whether agent ownership expires for this event.

        For a message the last is further facts; for a control event the first is whether a transfer made it;
        for a status: how its failure is classified, the milliseconds before a resend, and the channel;
        for a change of a template: the channel and the name of its alarm.
        """
        match event:
            case TurnReceived(turn=turn) | ParticipantMessage(turn=turn):
                channel = turn.address.channel
                facts = _encode_facts(
                    event,
                    sealer,
                    self._participants.get(channel),
                    self._windows.get(channel),
                    self._abuse.get(channel),
                )
                return self._policy_argument(turn), account_key(turn.address), facts
            case ControlReceived(address=address):
                expires = "" if address.channel in self._desk_channels else "1"
                return "1" if event.by_transfer else "", "", expires
            case ContactMoved(retired=retired, absorbed=absorbed):
                return to_json(retired).decode(), absorbed, ""
            case StatusChanged(channel=channel):
                return _failure(event), str(math.ceil(event.retry_after * 1000)), channel
            case TemplateChanged(channel=channel):
                return channel, alarm_name(channel, event.name, event.language), ""
        return "", "", ""

    def _policy_argument(self, turn: Turn) -> str:
        concurrency = self._concurrency.get(turn.address.channel)
        if concurrency is None or concurrency.policy is ConcurrencyPolicy.QUEUE:
            return ""
        if concurrency.policy is ConcurrencyPolicy.INTERRUPT:
            return "interrupt"
        if bypasses_policy(turn):
            return "0 0"
        return f"{int(concurrency.window * 1000)} {int(concurrency.cap * 1000)}"

    async def _accept_batch(self, batch: Sequence[_AcceptRequest]) -> list[list[AcceptResult]]:
        arguments = [argument for request in batch for argument in request.arguments]
        try:
            answers = iter(await self._run_script([rq_layout.current_timestamp(), *arguments]))
        except StorageUnavailable:
            raise
        except Exception as error:
            raise StorageUnavailable(f"Redis did not record the request: {type(error).__name__}") from error
        return [[AcceptResult(next(answers).decode()) for _ in range(request.events)] for request in batch]

    async def _run_script(self, arguments: list[Argument]) -> list[bytes]:
        """Run accept.lua, once more after a connection error: it deduplicates what it has already stored.

        After a restart of the server the first call on an old connection fails; the next one reconnects.
        """
        try:
            return await self._run_once(arguments)
        except RedisConnectionError:
            return await self._run_once(arguments)

    async def _run_once(self, arguments: list[Argument]) -> list[bytes]:
        answer: list[bytes] = (
            await self._confirmation.run(self._script.text, self._script.sha, arguments)
            if self._confirmation
            else await self._script(self._redis, arguments)
        )
        return answer


def _add_trace(events: Sequence[Event], trace: str) -> Sequence[Event]:
    """Return the events with the trace that their turns continue; the same ones if there is no trace."""
    if not trace:
        return events
    return [
        event.model_copy(update={"turn": event.turn.model_copy(update={"trace": trace})})
        if isinstance(event, TurnReceived | ParticipantMessage)
        else event
        for event in events
    ]


def _log_failed_delivery(event: StatusChanged) -> None:
    """Log what a status reports as not delivered; it is sent again, or becomes a dead letter."""
    if event.status is DeliveryStatus.FAILED:
        log.warning(
            "%s reports that a message was not delivered (%s): %s %s; `turngate why` tells what follows",
            event.channel,
            _failure(event),
            event.error_code,
            event.error_text,
            extra=about(
                "delivery_failed", message=event.provider_id, channel=event.channel, code=event.error_code
            ),
        )


def _template_alarm(event: TemplateChanged) -> str:
    """Return what the operator should see of a change; empty if messages with the template still leave."""
    if event.status and event.status != APPROVED:
        code = event.status
    elif event.quality in LOW_QUALITIES:
        code = f"quality {event.quality}"
    else:
        return ""
    return to_json({"code": code, "reason": event.reason, "template": event.name}).decode()


def _log_template_change(event: TemplateChanged) -> None:
    level = logging.ERROR if _template_alarm(event) else logging.INFO
    fields = {"status": event.status, "quality": event.quality, "category": event.category}
    changes = ", ".join(f"{name} {value}" for name, value in fields.items() if value)
    reason = f" ({event.reason})" if event.reason else ""
    log.log(level, "%s: template %s (%s): %s%s", event.channel, event.name, event.language, changes, reason)


def _failure(event: StatusChanged) -> str:
    """Return how the failure is classified, permanent if the channel does not say; empty if it is none."""
    if event.status is not DeliveryStatus.FAILED:
        return ""
    return event.failure or FailureKind.PERMANENT


def _encode_facts(
    event: TurnReceived | ParticipantMessage,
    sealer: Sealer,
    policy: ParticipantPolicy | None,
    window: ServiceWindow | None,
    abuse: AbuseLimits | None = None,
) -> str:
    """Encode what else accept.lua needs of a message; empty if there is nothing."""
    facts: dict[str, object] = {}
    if isinstance(event, TurnReceived) and event.control_is_ours and event.turn.at:
        facts["ours"] = event.turn.at
    if isinstance(event, TurnReceived) and event.request:
        facts |= _request_facts(event.turn, event.request, sealer, is_confirmed=event.request_confirmed)
    if abuse:
        words = describe_words(event.turn)
        facts["limits"] = {
            "minute": abuse.messages_per_minute,
            "day": abuse.messages_per_day,
            "rounds": abuse.rounds,
            "tokens": abuse.tokens_per_day,
            "account": abuse.account_messages_per_day,
            "account_tokens": abuse.account_tokens_per_day,
            "words": words and sealer.digest("words", words)[:_WORDS_DIGEST_LENGTH],
        }
    if window and window.applies_to(event.turn.address):
        facts["window"] = window.seconds * 1000
    if len(event.aliases) > 1:
        facts["has_names"] = True
    if isinstance(event, TurnReceived) and (known := _known_identifiers(event.turn)):
        facts["known"] = sealer.record(event.turn.session, to_json(known), NOTHING).decode()
    if isinstance(event, TurnReceived):
        facts["terms"] = _search_terms(event.turn, sealer)
    if event.author:
        facts |= _author_facts(event, policy, sealer)
    return to_json(facts).decode() if facts else ""


def _known_identifiers(turn: Turn) -> dict[str, list[str]]:
    """Return by what else the contact is known, so that an operator finds them; empty if there is nothing."""
    names = {turn.profile_name, turn.details.get("profile_name", "")} - {""}
    ids = {turn.details.get(name, "") for name in _IDENTIFYING_DETAILS} - {""}
    return {"names": sorted(names), "ids": sorted(ids)} if names or ids else {}


def _search_terms(turn: Turn, sealer: Sealer) -> list[str]:
    """Return by what the console finds the conversation: its contact, what else is known, and its name."""
    known = _known_identifiers(turn)
    names_of_keys = [turn.address.theirs, turn.session.rpartition(":")[2]]  # they are clear in any case
    ids, names = known.get("ids", ()), known.get("names", ())
    if not sealer.is_on:
        return build_terms([*names_of_keys, *ids], names)
    return [*build_terms(names_of_keys, ()), *sealer.hidden_terms(build_terms(ids, names))]


def _request_facts(
    turn: Turn, request: ConsentRequest, sealer: Sealer, *, is_confirmed: bool
) -> dict[str, object]:
    """Return what the message becomes if it opts the contact out or in."""
    confirmed = request is ConsentRequest.OPT_IN and is_confirmed
    answered = turn.model_copy(update={"request": request, "request_confirmed": confirmed})
    return {"request": request, "request_turn": sealer.turn(answered).decode()}


def _author_facts(
    event: TurnReceived | ParticipantMessage, policy: ParticipantPolicy | None, sealer: Sealer
) -> dict[str, object]:
    """Return the facts about an author; the only place at which the policy for participants is applied."""
    turn, facts = event.turn, {"author": event.author}
    if isinstance(event, TurnReceived) and event.author_is_contact:
        return {**facts, "is_contact": True}
    if policy is ParticipantPolicy.TAKE_OVER:
        act = {"act": ControlAction.TAKE_OVER, "owner": Owner.HUMAN, "at": turn.at}
        entry = sealer.entry(turn.session, {**act, "actor": _author_name(event)})
        return {**facts, "take_over": entry.decode()}
    if policy is ParticipantPolicy.OWN_SESSION:
        own = turn.model_copy(update={"session": f"{turn.session}:{_author_id(event)}"})
        own_entry = {"own_entry": sealer.entry(own.session, _message_entry(event)).decode()}
        own_facts = {"own_session": own.session, "own_turn": sealer.turn(own).decode()}
        return {**facts, **own_facts, **(own_entry if sealer.is_on else {})}
    return dict(facts)


def _author_id(event: TurnReceived | ParticipantMessage) -> str:
    """Return the provider's id of an author."""
    return event.author.rpartition(":")[2]


def _author_name(event: TurnReceived | ParticipantMessage) -> str:
    return event.turn.details.get("profile_name") or _author_id(event)


def _describe_wordless(turn: Turn) -> dict[str, str]:
    """Return what the log says of a reaction or of a message that cannot be read."""
    if turn.reaction is not None:
        message = turn.quoted.id if turn.quoted else ""
        return {"kind": "reaction", "reaction": turn.reaction.emoji, "message": message}
    return {"kind": turn.kind} if turn.kind == UNSUPPORTED_KIND else {}


def _message_entry(event: TurnReceived | ParticipantMessage) -> dict[str, object]:
    """Return what the log says of a message."""
    turn = event.turn
    return {
        "turn": turn.id,
        "text": turn.text,
        "payload": turn.payload,
        "files": len(turn.attachments),
        **({"at": turn.at} if turn.at else {}),
        **({"author": _author_name(event), "author_id": _author_id(event)} if event.author else {}),
        **_describe_wordless(turn),
    }


def _encode_event(event: Event, sealer: Sealer) -> list[Argument]:
    """Encode an event as the six arguments that accept.lua reads; its routing adds three more."""
    match event:
        case TurnReceived(turn=turn) | ParticipantMessage(turn=turn):
            return [
                event.kind,
                turn.session,
                turn.id,
                sealer.turn(turn),
                turn.address.model_dump_json(),
                sealer.entry(turn.session, _message_entry(event)),
            ]
        case ControlReceived(act=act):
            owner = "" if act in _ACTS_WITHOUT_OWNER else next_owner(Owner.BOT, act)
            scope = {"scope": event.scope} if event.scope is not OptOutScope.ALL else {}
            entry: dict[str, object] = {
                "act": act,
                "owner": owner,
                "actor": event.actor,
                "at": event.at,
                **scope,
            }
            change = _OPT_OUT_CHANGES.get((act, event.scope), "")
            return ["control", event.session, event.id, owner, change, to_json(entry)]
        case StatusChanged(status=status):
            entry = {
                "id": event.provider_id,
                "status": status,
                "code": event.error_code,
                "error": event.error_text,
                **({"failure": _failure(event)} if _failure(event) else {}),
                **({"window_until": event.window_until} if event.window_until else {}),
            }
            key = message_key(event.channel, event.provider_id)
            return ["status", key, status, status_rank(status), "", to_json(entry)]
        case ContactMoved(address=address):
            at = str(event.at) if event.at else ""
            return [
                "moved",
                event.session,
                event.id,
                address.model_dump_json(),
                at,
                to_json({"at": event.at}),
            ]
        case ActivityReceived():
            entry = {"id": event.id, "activity": event.activity, "message": event.message_id}
            return ["activity", event.session, event.id, "", "", to_json(entry)]
        case TemplateChanged(channel=channel):
            field = state_field(channel, event.name, event.language)
            alarm = _template_alarm(event)
            return ["template", field, event.status, event.quality, event.category, alarm]
        case Ignored(reason=reason):
            return ["ignored", reason, "", "", "", ""]
