"""Captions of files: the contact's words, unless an app has written the name of the file there."""

from __future__ import annotations

from pathlib import PurePosixPath

from channels._kit.text import normalize_for_comparison


def remove_file_name(caption: str, name: str) -> str:
    """Return a caption; empty if it is only the file's name, with or without its extension."""
    said = normalize_for_comparison(caption)
    names = {normalize_for_comparison(each) for each in (name, PurePosixPath(name).stem)}
    return "" if name and said in names else caption
