"""The language of the pipe: what is written is read, whatever is cut off or forged is noticed."""

import os
from collections.abc import Iterator
from time import monotonic

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from generation.frames import LENGTHS, BrokenFrameError, Frame, FrameReader, write_frame

Pipe = tuple[int, int]


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    ends = os.pipe()
    yield ends
    for end in ends:
        try:
            os.close(end)
        except OSError:
            continue


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.text(max_size=9), st.integers() | st.text(max_size=20) | st.none()), st.binary(max_size=2000))
def test_frames_arrive_as_they_left(pipe: Pipe, header: dict[str, int | str | None], body: bytes) -> None:
    write_frame(pipe[1], header, body)
    write_frame(pipe[1], {"last": True})
    reader = FrameReader(pipe[0])
    assert reader.read(until=monotonic() + 5) == Frame(header, body)
    assert reader.read(until=monotonic() + 5) == Frame({"last": True})
    reader.close()


def test_the_end_of_the_stream_is_none_even_inside_a_frame(pipe: Pipe) -> None:
    os.write(pipe[1], LENGTHS.pack(10, 0) + b"{")
    os.close(pipe[1])
    assert FrameReader(pipe[0]).read(until=None) is None


def test_silence_ends_at_the_given_moment(pipe: Pipe) -> None:
    began = monotonic()
    with pytest.raises(TimeoutError):
        FrameReader(pipe[0]).read(until=began + 0.05)
    assert 0.04 < monotonic() - began < 2


def test_a_moment_that_has_passed_is_silence_even_when_a_frame_waits(pipe: Pipe) -> None:
    write_frame(pipe[1], {})
    with pytest.raises(TimeoutError):
        FrameReader(pipe[0]).read(until=monotonic())


@pytest.mark.parametrize(
    "message",
    [LENGTHS.pack(2**31, 0), LENGTHS.pack(0, 2**31), LENGTHS.pack(4, 0) + b"\xff\xfe{}", LENGTHS.pack(2, 0) + b"[]"],
)
def test_a_forged_frame_is_noticed(pipe: Pipe, message: bytes) -> None:
    os.write(pipe[1], message)
    with pytest.raises(BrokenFrameError):
        FrameReader(pipe[0]).read(until=monotonic() + 5)
