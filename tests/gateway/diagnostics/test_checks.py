"""`turngate doctor`: each possible problem is found in a real environment, with the action to take."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from redis.asyncio import Redis

from core.errors import ConfigurationError, Rejected
from core.model import DeliveryStatus, FailureKind, StatusChanged
from gateway.config.settings import Settings
from gateway.diagnostics.checks import run_checks
from gateway.local.supervisor import check_settings
from gateway.redis.records.processes import worker_presence
from tests.core.rig import Rig
from tests.gateway.environments.running import RunningGateway
from tests.gateway.environments.stack import running_stack

FLOW_WITH_A_TOOL = """\
system_prompt: You take orders.
initial_node: hello
tools: [{id: stock, name: stock, type: python, description: "How many are left"}]
nodes: [{id: hello, name: Hello, static_text: Hello!, is_final: true}]
"""


async def run_doctor(**settings: str) -> tuple[str, str]:
    """Return the passed and the failed checks, one per line."""
    results = [finding async for finding in run_checks(Settings.model_validate(settings))]
    passed = "\n".join(finding.message for finding in results if finding.passed)
    return passed, "\n".join(finding.message for finding in results if not finding.passed)


async def test_without_any_setting_all_checks_pass() -> None:
    passed, unwell = await run_doctor()

    assert "simulated" in passed
    assert "no `turngate run` is active" in passed
    assert unwell == ""


async def test_a_missing_flow_is_found() -> None:
    assert "TURNGATE_FLOW" in (await run_doctor(TURNGATE_FLOW="nowhere.json"))[1]


@pytest.fixture
def _flows_of_channels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Write a configuration with an invalid flow, one that is missing, and one whose tool is nowhere."""
    monkeypatch.chdir(tmp_path)
    Path("half.yaml").write_text("system_prompt: x\n", encoding="utf-8")
    Path("tools.yaml").write_text(FLOW_WITH_A_TOOL, encoding="utf-8")
    flows = {"twilio": "half.yaml", "zendesk": "nowhere.yaml", "whatsapp": "tools.yaml"}
    sections = [f"[channels.{channel}]\nflow = '{flow}'\n" for channel, flow in flows.items()]
    Path("a.toml").write_text("".join(sections), encoding="utf-8")


@pytest.mark.usefixtures("_flows_of_channels")
async def test_the_flow_of_each_channel_is_checked_with_its_tools() -> None:
    passed, unwell = await run_doctor(TURNGATE_CONFIG="a.toml")

    assert "Flow support.json with model rules" in passed
    assert "whatsapp: Flow tools.yaml with model rules" in passed
    assert "twilio: half.yaml: 2 problems" in unwell
    assert "zendesk: TURNGATE_FLOW: file nowhere.yaml not found" in unwell
    assert "whatsapp: Flow: tool stock: There is no Python function of this name" in unwell
    with pytest.raises(ConfigurationError, match=r"half\.yaml: 2 problems"):
        check_settings(Settings.model_validate({"TURNGATE_CONFIG": "a.toml"}))


async def test_a_problem_that_several_checks_meet_is_told_once() -> None:
    assert (await run_doctor(TURNGATE_CONFIG="nowhere.toml"))[1].count("nowhere.toml") == 1


@pytest.mark.long
async def test_an_unreachable_server_is_found() -> None:
    assert "Redis refuses the connection" in (await run_doctor(REDIS_URL="redis://127.0.0.1:1"))[1]


@pytest.mark.long
async def test_a_missing_worker_and_dead_letters_are_found(redis: Redis, redis_url: str) -> None:
    await redis.xadd("tg:dead", {"session": "s", "letter": "{}"})
    _, before = await run_doctor(REDIS_URL=redis_url)
    await worker_presence.announce(redis, "one")
    passed, _ = await run_doctor(REDIS_URL=redis_url)

    assert "start one with `turngate worker`" in before
    assert "turngate dead list" in before
    assert "A worker is alive" in passed


@pytest.mark.long
async def test_a_server_that_refuses_writes_is_found(redis: Redis, redis_url: str) -> None:
    await redis.config_set("min-replicas-to-write", "1")
    try:
        _, unwell = await run_doctor(REDIS_URL=redis_url)
    finally:
        await redis.config_set("min-replicas-to-write", "0")
    passed, _ = await run_doctor(REDIS_URL=redis_url)

    assert "min-replicas-to-write" in unwell
    assert "Redis accepts writes" in passed


async def test_replicas_that_have_to_confirm_and_are_missing_are_found(redis: Redis, redis_url: str) -> None:
    given = {"TURNGATE_DURABILITY": "replicated", "TURNGATE_REPLICAS": "2"}
    _, unwell = await run_doctor(REDIS_URL=redis_url, **given)

    assert "Redis has 0 of 2 replicas (TURNGATE_REPLICAS)" in unwell


async def report_failures(redis: Redis, people: int) -> None:
    """Let the provider accept a reply to each person and report then that it was not delivered."""
    rig = Rig(redis)
    for number in range(1, people + 1):
        await rig.accept_turns(number, session=f"s{number}")
        await rig.process(f"s{number}")
        status = StatusChanged(
            channel="fake",
            provider_id=f"P{number}",
            status=DeliveryStatus.FAILED,
            error_code="30034",
            error_text="unregistered",
            failure=FailureKind.ACCOUNT,
        )
        await rig.inbox.accept([status])
    await rig.mailbox.aclose()


async def test_replies_that_are_accepted_and_never_delivered_are_found(redis: Redis, redis_url: str) -> None:
    await report_failures(redis, 20)
    _, unwell = await run_doctor(REDIS_URL=redis_url)

    assert "fake:A1: the provider accepts replies and then reports 30034 (unregistered)" in unwell
    assert "fake: 20 of 20 messages failed in the last 24 hours (account 20)" in unwell


async def test_the_reason_of_an_open_circuit_breaker_is_shown(redis: Redis, redis_url: str) -> None:
    rig = Rig(redis)
    rig.channel.planned_failures = [
        (Rejected("token expired", code="190", failure=FailureKind.ACCOUNT), False)
    ]
    await rig.accept_turns(1)
    await rig.process()
    await rig.mailbox.aclose()
    _, unwell = await run_doctor(REDIS_URL=redis_url)

    assert "fake:A1 (token expired): circuit breaker open" in unwell


@pytest.mark.long
async def test_a_worker_that_expects_pickle_is_found() -> None:
    async with running_stack(durable=True) as stack:
        await stack.accept_message(1, "hi")
        stock = await stack.start_rq("worker", "--burst", "turns")
        await stock.communicate()
        _, unwell = await run_doctor(REDIS_URL=stack.url)

    assert "1 job failed" in unwell
    assert "--serializer json" in unwell


@pytest.mark.long
async def test_the_accounts_are_checked_at_their_providers() -> None:
    async with running_stack() as stack:
        stack.simulator.account_resource._webhook_url = "https://old.example.com/webhooks/twilio"
        stack.add_settings(REDIS_URL=stack.url)
        command = (sys.executable, "-m", "gateway", "doctor", "--json")
        process = await stack.start_process(*command, "--fix")  # PUBLIC_URL is not public: nothing is changed
        results = json.loads((await process.communicate())[0])
        stack.add_settings(TWILIO_AUTH_TOKEN="f" * 32)
        refused = (await (await stack.start_process(*command)).communicate())[0].decode()

    assert process.returncode == 1
    assert stack.simulator.account_resource.changed == {}
    messages = {each["message"]: each["passed"] for each in results}
    assert messages["twilio: the account is active"]
    assert any("twilio: the number" in each and not passed for each, passed in messages.items())
    assert any("clock agrees" in each for each in messages)
    assert "twilio: the provider refused the check: twilio 20003" in refused


@pytest.mark.long
def test_the_running_gateway_of_this_folder_is_found(tmp_path: Path) -> None:
    running = RunningGateway(tmp_path)
    try:
        running.wait_until_ready()
        result = subprocess.run(
            [sys.executable, "-m", "gateway", "doctor"],
            cwd=tmp_path,
            env={**os.environ, "PYTHONIOENCODING": "ascii", "LC_ALL": "C", "COLUMNS": "40"},
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        running.stop()

    assert "OK `turngate run` is active in" in result.stdout
    assert "OK A worker is alive\n" in result.stdout
    assert result.returncode == 0, result.stdout + result.stderr
