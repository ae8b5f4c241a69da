"""Checks behind `turngate doctor`: configuration, flow, Redis, workers, providers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection

from redis.exceptions import RedisError

from core.errors import ConfigurationError
from flows.document import Flow
from gateway.bootstrap import build_confirmation, build_dialog, load_channels
from gateway.config.channel_config import ConfigFile
from gateway.config.settings import Settings
from gateway.diagnostics.accounts import check_accounts
from gateway.diagnostics.check_result import CheckResult
from gateway.diagnostics.exposure import check_exposure
from gateway.diagnostics.partition import check_encryption, check_partition
from gateway.partitions.layout import admit_layout
from gateway.redis.connection.connect import open_partitions
from gateway.redis.connection.outages.error_messages import describe_redis_error
from gateway.redis.encryption.cipher import use_cipher
from gateway.redis.server.embedded_server import find_running


async def run_checks(
    settings: Settings, *, fix: bool = False, simulated: Collection[str] = ()
) -> AsyncIterator[CheckResult]:
    """Run all checks in the order of their dependencies; a check whose prerequisite failed is skipped.

    `simulated` are the channels whose provider this gateway simulates. A problem that several checks meet is
    reported once.
    """
    told: set[str] = set()
    async for check in _run_all(settings, fix=fix, simulated=simulated):
        if check.message not in told:
            told.add(check.message)
            yield check


async def _run_all(
    settings: Settings, *, fix: bool, simulated: Collection[str]
) -> AsyncIterator[CheckResult]:
    for finding in _check_configuration(settings):
        yield finding
    async for passed, message in check_exposure(settings, simulated):
        yield CheckResult(passed=passed, message=message)
    async for check in check_accounts(settings, fix=fix):
        yield CheckResult(passed=check.passed, message=check.message, can_fix=check.can_fix)
    url = settings.redis_url or find_running(settings.data_dir)
    if not url:
        yield CheckResult(
            passed=True,
            message=f"Redis: REDIS_URL is not set, and no `turngate run` is active in {settings.data_dir}",
        )
        return
    if not settings.redis_url:
        yield CheckResult(passed=True, message=f"`turngate run` is active in {settings.data_dir}")
    async for finding in _check_partitions(url, settings):
        yield finding


async def _check_partitions(url: str, settings: Settings) -> AsyncIterator[CheckResult]:
    """Check what the home partition has, and of the others what is wrong there."""
    try:
        stores = open_partitions(url, settings.partitions)
    except ConfigurationError as error:
        yield CheckResult(passed=False, message=str(error))
        return
    try:
        await admit_layout(stores[0], settings.partitions)
        for number, redis in enumerate(stores):
            cipher = use_cipher(redis, settings.encryption_ring)
            checks = [await check_encryption(redis, cipher)]
            checks += [each async for each in check_partition(redis, build_confirmation(settings, redis))]
            for check in checks:
                if number == 0:
                    yield check
                elif not check.passed:
                    place = "" if check.message.startswith("Partition ") else f"Partition p{number}: "
                    yield check.model_copy(update={"message": f"{place}{check.message}"})
    except ConfigurationError as error:
        yield CheckResult(passed=False, message=str(error))
    except (RedisError, OSError) as error:
        yield CheckResult(passed=False, message=describe_redis_error(error))
    finally:
        for redis in stores:
            await redis.aclose()


def _check_flow(settings: Settings, channel: str = "") -> list[CheckResult]:
    """Check a flow with its tools; `channel` is the one that has it in TURNGATE_CONFIG."""
    place = f"{channel}: " if channel else ""
    try:
        disabled = build_dialog(settings).machine.disabled_tools
        model = f"{place}Flow {settings.flow_path.name} with model {settings.llm}"
        warnings = [f"{each.path}: {each.message}" for each in Flow.load(settings.flow_path).warnings]
    except ConfigurationError as error:
        return [CheckResult(passed=False, message=f"{place}{error}")]
    warnings += [
        f"tool {name}: There is no Python function of this name in TURNGATE_TOOLS, so it is not offered"
        for name in disabled
    ]
    return [
        CheckResult(passed=True, message=model),
        *(CheckResult(passed=False, message=f"{place}Flow: {each}") for each in warnings),
    ]


def _check_configuration(settings: Settings) -> list[CheckResult]:
    results = _check_flow(settings)
    try:
        for channel, flow in ConfigFile.load(settings.config_path).flows.items():
            results += _check_flow(settings.model_copy(update={"flow": flow}), channel)
        names = ", ".join(load_channels(settings))
        message = (
            f"Channels: {names}" if names else "Channels: no credentials set; the providers are simulated"
        )
        results.append(CheckResult(passed=True, message=message))
    except ConfigurationError as error:
        results.append(CheckResult(passed=False, message=str(error)))
    return results
