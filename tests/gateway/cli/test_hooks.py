"""`turngate hooks`: adding, listing and changing subscriptions."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
import redis as sync
from standardwebhooks import Webhook

from tests.core.rig import Rig
from tests.gateway.cli.test_sessions import ask_command, prepare, run_command

__all__ = ["ask_command"]


class _Handler(BaseHTTPRequestHandler):
    status = 204
    received: list[tuple[bytes, dict[str, str]]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        type(self).received.append((body, dict(self.headers)))
        self.send_response(self.status)
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def handler() -> type[_Handler]:
    return type("Handler", (_Handler,), {"received": []})


@pytest.fixture
def url(handler: type[_Handler], ask_command: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Return the URL of a receiver in a thread; the commands run in separate event loops."""

    async def prepare_nothing(rig: Rig) -> None:
        return None

    prepare(ask_command, prepare_nothing)
    server = HTTPServer(("127.0.0.1", 0), handler)
    host = f"127.0.0.1:{server.server_port}"
    monkeypatch.setenv("TURNGATE_PRIVATE_HOSTS", host)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://{host}/hooks"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.long
def test_a_hook_is_added_tested_rotated_and_removed(url: str, handler: type[_Handler]) -> None:
    added = json.loads(
        run_command("hooks", "add", url, "--name", "crm", "--event", "reply.failed", "--json").output
    )
    assert added["name"] == "crm"
    assert run_command("hooks", "add", url, "--name", "crm").exit_code == 1

    assert run_command("hooks", "test", "crm").output == "crm: delivered.\n"
    rotated = json.loads(run_command("hooks", "rotate", "crm", "--json").output)
    assert json.loads(run_command("hooks", "test", "crm", "--json").output)["delivered"]
    body, headers = handler.received[-1]
    for secret in (added["secret"], rotated["secret"]):
        assert Webhook(secret).verify(body, headers)["type"] == "hook.test"
    run_command("hooks", "rotate", "crm", "--hours", "0")
    run_command("hooks", "test", "crm")
    with pytest.raises(Exception, match="signature"):
        Webhook(rotated["secret"]).verify(*handler.received[-1])

    [row] = json.loads(run_command("hooks", "list", "--json").output)
    assert (row["name"], row["events"], row["secrets"]) == ("crm", ["reply.failed"], 1)
    assert "whsec_" not in run_command("hooks", "list").output
    assert run_command("hooks", "remove", "crm").exit_code == 1  # nobody confirms
    assert run_command("hooks", "remove", "crm", "--yes").exit_code == 0
    assert run_command("hooks", "remove", "crm", "--yes").exit_code == 1
    assert "0 hooks" in run_command("hooks", "list").output


def test_a_failing_test_says_why(url: str, handler: type[_Handler]) -> None:
    run_command("hooks", "add", url, "--name", "crm")
    handler.status = 503
    failed = run_command("hooks", "test", "crm")
    assert failed.exit_code == 1
    assert "it answered 503" in failed.output
    assert run_command("hooks", "test", "other").exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["http://example.com/"], "https://"),
        (["ftp://example.com/"], "https://"),
        (["https://user:secret@example.com/"], "password"),
        (["https://example.com/", "--event", "reply.send"], "unknown event"),
        (["https://example.com/", "--name", "A B"], "a name has"),
        (["https://[::1/"], "cannot be read"),
    ],
)
def test_a_wrong_hook_is_refused_with_the_reason(
    ask_command: str, arguments: list[str], message: str
) -> None:
    result = run_command("hooks", "add", *arguments)
    assert result.exit_code != 0
    assert message in str(result.exception)


def test_given_up_events_are_listed_and_replayed(url: str, sync_redis: sync.Redis) -> None:
    run_command("hooks", "add", url, "--name", "crm")
    event = {
        "id": "1795400000000-0",
        "kind": "reply.sent",
        "session": "",
        "attempts": 40,
        "reason": "too old",
    }
    letter: Any = sync_redis.xadd("tg:hook_dead", {"hook": "crm", "session": "", "event": json.dumps(event)})
    broken: Any = sync_redis.xadd("tg:hook_dead", {"hook": "crm", "session": "", "event": "[]"})
    orphan: Any = sync_redis.xadd("tg:hook_dead", {"hook": "gone", "session": "", "event": json.dumps(event)})
    rows = json.loads(run_command("hooks", "failed", "--hook", "crm", "--json").output)
    assert (rows[0]["type"], rows[0]["reason"]) == ("reply.sent", "too old")
    assert "3 events" in run_command("hooks", "failed").output

    assert run_command("hooks", "replay").exit_code == 2
    assert "Re-queued 1 of 1" in run_command("hooks", "replay", letter.decode()).output
    for other, reason in ((letter, "already replayed"), (broken, "not readable"), (orphan, "was removed")):
        result = run_command("hooks", "replay", other.decode())
        assert (result.exit_code, reason in result.output) == (1, True)
    assert sync_redis.zcard("tg:hook:crm:due") == 1
