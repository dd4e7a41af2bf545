"""What crosses the wall: honest values arrive as they were, everything else is a clean error."""

import contextlib
import json
import math
import socket
import threading
import time

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from instructor.sandbox import (
    MISSING,
    REASONS,
    Limits,
    Opaque,
    Record,
    Session,
    Stopped,
)
from instructor.sandbox.channel import Channel, ChannelClosed, TooLate
from instructor.sandbox.inside import wire
from instructor.sandbox.inside.wire import BrokenFrame
from tests.instructor.sandboxes import MOST, parts, same, there_and_back
from utils.checks.running import Answer

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)
NUMBERS = st.integers(-(10**40), 10**40) | st.floats() | st.booleans() | st.complex_numbers()
DTYPES = (
    arrays.floating_dtypes(endianness="=")
    | arrays.integer_dtypes(endianness="=")
    | arrays.unsigned_integer_dtypes(endianness="=")
    | arrays.boolean_dtypes()
    | arrays.complex_number_dtypes(endianness="=", sizes=(64, 128))
)
ARRAYS = arrays.arrays(DTYPES, arrays.array_shapes(min_dims=0, min_side=0, max_side=4))
LEAVES = st.none() | NUMBERS | TEXTS | ARRAYS | st.just(...) | st.just(MISSING) | st.binary()
KEYS = (
    TEXTS
    | st.integers(-(2**62), 2**62)
    | st.floats(allow_nan=False)
    | st.none()
    | st.tuples(TEXTS, TEXTS)
)
TREES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(KEYS, inner, max_size=4)
    ),
    max_leaves=12,
)


@given(TREES)
def test_a_tree_arrives_as_it_was(value):
    assert same(value, there_and_back(value))


@given(st.binary(max_size=300), st.binary(max_size=100))
@example(b"[" * 200_000, b"")
@example(b'["i","' + b"9" * 5000 + b'"]', b"")
@example(b"9" * 5000, b"")
@example(b'["c",1e999,' + b"9" * 400 + b"]", b"")
def test_random_bytes_are_a_clean_error_or_a_plain_value(header, body):
    with contextlib.suppress(BrokenFrame):
        wire.decode(header, body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=15,
)
TAGS = st.sampled_from("emcixbltdasro")


@given(st.lists(TAGS, min_size=1, max_size=3), st.lists(JSON, max_size=4), st.binary(max_size=64))
@settings(max_examples=100)
def test_headers_that_are_nearly_right_are_a_clean_error_or_a_plain_value(tags, rest, body):
    node = [*rest]
    for tag in tags:
        node = [tag, *node] if node and not isinstance(node[0], list) else [tag, node]
    with contextlib.suppress(BrokenFrame):
        wire.decode(json.dumps(node).encode(), body)


@given(TREES, st.data())
@settings(max_examples=100)
def test_one_wrong_byte_is_a_clean_error_or_a_plain_value(value, data):
    header, body = parts(wire.encode(value))
    raw = bytearray(header + body)
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] = data.draw(st.integers(0, 255))
    with contextlib.suppress(BrokenFrame):
        wire.decode(bytes(raw[: len(header)]), bytes(raw[len(header) :]))


BROKEN = {
    "fewer bytes than the shape says": (["a", "<f8", [3]], bytes(16)),
    "more bytes than the shape says": (["a", "<f8", [1]], bytes(16)),
    "bytes of nothing": (None, b"x"),
    "objects": (["a", "|O", [1]], bytes(8)),
    "a structure": (["a", "f8,O", [1]], bytes(16)),
    "a void": (["a", "|V8", [1]], bytes(8)),
    "dates": (["a", "<M8[D]", [1]], bytes(8)),
    "a negative axis": (["a", "<f8", [-1]], b""),
    "two negative axes": (["a", "<f8", [-2, -1]], bytes(16)),
    "an axis that is true": (["a", "<f8", [True]], bytes(8)),
    "a broken axis": (["a", "<f8", [1.0]], bytes(8)),
    "an axis without end": (["a", "<f8", [10**30]], bytes(8)),
    "nothing, but huge": (["a", "<f8", [0, 10**12]], b""),
    "too many axes": (["a", "<f8", [1] * 40], bytes(8)),
    "a truth value of 2": (["a", "|b1", [1]], b"\x02"),
    "half a character": (["a", "<U1", [1]], b"\x00\xd8\x00\x00"),
    "no character": (["a", "<U1", [1]], b"\xff\xff\xff\xff"),
    "a text of half a character": ("\ud800", b""),
    "a long text that is none": (["x", 2], b"\xff\xff"),
    "a text of true bytes": (["x", True], b"x"),
    "a number of letters": (["i", "12a"], b""),
    "a number without end": (["i", "9" * 5000], b""),
    "a doubled key": (["d", [["a", 1], ["a", 2]]], b""),
    "equal keys": (["d", [[1, 1], [True, 2]]], b""),
    "a key that is a list": (["d", [[["l", []], 1]]], b""),
    "a key that is no number": (["d", [[math.nan, 1]]], b""),
    "a key that is made to collide": (["d", [[["i", str(2**70)], 1]]], b""),
    "too many entries": (["d", [[str(i), 1] for i in range(wire.ENTRIES + 1)]], b""),
    "too many classes": (["l", [["o", "a", False]] * (wire.NODES // 20)], b""),
    "entries of three": (["d", [["a", 1, 2]]], b""),
    "a field named as a method": (["r", "A", False, [["__class__", 1]]], b""),
    "a field named as ours": (["r", "A", False, [["fields", 1]]], b""),
    "a field that is no name": (["r", "A", False, [["a b", 1]]], b""),
    "an unknown tag": (["q", 1], b""),
    "a list without a tag": ([1, 2], b""),
    "an object of JSON": ({"a": 1}, b""),
    "too many parts": (["l", [0] * (wire.NODES + 1)], b""),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_no_honest_sender_makes_is_refused(case):
    node, body = BROKEN[case]
    with pytest.raises(BrokenFrame):
        wire.decode(json.dumps(node).encode(), body)


def test_too_deep_is_refused_on_both_sides():
    deep = 0
    for _ in range(wire.DEPTH + 2):
        deep = [deep]
    with pytest.raises(BrokenFrame, match="too deep"):
        wire.encode(deep)
    node = json.dumps(0)
    for _ in range(wire.DEPTH + 2):
        node = f'["l",[{node}]]'
    with pytest.raises(BrokenFrame, match="Too deep"):
        wire.decode(node.encode(), b"")


def test_lengths_beyond_the_limits_are_refused_before_a_byte_is_read():
    with pytest.raises(BrokenFrame, match="may come back"):
        wire.lengths(wire.PREFIX.pack(2, MOST + 1), MOST)
    with pytest.raises(BrokenFrame, match="header"):
        wire.lengths(wire.PREFIX.pack(wire.HEADER_BYTES + 1, 0), MOST)
    with pytest.raises(BrokenFrame, match="header"):
        wire.lengths(wire.PREFIX.pack(0, 0), MOST)


def test_objects_do_not_cross():
    for value in (object(), {1, 2}, np.array([None]), print):
        with pytest.raises(TypeError, match="cannot cross"):
            wire.encode(value)


# --- replies of any form ---------------------------------------------------------------------


class FakeProcess:
    """A warm process whose session says what the test wants."""

    alive = True

    def __init__(self, reply):
        self.reply = reply
        self.killed = []

    def fork(self, number, limits):
        ours, theirs = socket.socketpair()
        thread = threading.Thread(target=answer_with, args=(theirs, wire.encode(self.reply)))
        thread.start()
        self.thread = thread
        return ours

    def kill(self, number, reason, detail):
        self.killed.append(reason)

    def ending(self, number, seconds=0):
        self.thread.join()
        return "crashed", "It ended."


FIELDS = [
    *("outputs", "error", "line", "line_number", "stopped", "detail", "no_function", "attempts"),
    *("value", "first", "second", "after", "problem", "warnings", "printed", "kind", "name"),
    *("text", "png", "y", "x"),
]
WORDS = st.sampled_from(["stdout", "stream", "display_data", "raised", "missing", "timed out", "y"])
REPLIES = st.recursive(
    LEAVES | WORDS | st.just(Opaque("set")) | st.just(Record("Problem", {"kind": "raised"})),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=6)
        | st.fixed_dictionaries({"kind": inner, "name": inner, "text": inner})
        | st.fixed_dictionaries(
            dict.fromkeys(("first", "after", "problem", "warnings", "printed"), inner)
        )
    ),
    max_leaves=20,
)


@given(REPLIES, st.sampled_from(["run_cell", "call", "value"]))
@settings(max_examples=150)
def test_a_reply_of_any_form_is_a_result_or_the_end_of_the_session(reply, order):
    process = FakeProcess(reply)
    with Session(process, 1, Limits()) as session:
        try:
            if order == "run_cell":
                assert isinstance(session.run_cell("1").seconds, float)
            elif order == "call":
                (answer,) = session.call("f", ["y"], [{"x": np.zeros(2)}])
                assert isinstance(answer, Answer)
            else:
                session.value("x")
        except Stopped as stopped:
            reason = stopped.reason
        else:
            reason = ""
    assert reason in ("", *REASONS)


# --- the connection --------------------------------------------------------------------------


@pytest.fixture
def ends():
    ours, theirs = socket.socketpair()
    channel = Channel(ours)
    with theirs:
        yield channel, theirs
    channel.close()


def soon(seconds=0.3):
    return time.monotonic() + seconds


def test_a_reply_comes_back(ends):
    channel, theirs = ends
    thread = threading.Thread(
        target=lambda: theirs.sendall((theirs.recv(999), wire.encode([1]))[1])
    )
    thread.start()
    assert channel.ask({"do": "value"}, soon(20), MOST) == [1]
    thread.join()


def test_silence_and_half_an_answer_end_in_time(ends):
    channel, theirs = ends
    with pytest.raises(TooLate):
        channel.ask(1, soon(), MOST)
    theirs.sendall(wire.encode(list(range(50)))[:20])
    with pytest.raises((TooLate, BrokenFrame)):
        channel.ask(1, soon(), MOST)


def test_one_who_does_not_listen_does_not_hold_us_up(ends):
    channel, _ = ends
    with pytest.raises(TooLate):
        channel.ask(np.zeros(10**7), soon(), MOST)


def test_an_answer_before_the_question_is_broken(ends):
    channel, theirs = ends
    theirs.sendall(wire.encode({"stopped": None}))
    with pytest.raises(BrokenFrame, match="before it was asked"):
        channel.ask(1, soon(), MOST)


def test_a_closed_end_is_noticed(ends):
    channel, theirs = ends
    theirs.close()
    with pytest.raises(ChannelClosed):
        channel.ask(1, soon(), MOST)


@given(st.binary(min_size=12, max_size=200))
def test_random_bytes_on_the_line_are_a_clean_error(raw):
    ours, theirs = socket.socketpair()
    channel = Channel(ours)
    thread = threading.Thread(target=answer_with, args=(theirs, raw))
    thread.start()
    try:
        channel.ask(0, soon(20), MOST)
    except (BrokenFrame, ChannelClosed):
        pass
    finally:
        thread.join()
        channel.close()


def answer_with(theirs, raw):
    with theirs:
        theirs.recv(1000)
        theirs.sendall(raw)
