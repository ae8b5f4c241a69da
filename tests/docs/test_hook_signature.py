"""The signature of a hook's event, verified as docs/hooks.md does it without a library."""

from __future__ import annotations

import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from standardwebhooks import Webhook

from tests.paths import DOCS

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed here")
def test_openssl_makes_the_signature_that_the_event_has(tmp_path: Path) -> None:
    [script] = re.findall(r"^```sh\n(.*?)^```", (DOCS / "hooks.md").read_text(), re.DOTALL | re.MULTILINE)
    body, now = '{"type":"message.received","data":{"text":"né €"}}', datetime.now(UTC)
    (tmp_path / "body.json").write_text(body, encoding="utf-8")
    environ = {"SECRET": SECRET, "WEBHOOK_ID": "evt_1", "WEBHOOK_TIMESTAMP": str(int(now.timestamp()))}

    made = subprocess.run(
        ["sh", "-c", script],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", **environ},
        capture_output=True,
        text=True,
    )

    assert f"v1,{made.stdout.strip()}" == Webhook(SECRET).sign("evt_1", now, body), made.stderr
