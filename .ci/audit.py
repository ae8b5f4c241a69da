"""Audit the locked dependencies against the published advisories; `python .ci/audit.py PATH_OF_UV`.

Exit status: 0 without a known vulnerability, and also where the advisories cannot be reached, which is said;
1 with a vulnerability; 2 if the audit itself failed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

AUDIT = "pip-audit==2.10.1"
REQUIREMENTS = "requirements.txt"


def main(uv: str) -> int:
    """Run the audit and print its verdict."""
    command = [uv, "tool", "run", "-q", AUDIT, "--disable-pip", "--require-hashes", "-r", REQUIREMENTS]
    environ = {**os.environ, "UV_SYSTEM_CERTS": "1"}
    result = subprocess.run(
        [*command, "--format=json", "--timeout=10", "--progress-spinner=off"],
        capture_output=True,
        env=environ,
        check=False,
    )
    try:
        dependencies = json.loads(result.stdout)["dependencies"]
    except (ValueError, KeyError, TypeError):
        print(f"audit: pip-audit failed:\n{result.stderr.decode()[-2_000:]}", file=sys.stderr)
        return 2
    lines, status = summarize(dependencies)
    print("\n".join(lines))
    return status


def summarize(dependencies: list[dict[str, Any]]) -> tuple[list[str], int]:
    """Return what to print about the audited dependencies, and the exit status."""
    skipped = [each["name"] for each in dependencies if "skip_reason" in each]
    vulnerable = [each for each in dependencies if each.get("vulns")]
    lines = [
        f"audit: {each['name']} {each['version']}: {found['id']}; fixed in "
        f"{', '.join(found['fix_versions']) or 'no release yet'}"
        for each in vulnerable
        for found in each["vulns"]
    ]
    audited = len(dependencies) - len(skipped)
    if not audited:
        return ["audit: NOT DONE: the advisories cannot be reached from here"], 0
    lines.append(
        f"audit: {audited} of {len(dependencies)} dependencies audited, {len(vulnerable)} vulnerable"
    )
    if skipped:
        lines.append(f"audit: no advisories about {', '.join(skipped)}")
    return lines, 1 if vulnerable else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
