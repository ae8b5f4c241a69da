"""`turngate optout`: the list of opt-outs, and the operator's changes."""

from __future__ import annotations

import json

from redis import Redis

from core.errors import ConfigurationError
from tests.core.rig import Rig
from tests.fakes import ADDRESS
from tests.gateway.cli.test_sessions import ask_command, prepare, run_command

__all__ = ["ask_command"]

NAMES = [f"fake:A1:us:{ADDRESS.theirs}", f"fake:A1:them:{ADDRESS.theirs}"]


async def _open_two_sessions(rig: Rig) -> None:
    for session in NAMES:
        await rig.accept_turns(1, session=session)


def test_opt_outs_are_added_listed_and_removed(ask_command: str) -> None:
    prepare(ask_command, _open_two_sessions)
    assert "Opted out: 2 sessions" in run_command("optout", "add", ADDRESS.theirs).output
    assert "marketing" not in run_command("optout", "list").output
    listed = json.loads(run_command("optout", "list", "--json").output)
    assert {(row["session"], row["scope"]) for row in listed} == {(name, "all") for name in NAMES}
    first, second = (
        json.loads(run_command("optout", "list", "--json", "--limit", "1", *more).output)
        for more in ((), ("--offset", "1"))
    )
    assert {first[0]["session"], second[0]["session"]} == set(NAMES)

    assert run_command("optout", "remove", ADDRESS.theirs).exit_code == 1  # nobody confirms
    assert len(json.loads(run_command("optout", "list", "--json").output)) == 2
    removed = json.loads(run_command("optout", "remove", ADDRESS.theirs, "--yes", "--json").output)
    assert set(removed["sessions"]) == set(NAMES)
    assert "0 opt-outs" in run_command("optout", "list").output


def test_all_opt_outs_are_exported(ask_command: str) -> None:
    async def opt_out_many(rig: Rig) -> None:
        await _open_two_sessions(rig)
        members = {f"fake:A1:us:+1555{number:07}": number + 1 for number in range(1_100)}
        await rig.redis.zadd("tg:optouts", members)

    prepare(ask_command, opt_out_many)
    run_command("optout", "add", NAMES[0], "--scope", "marketing")

    assert "100 rows" in run_command("optout", "list").output
    assert len(json.loads(run_command("optout", "list", "--json").output)) == 1_102
    header, newest, *rest = run_command("optout", "list", "--csv").output.splitlines()
    assert header == "contact,scope,since,session"
    assert newest.startswith(f"{ADDRESS.theirs},marketing,20")
    assert len(rest) == 1_101
    assert rest[1].startswith("+15550001099,all,1970-01-01")


def test_marketing_is_a_scope(ask_command: str) -> None:
    prepare(ask_command, _open_two_sessions)
    run_command("optout", "add", NAMES[0], "--scope", "marketing")

    assert f"{NAMES[0]}  marketing  since" in run_command("optout", "list").output


def test_an_unknown_or_short_contact_changes_nothing(ask_command: str) -> None:
    prepare(ask_command, _open_two_sessions)

    assert run_command("optout", "add", "+15550999").exit_code == 1
    assert run_command("optout", "add", "+1").exit_code == 2


def test_the_opt_out_of_an_erased_contact_is_removed_by_session(ask_command: str) -> None:
    prepare(ask_command, _open_two_sessions)
    run_command("optout", "add", ADDRESS.theirs)
    run_command("erase", ADDRESS.theirs, "--yes")
    assert "0 opt-outs" in run_command("optout", "list").output

    assert run_command("optout", "remove", NAMES[0], "--yes").exit_code == 0
    assert run_command("optout", "remove", NAMES[0], "--yes").exit_code == 1


def test_an_opt_out_that_redis_refuses_to_store_says_why(ask_command: str, sync_redis: Redis) -> None:
    prepare(ask_command, _open_two_sessions)
    sync_redis.config_set("maxmemory", "1")
    try:
        refused = run_command("optout", "add", ADDRESS.theirs)
    finally:
        sync_redis.config_set("maxmemory", "0")

    assert isinstance(refused.exception, ConfigurationError)
    assert "out of memory" in str(refused.exception)
