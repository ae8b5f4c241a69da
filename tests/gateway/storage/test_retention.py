"""Retention: after a run with every feature, each key in Redis has an expiry or a named owner."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from core.errors import Unavailable, WebhookRefused
from core.model import (
    Address,
    ControlAction,
    ControlReceived,
    DeliveryStatus,
    FailureKind,
    MessageTemplate,
    StatusChanged,
    TemplateChanged,
    Turn,
    TurnReceived,
)
from core.ports import TurnListener, Webhook
from core.processing import SessionProcessor
from flows import DialogMachine, Flow
from gateway.access.operator_keys import OPERATOR_NAME
from gateway.bootstrap import build_protocol_limits
from gateway.config.settings import Settings, setting_rows
from gateway.redis import lua
from gateway.redis.encryption.cipher import use_cipher
from gateway.redis.encryption.key_ring import generate_master_key, parse_encryption_keys
from gateway.redis.inbox import RedisInbox
from gateway.redis.lua import ProtocolLimits
from gateway.redis.mailbox import RedisMailbox
from gateway.redis.records.contacts.erasure import ContactErasure
from gateway.redis.records.contacts.identities import IdentityResolver
from gateway.redis.records.operators.audit_log import AuditEntry, AuditLog
from gateway.redis.records.operators.credential_attempts import CredentialAttempts
from gateway.redis.records.operators.flow_versions import FlowVersions
from gateway.redis.records.operators.kept_webhooks import KeptWebhooks
from gateway.redis.records.operators.operator_sessions import OperatorSessions
from gateway.redis.records.operators.quarantine import Quarantine
from gateway.redis.records.operators.trial_chats import StoredChat, TrialChats
from gateway.redis.records.processes.worker_presence import announce
from gateway.redis.records.public_files import PublicFiles
from gateway.redis.records.retention import KINDS, KeyKind, RetentionRule, find_kind, find_session
from gateway.redis.records.sessions.session_store import RedisSessionStore
from gateway.redis.records.templates import TemplateRecords
from gateway.redis.sweeper import Sweeper
from gateway.webchat.sessions.session_limit import SessionLimit
from gateway.webchat.text_stream import TextPublisher
from tests.fakes import ADDRESS, build_turn
from tests.gateway.contacts.traces import SMS, build_status, leave_traces_everywhere
from tests.gateway.environments.inbound import InboundGateway
from tests.gateway.messages.test_abuse import LimitedGateway, build_auto_replies

_DAY_MS = 86_400_000
_WRITTEN_BY_HAND = ("tg:own:*", "tg:quarantine", "tg:alarms", "*:held", "*:kept", "*:text")


@pytest.fixture
async def gateway(redis: Redis) -> AsyncIterator[InboundGateway]:
    use_cipher(redis, parse_encryption_keys(generate_master_key()))
    made = InboundGateway(redis, ["twilio", "whatsapp", "zendesk"])
    yield made
    await made.mailbox.aclose()


async def use_every_feature(gateway: InboundGateway) -> None:
    """Take messages, opt out, fail, flood, broadcast, schedule, sign in, erase; leave some work undone."""
    redis = gateway.redis
    await leave_traces_everywhere(gateway)
    for pattern in _WRITTEN_BY_HAND:
        async for key in redis.scan_iter(pattern):
            await redis.delete(key)
    await erase_somebody(gateway)
    await flood_session(redis)
    await make_failures(gateway)
    stop = ControlReceived(id="c1", session="fake:9", address=ADDRESS, act=ControlAction.OPT_OUT)
    person = ControlReceived(id="c2", session="fake:8", address=ADDRESS, act=ControlAction.TAKE_OVER)
    await RedisInbox(redis).accept([stop, person])
    await stream_a_text(gateway)
    await gateway.inbox.accept(build_status("P99", reply_key="not yet recorded"))
    await act_as_operator(redis)


async def flood_session(redis: Redis) -> None:
    limited = LimitedGateway(redis, rounds=2, account_messages_per_day=6, tokens_per_day=10)
    limited.channel.capabilities = limited.channel.capabilities.model_copy(update={"statuses": True})
    await limited.say(*build_auto_replies(4))
    await limited.say("hello", "and", "again", session="fake:2")


async def make_failures(gateway: InboundGateway) -> None:
    """Open the circuit breaker of an account, and report failures by statuses."""
    redis, session = gateway.redis, "fake:7"
    gateway.channels["fake"] = gateway.channel
    limited = LimitedGateway(redis)
    limited.channel.planned_failures = [(Unavailable("down, +15550100123"), False)] * 30
    for number in range(7):
        await limited.say("hi", session=f"fake:7{number}")
    account = FailureKind.ACCOUNT
    await limited.say("hi", session=session)
    await RedisInbox(redis).accept(
        [
            StatusChanged(
                channel="twilio", provider_id="P2", status=DeliveryStatus.FAILED, error="no", failure=account
            ),
            StatusChanged(channel="twilio", provider_id="P3", status=DeliveryStatus.DELIVERED),
        ]
    )


async def erase_somebody(gateway: InboundGateway) -> None:
    await gateway.inbox.accept([TurnReceived(turn=build_turn(900, "fake:erased", "hello"))])
    await ContactErasure(gateway.redis).erase("fake:erased")


async def stream_a_text(gateway: InboundGateway) -> None:
    address = Address(channel="web", account="web", ours="web", theirs="ada")
    streamed = Turn(id="1", session="web:ada", address=address, text="hello", streamed=True)
    await gateway.inbox.accept([TurnReceived(turn=streamed)])
    await gateway.mailbox.claim("web:ada")
    publisher = TextPublisher(gateway.redis, streamed, TurnListener())
    publisher.on_text("Hi!")
    await publisher.finish()


async def act_as_operator(redis: Redis) -> None:
    await AuditLog(redis).record(AuditEntry(who="anna", act="sign in"), about=SMS)
    original = Webhook("POST", "https://bots.example.com/webhooks/twilio", {}, b"Body=hi")
    await KeptWebhooks(redis, hours=1).add_rejected(original)
    await PublicFiles(redis, "https://bots.example.com", seconds=3_600).publish(b"OggS", "audio/ogg", "a.ogg")
    await TrialChats(redis).replace("anna", "default", StoredChat(), "{}")
    await FlowVersions(redis).record("default", "0a1b2c3d4e5f")
    walking = InboundGateway(redis, ["fake"], dialog=DialogMachine(Flow.load("kyc"), "rules"))
    await walking.receive([TurnReceived(turn=build_turn(1, "fake:walking"))], "fake:walking")
    await walking.mailbox.aclose()
    await OperatorSessions(redis).create(OPERATOR_NAME)
    attempts = CredentialAttempts(redis)
    await attempts.admit("192.0.2.1", is_right=False)
    await attempts.admit("192.0.2.2", is_right=True)
    await SessionLimit(redis, 5).seconds_until_allowed("192.0.2.1")
    await announce(redis, "worker")
    await lua.load_script("check_writable", ProtocolLimits())(redis, [])
    quarantine = Quarantine(redis)
    quarantine.add("twilio", WebhookRefused("signature"), None)
    await quarantine.wait_until_written()
    async with RedisSessionStore(redis).hold("program") as held:
        await held.save({"a": 1})
    await TemplateRecords(redis).replace("whatsapp", [MessageTemplate(name="order", language="en")], 0)
    changed = TemplateChanged(channel="whatsapp", name="order", language="en", status="rejected")
    await RedisInbox(redis).accept([changed])


async def list_keys(redis: Redis) -> dict[str, KeyKind | None]:
    return {key.decode(): find_kind(key.decode()) async for key in redis.scan_iter("*")}


async def has_work(redis: Redis, session: str) -> bool:
    """Return whether something holds a session: the due index, a job, or an opt-out."""
    for index in ("tg:due", "tg:optouts"):
        if await redis.zscore(index, session) is not None:
            return True
    return bool(await redis.hexists(f"tg:{{{session}}}", "job"))


@pytest.mark.long
async def test_every_key_has_an_expiry_or_a_named_owner(gateway: InboundGateway) -> None:
    await use_every_feature(gateway)
    redis = gateway.redis
    problems: list[str] = []
    for key, kind in (await list_keys(redis)).items():
        left: int = await redis.pttl(key)
        if kind is None:
            problems.append(f"{key}: no kind")
        elif kind.days and left > (kind.days + 1) * _DAY_MS:
            problems.append(f"{key}: kept for {left / _DAY_MS:.0f} days")
        elif left == -1 and (
            kind.rule is RetentionRule.EXPIRY
            or (kind.rule is RetentionRule.WORK and not await has_work(redis, find_session(key)))
        ):
            problems.append(f"{key}: no expiry")

    assert not problems, "\n".join(problems)


@pytest.mark.long
async def test_the_run_reaches_every_kind(gateway: InboundGateway) -> None:
    await use_every_feature(gateway)
    found = {kind.keys for kind in (await list_keys(gateway.redis)).values() if kind}

    for_an_instant, of_several_partitions = (
        {"tg:stream_copy:*, tg:stream_copier:*"},
        {"tg:place:*", "tg:sent_in:*"},
    )
    assert {kind.keys for kind in KINDS} - found == for_an_instant | of_several_partitions


async def test_settings_change_how_long_data_is_kept(redis: Redis) -> None:
    days = {
        "TURNGATE_KEEP_SESSION_DAYS": 2,
        "TURNGATE_KEEP_CONTACT_DAYS": 3,
        "TURNGATE_KEEP_DEAD_LETTER_DAYS": 4,
    }
    limits = build_protocol_limits(Settings.model_validate(days))
    limited = LimitedGateway(redis)
    resolver = IdentityResolver(redis, RedisInbox(redis, limits), protocol=limits)
    limited.processor = SessionProcessor(
        mailbox=RedisMailbox(redis, limits),
        dialog=limited.dialog,
        channels={"fake": limited.channel},
        http=None,
    )
    await resolver.accept([TurnReceived(turn=build_turn(1), aliases=("fake:1", "fake:ada"))])
    await limited.processor.run("fake:1")
    now_ms = (await redis.time())[0] * 1000
    for stream in ("tg:dead", "tg:hook_dead"):
        for age in (5, 3):
            await redis.xadd(stream, {"letter": "{}"}, id=f"{now_ms - age * _DAY_MS}-0")
    await Sweeper(redis, limits).sweep()

    kept = {
        key: await redis.pttl(key) / _DAY_MS
        for key in ("tg:{fake:1}", "tg:{fake:1}:log", "tg:person:fake:ada")
    }
    assert {key: round(value) for key, value in kept.items()} == {
        "tg:{fake:1}": 2,
        "tg:{fake:1}:log": 2,
        "tg:person:fake:ada": 3,
    }
    assert [await redis.xlen(stream) for stream in ("tg:dead", "tg:hook_dead")] == [1, 1]


def test_every_setting_of_the_table_exists() -> None:
    names = {name for name, _, _ in setting_rows()}

    assert {kind.setting for kind in KINDS if kind.setting} <= names
