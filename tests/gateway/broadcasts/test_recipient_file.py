"""Recipients from CSV files as people save them, and from hostile ones."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.broadcasts.recipient_file import RecipientFileError, read_recipients

ROW = [("+15550100", {"name": "Ada"})]


@pytest.mark.parametrize(
    "content",
    [
        b"to,name\n+15550100,Ada\n",
        b"\xef\xbb\xbfto;name\r\n+15550100;Ada\r\n",
        b"name\tto\nAda\t+15550100",
        "to,name\n+15550100,Ada\n".encode("utf-16"),
        b' to , name\n"+15550100"," Ada "\n\n,\n',
        b"name,Phone_Number\nAda,+15550100\n",
        b"to,name,,\n+15550100,Ada,,\n",
    ],
    ids=["plain", "BOM and semicolons", "tabs", "UTF-16", "blanks", "another name", "columns without name"],
)
def test_a_file_is_read_as_it_was_saved(content: bytes) -> None:
    assert [(each.to, each.variables) for each in read_recipients(content)] == ROW


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (b",Ada", "empty"),
        (b"+15550100,Ada,more", "3 values for 2 columns"),
        (b"+15550100," + b"x" * 2000, "more than 1024 characters"),
    ],
)
def test_a_row_that_cannot_be_used_says_why(row: bytes, problem: str) -> None:
    [found] = read_recipients(b"to,name\n" + row)
    assert problem in found.problem
    assert found.line == 2


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", 'no column "to"'),
        (b"whom,name\n1,Ada", 'no column "to"'),
        (b"Phone,e-mail\n1,2", 'several columns may be the contacts: Phone, e-mail; name the right one "to"'),
        (b"to,name,name\n1,2,3", "same name"),
        (b"to,name\n\xff\xfe\xfa", "not in UTF-8"),
        (b'to,name\n+15550100,"Ada\n+15550101,Bob\n', "not CSV"),
        (b'to,name\n+15550100,"Ada\n+15550101,"Bob"\n', "line 3: it is not CSV"),
        (b"to\n" + b"\n".join([b'"' + b"x" * 200_000]), "not CSV"),
        (",".join(["to", *map(str, range(60))]).encode(), "more than 50 columns"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(content: bytes, reason: str) -> None:
    with pytest.raises(RecipientFileError, match=reason):
        list(read_recipients(content))


@given(st.binary(max_size=300))
def test_no_content_breaks_the_reader(content: bytes) -> None:
    with suppress(RecipientFileError):
        rows = list(read_recipients(b"to,name\n" + content))
        assert all(row.to or row.problem for row in rows)
