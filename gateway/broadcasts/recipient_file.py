"""Recipients from a CSV file: a column with the contacts, further columns are variables."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Final

from pydantic import Field

from core.model import FrozenModel

MAX_FILE_BYTES: Final = 50 * 1024 * 1024
MAX_ROWS: Final = 250_000
MAX_COLUMNS: Final = 50
MAX_VALUE_LENGTH: Final = 1_024
TO_COLUMN: Final = "to"
CONTACT_COLUMNS: Final = (
    "contact",
    "phone",
    "phone number",
    "number",
    "mobile",
    "whatsapp",
    "email",
    "e-mail",
    "user id",
)
"""Accepted names of the contact column where there is no `to`, in any case, with spaces or underscores."""

_SEPARATORS: Final = ",;\t|"
_ENCODINGS: Final = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


class RecipientFileError(ValueError):
    """The file as a whole cannot be used; the message says why and what to do."""


class Recipient(FrozenModel):
    """One row: its line in the file, the contact, and the variables. `problem` is why it gets nothing."""

    line: int
    to: str
    variables: dict[str, str] = Field(default_factory=dict)
    problem: str = ""


def read_recipients(content: bytes) -> Iterator[Recipient]:
    """Read a CSV file with a header, in UTF-8 or UTF-16; the separator is detected from the header.

    A row that cannot be used is returned with its problem. Raises `RecipientFileError`, also where a quote is
    not closed: the rows after it would be sent to one contact, as the value of a variable.
    """
    if len(content) > MAX_FILE_BYTES:
        raise RecipientFileError(f"the file has more than {MAX_FILE_BYTES} bytes; split it")
    text = io.StringIO(_decode(content), newline="")
    lines = csv.reader(text, delimiter=_find_separator(content), strict=True)
    try:
        header = _name_contact_column([name.strip() for name in next(lines, [])])
        _check_header(header)
        count = 0
        for values in lines:
            if not any(value.strip() for value in values):
                continue
            count += 1
            if count > MAX_ROWS:
                raise RecipientFileError(f"the file has more than {MAX_ROWS} rows; split it")
            yield _parse_row(lines.line_num, header, values)
    except csv.Error as error:
        raise RecipientFileError(f"line {lines.line_num}: it is not CSV: {error}") from None


def _decode(content: bytes) -> str:
    encoding = next((name for mark, name in _ENCODINGS.items() if content.startswith(mark)), "utf-8")
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        raise RecipientFileError(f"the file is not in {encoding.upper()}; save it as CSV UTF-8") from None


def _find_separator(content: bytes) -> str:
    """Return the separator that is most frequent in the header."""
    first = _decode(content).partition("\n")[0]
    return max(_SEPARATORS, key=first.count)


def _name_contact_column(header: list[str]) -> list[str]:
    """Return the header with `to` in place of the one column that is named for contacts."""
    if TO_COLUMN in header:
        return header
    folded = [name.casefold().replace("_", " ") for name in header]
    found = [place for place, name in enumerate(folded) if name in (TO_COLUMN, *CONTACT_COLUMNS)]
    if len(found) > 1:
        names = ", ".join(header[place] for place in found)
        raise RecipientFileError(f'several columns may be the contacts: {names}; name the right one "to"')
    return [TO_COLUMN if place in found else name for place, name in enumerate(header)]


def _check_header(header: list[str]) -> None:
    if TO_COLUMN not in header:
        found = ", ".join(header[:10]) or "nothing"
        raise RecipientFileError(f'the first line has no column "{TO_COLUMN}"; it has: {found}')
    if len(header) > MAX_COLUMNS:
        raise RecipientFileError(f"the file has more than {MAX_COLUMNS} columns")
    repeated = sorted({name for name in header if name and header.count(name) > 1})
    if repeated:
        raise RecipientFileError(f"columns with the same name: {', '.join(repeated)}")


def _parse_row(line: int, header: list[str], values: list[str]) -> Recipient:
    row = dict(zip(header, (value.strip() for value in values), strict=False))
    to = row.pop(TO_COLUMN, "")[:MAX_VALUE_LENGTH]
    problem = ""
    if len(values) > len(header):
        problem = f"{len(values)} values for {len(header)} columns; quote values that contain the separator"
    elif not to:
        problem = 'the column "to" is empty'
    elif too_long := [name for name, value in row.items() if len(value) > MAX_VALUE_LENGTH]:
        problem = f"{', '.join(too_long)}: more than {MAX_VALUE_LENGTH} characters"
    return Recipient(line=line, to=to, variables=_drop_empty(row), problem=problem)


def _drop_empty(row: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in row.items() if value and name}
