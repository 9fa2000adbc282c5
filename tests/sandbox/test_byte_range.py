"""The parser of the media host's ``Range`` header."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_ipernity.sandbox.byte_range import RequestedRange, UnsatisfiableRange, parse_byte_range

LENGTH = 1000


@pytest.mark.parametrize(
    ("header", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=10-99", 10, 99),
        ("bytes=100-", 100, 999),
        ("bytes=0-", 0, 999),
        ("bytes=999-999", 999, 999),
        ("bytes=-1", 999, 999),
        ("bytes=-1000", 0, 999),
        ("bytes=-5000", 0, 999),
        ("bytes=10-5000", 10, 999),
        ("BYTES=0-9", 0, 9),
        ("bytes=007-0009", 7, 9),
        ("bytes=,0-9", 0, 9),
        ("bytes=0-9 ,\t,", 0, 9),
        ("bytes=0-" + "9" * 5000, 0, 999),
        ("bytes=-" + "9" * 5000, 0, 999),
    ],
)
def test_a_valid_range_is_cut_to_the_file(header: str, first: int, last: int) -> None:
    part = parse_byte_range(header, LENGTH)
    assert part == RequestedRange(first, last)
    assert part.length == last - first + 1


@pytest.mark.parametrize(
    "header",
    [
        "",
        "bytes",
        "bytes=",
        "bytes=,",
        "bytes=-",
        "bytes=x",
        "bytes=9-2",
        "bytes=1-2-3",
        "bytes=+1-2",
        "bytes=1_0-20",
        "bytes=\u0661-",
        "bytes=1 - 2",
        "bytes= 0-9",
        "bytes =0-9",
        " bytes=0-9",
        "bytes=0-9 ",
        "bytes:0-9",
        "lines=0-9",
        "bytes=0-9,x",
        "bytes=0-9,9-2",
        "bytes=5000-4000",
        "0-9",
    ],
)
def test_a_header_that_is_not_valid_is_ignored(header: str) -> None:
    assert parse_byte_range(header, LENGTH) is None


@pytest.mark.parametrize("header", ["bytes=0-1,5-6", "bytes=0-1,5000-", "bytes=-0,-1"])
def test_several_parts_mean_the_whole_file(header: str) -> None:
    assert parse_byte_range(header, LENGTH) is None


@pytest.mark.parametrize(
    "header",
    ["bytes=1000-", "bytes=1000-2000", "bytes=-0", "bytes=2000-,3000-", f"bytes={'9' * 5000}-"],
)
def test_a_valid_range_behind_the_end_cannot_be_satisfied(header: str) -> None:
    with pytest.raises(UnsatisfiableRange):
        parse_byte_range(header, LENGTH)


@pytest.mark.parametrize("header", ["bytes=0-", "bytes=-5", "bytes=0-0"])
def test_an_empty_file_has_no_parts(header: str) -> None:
    assert parse_byte_range(header, 0) is None


@given(
    first=st.integers(0, 40),
    last=st.none() | st.integers(0, 40),
    length=st.integers(1, 20),
)
def test_a_part_is_what_a_slice_is(first: int, last: int | None, length: int) -> None:
    data = bytes(range(length))
    header = f"bytes={first}-{'' if last is None else last}"
    if last is not None and last < first:
        assert parse_byte_range(header, length) is None
        return
    if first >= length:
        with pytest.raises(UnsatisfiableRange):
            parse_byte_range(header, length)
        return
    part = parse_byte_range(header, length)
    assert part is not None
    end = None if last is None else last + 1
    assert data[part.first : part.last + 1] == data[first:end]
