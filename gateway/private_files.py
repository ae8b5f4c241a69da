"""Files with secrets and messages, which other users of this machine must not be able to read."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

from core.errors import ConfigurationError

_MAX_SECRET_BYTES: Final = 64 * 1024
_OTHERS: Final = 0o007
_ANYONE_ELSE: Final = 0o077
_MOUNTED_SECRETS: Final = (Path("/run/secrets"), Path("/var/run/secrets"))
"""Folder in which container engines mount secrets, with modes that the operator cannot choose."""


def read_secret_file(setting: str, path: Path) -> str:
    """Return the text of a secret's file without the line break at its end.

    `setting` is named in the `ConfigurationError` for a file that cannot be read, is empty or no text, or
    that every user of this machine may read.
    """
    try:
        # not blocked by a named pipe
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is no path"
        raise ConfigurationError(
            f"{setting}: {path} cannot be read ({reason}); name a file that the user of this process may read"
        ) from None
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        raise ConfigurationError(f"{setting}: {path} is not a regular file; name a file with the secret")
    with os.fdopen(descriptor, "rb") as file:
        if mode & _OTHERS and not _is_mounted(path):
            raise ConfigurationError(
                f"{setting}: {path} may be read by every user of this machine; run `chmod 600 {path}`"
            )
        try:
            content = file.read(_MAX_SECRET_BYTES + 1)
        except OSError as error:
            raise ConfigurationError(f"{setting}: {path} cannot be read ({error.strerror})") from None
    if len(content) > _MAX_SECRET_BYTES:
        raise ConfigurationError(
            f"{setting}: {path} is larger than {_MAX_SECRET_BYTES:,} bytes, so no secret"
        )
    try:
        text = content.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        raise ConfigurationError(
            f"{setting}: {path} is not a text file; name a file with the secret"
        ) from None
    if not text.strip() or "\0" in text:
        raise ConfigurationError(f"{setting}: {path} is empty; write the secret into it")
    return text


def make_private_folder(folder: Path) -> None:
    """Create a data folder, or take away what others may do in it.

    Raises `ConfigurationError` if that is not possible.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if stat.S_IMODE(folder.stat().st_mode) & _ANYONE_ELSE:
            folder.chmod(0o700)
        mode = stat.S_IMODE(folder.stat().st_mode)
    except OSError as error:
        raise ConfigurationError(
            f"TURNGATE_DATA_DIR: {folder} is not usable ({error.strerror}); name a folder that belongs to "
            "the user of this process, such as one that does not exist yet"
        ) from None
    if mode & _ANYONE_ELSE:
        raise _readable_by_others_error(folder, mode)


def make_private_files(folder: Path, names: tuple[str, ...]) -> None:
    """Take away what others may do with these files of a folder, and with files in folders of these names.

    Raises `ConfigurationError` if that is not possible.
    """
    for name in names:
        path = folder / name
        for each in (path, *sorted(path.iterdir())) if path.is_dir() and not path.is_symlink() else (path,):
            _make_private(each)


def _make_private(path: Path) -> None:
    try:
        before = path.lstat()
        if not (stat.S_ISREG(before.st_mode) or stat.S_ISDIR(before.st_mode)):
            return
        if stat.S_IMODE(before.st_mode) & _ANYONE_ELSE:
            path.chmod(0o700 if stat.S_ISDIR(before.st_mode) else 0o600)
        mode = stat.S_IMODE(path.lstat().st_mode)
    except FileNotFoundError:
        return
    except OSError as error:
        raise ConfigurationError(
            f"TURNGATE_DATA_DIR: others may read {path}, and that cannot be changed ({error.strerror}); give "
            "the folder to the user of this process, or name another one"
        ) from None
    if mode & _ANYONE_ELSE:
        raise _readable_by_others_error(path, mode)


def _readable_by_others_error(path: Path, mode: int) -> ConfigurationError:
    return ConfigurationError(
        f"TURNGATE_DATA_DIR: others may read {path} (mode {mode:o}), and its file system keeps no other "
        "mode; name a folder on another one"
    )


def _is_mounted(path: Path) -> bool:
    absolute = Path(os.path.abspath(path))  # noqa: PTH100 - links in it stay: the mount has links of its own
    return any(absolute.is_relative_to(folder) for folder in _MOUNTED_SECRETS)
