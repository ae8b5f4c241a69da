"""Checks of `turngate doctor` at the providers: credentials of each account, and where its webhooks go."""

from __future__ import annotations

import importlib
from collections.abc import AsyncIterator, Mapping

import httpx

from channels._kit.account_check import AccountCheck, CheckAccount
from core.errors import ConfigurationError, DeliveryError, Rejected
from gateway.bootstrap import load_channels
from gateway.config.channel_config import ConfigFile
from gateway.config.settings import Settings
from gateway.http.clients import provider_client


async def check_accounts(settings: Settings, *, fix: bool, only: str = "") -> AsyncIterator[AccountCheck]:
    """Ask each configured provider, or one channel `only`; with `fix`, change what is wrong there.

    A provider that does not answer is one failed check. Without a public https URL nothing is changed: the
    provider could not reach what would be set.
    """
    public_url = settings.public_url or ""
    try:
        accounts = list(load_channels(settings))
    except ConfigurationError:  # reported as a check of its own
        return
    config = ConfigFile.load(settings.config_path)
    async with provider_client() as http:
        for name in accounts:
            if only not in ("", name):
                continue
            account = config.accounts.get(name)
            environ = account.resolve_settings(settings.environ) if account else settings.environ
            if not public_url:
                yield AccountCheck(passed=False, message=f"{name}: set PUBLIC_URL, which the provider calls")
                continue
            may_fix = fix and public_url.startswith("https://")
            async for check in ask_provider(name, environ, public_url, http, fix=may_fix):
                yield check.model_copy(update={"message": f"{name}: {check.message}"})


async def ask_provider(
    name: str, environ: Mapping[str, str], public_url: str, http: httpx.AsyncClient, *, fix: bool
) -> AsyncIterator[AccountCheck]:
    """Ask a provider about one account, `channel` or `channel/account`; a failure is one check.

    With `fix` it changes what is wrong there.
    """
    channel = name.partition("/")[0]
    check_account: CheckAccount = importlib.import_module(f"channels.{channel}.account_check").check_account
    base = f"{public_url.rstrip('/')}/webhooks/"
    urls = list(dict.fromkeys((base + name, base + channel)))
    try:
        async for check in check_account(environ, urls, http, fix=fix):
            yield check
    except Rejected as error:
        yield AccountCheck(passed=False, message=f"the provider refused the check: {error.reason}")
    except DeliveryError as error:
        yield AccountCheck(passed=False, message=f"the provider did not answer the check: {error.reason}")
    except ConfigurationError as error:
        yield AccountCheck(passed=False, message=str(error))
