"""Secrets from files: the setting `X_FILE` names a file with the value of `X`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final

from core.errors import ConfigurationError
from gateway.private_files import read_secret_file

FILE_SUFFIX: Final = "_FILE"


def resolve_secret_files(variables: Mapping[str, str], secrets: Collection[str]) -> dict[str, str]:
    """Return the variables, with each of `secrets` that a file holds in place of the file's name.

    Raises `ConfigurationError` if a secret is set in both ways, or its file cannot be used.
    """
    resolved = dict(variables)
    for name in secrets:
        path = resolved.pop(f"{name}{FILE_SUFFIX}", "").strip()
        if not path:
            continue
        if resolved.get(name, "").strip():
            raise ConfigurationError(f"{name} and {name}{FILE_SUFFIX} are both set; set one of them")
        resolved[name] = read_secret_file(f"{name}{FILE_SUFFIX}", Path(path))
    return resolved
