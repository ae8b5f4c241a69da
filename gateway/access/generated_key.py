"""The operator key that is generated when none is set, in a file of the data folder."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from core.errors import ConfigurationError
from gateway.private_files import make_private_folder

_FILE_NAME = "operator-key"
_OTHERS = 0o077


@dataclass(frozen=True, slots=True)
class GeneratedKey:
    """A generated key. `is_new`: this call has created it, so the caller must show it."""

    path: Path
    secret: str = field(repr=False)
    is_new: bool = False


def new_secret() -> str:
    """Return a strong random key."""
    return secrets.token_urlsafe(32)


def key_path(folder: Path) -> Path:
    """Return the path of the key in a data folder."""
    return folder.resolve() / _FILE_NAME


def read_key(folder: Path) -> GeneratedKey | None:
    """Return the key of a data folder; `None` if there is none.

    Raises `ConfigurationError` if others may read it or it is empty.
    """
    path = key_path(folder)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unusable(path, error) from None
    with os.fdopen(descriptor, encoding="ascii") as file:
        if os.fstat(descriptor).st_mode & _OTHERS:
            raise ConfigurationError(
                f"{path} may be read by other users of this machine; delete it, and the next start makes "
                "another key"
            )
        secret = file.read(1_000).strip()
    if not secret:
        raise ConfigurationError(f"{path} is empty; delete it, and the next start makes another key")
    return GeneratedKey(path, secret)


def load_or_create_key(folder: Path) -> GeneratedKey:
    """Return the key of a data folder, and create it first if there is none.

    Processes that start at the same time get the same key. Raises `ConfigurationError`.
    """
    if found := read_key(folder):
        return found
    path, secret = key_path(folder), new_secret()
    try:
        make_private_folder(path.parent)
    except ConfigurationError as error:
        raise ConfigurationError(f"no operator key: {error}; or set TURNGATE_API_KEY") from None
    draft = path.with_name(f"{_FILE_NAME}.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(f"{secret}\n")
            file.flush()
            os.fsync(descriptor)
        try:
            path.hardlink_to(draft)  # atomic; fails if another process was first
            return GeneratedKey(path, secret, is_new=True)
        except FileExistsError:
            pass
    except OSError as error:
        raise _unusable(path, error) from None
    finally:
        with suppress(OSError):
            draft.unlink()
    found = read_key(folder)
    if found is None:
        raise ConfigurationError(f"{path} was deleted while it was read; start again")
    return found


def _unusable(path: Path, error: OSError) -> ConfigurationError:
    return ConfigurationError(
        f"no operator key: {path} cannot be used ({error.strerror}); set TURNGATE_API_KEY, or "
        "TURNGATE_DATA_DIR to a writable folder"
    )
