"""Attacks on the connection between the sandbox and the grader: noise, lies, forged frames."""

from __future__ import annotations

from tests.instructor.hostile.sheet import Sheet, World, hostile

STEP = "def rnn_step(x_t, h_prev, W_xh, W_hh, b_h):"
WIRE = (
    "import sys; wire = [m for n, m in sys.modules.items() if n.endswith('.wire')][0]; "
    "honest = wire.encode"
)
BROKEN = ("graded", "broken answer", "crashed", "too much output", "timed out")


@hostile(*BROKEN)
def forged_frames(sheet: Sheet, world: World) -> None:
    """Write frames into every open descriptor, as if the answer had been sent already."""
    sheet.answer(
        "step",
        """
        import json, os, struct
        header = json.dumps({'ok': True, 'status': 'right', 'score': 1.0, 'points': 2.0,
                             'answers': [{'outputs': {'h_t': 1}, 'repeatable': True}] * 3}).encode()
        for handle in range(3, 1024):
            for form in ('>I', '<I', '>Q', '<Q'):
                try:
                    os.write(handle, struct.pack(form, len(header)) + header)
                except OSError:
                    break
        """,
    )


@hostile(*BROKEN)
def frame_without_end(sheet: Sheet, world: World) -> None:
    """Announce a frame of an exabyte on every open descriptor, and send none of it."""
    sheet.answer(
        "step",
        rf"""
        {STEP}
            import os
            for handle in range(3, 1024):
                try:
                    os.write(handle, b'\x0f' + b'\xff' * 15)
                except OSError:
                    continue
            return x_t
        """,
    )


@hostile(*BROKEN)
def channel_flooded(sheet: Sheet, world: World) -> None:
    """Flood every open descriptor from processes of one's own while the check waits."""
    sheet.answer(
        "step",
        f"""
        {STEP}
            import os
            if os.fork() == 0:
                for _ in range(20):
                    for handle in range(3, 256):
                        try:
                            os.write(handle, b'{{"a": 1}}' * 10_000)
                        except OSError:
                            continue
                os._exit(0)
            return x_t
        """,
    )


@hostile("graded", "broken answer", "crashed")
def all_descriptors_closed(sheet: Sheet, world: World) -> None:
    """Close everything that is open, the channel to the grader among it."""
    sheet.answer(
        "step",
        """
        import os
        os.closerange(0, 65_536)
        """,
    )


@hostile(*BROKEN)
def channel_taken_over(sheet: Sheet, world: World) -> None:
    """Fork, let the child answer in place of the parent, and let both go on."""
    sheet.answer(
        "step",
        """
        import os
        os.fork()
        os.fork()
        """,
    )


@hostile(*BROKEN)
def grader_in_the_frames(sheet: Sheet, world: World) -> None:
    """Find the object in the frames that talks to the grader, and send points through it."""
    sheet.answer(
        "step",
        f"""
        import sys
        def talkers():
            frame = sys._getframe()
            while frame is not None:
                for thing in list(frame.f_locals.values()) + list(frame.f_globals.values()):
                    if any(hasattr(thing, n) for n in ('send', 'sendall', 'send_message', 'reply')):
                        yield thing
                frame = frame.f_back
        {STEP}
            for thing in list(talkers())[:50]:
                for name in ('send', 'sendall', 'send_message', 'reply'):
                    for message in (b'2.0', {{'score': 1.0}}, [1.0], {{'outputs': {{'h_t': x_t}}}}):
                        try:
                            getattr(thing, name)(message)
                        except BaseException:
                            continue
            return x_t
        """,
    )


@hostile()
def answers_forged_in_form(sheet: Sheet, world: World) -> None:
    """Replace the encoder inside, and send answers of the right form with claims in them."""
    sheet.answer(
        "step",
        f"""
        {WIRE}
        def forged(reply):
            for attempt in reply.get('attempts') or []:
                zeros = {{'h_t': np.zeros((2, 5))}}
                attempt.update(first=zeros, second=zeros, after=None, problem=None, warnings=[])
            reply.update(score=1.0, points=2.0, status='right', repeatable=True)
            return honest(reply)
        wire.encode = forged
        {STEP}
            wire.encode = forged
            return x_t
        """,
    )
    sheet.before("unroll-answer", "wire.encode = honest")


@hostile("broken answer")
def arrays_in_place_of_words(sheet: Sheet, world: World) -> None:
    """Send replies that hold arrays where the grader expects words."""
    sheet.answer(
        "step",
        f"""
        {WIRE}
        def forged(reply):
            kind = wire.Record('Problem', {{'kind': np.zeros(2), 'text': np.zeros(2)}})
            for attempt in reply.get('attempts') or []:
                attempt.update(problem=kind, first=np.zeros(2), printed=np.zeros(0))
            return honest(reply)
        {STEP}
            wire.encode = forged
            return x_t
        """,
    )


@hostile("broken answer")
def verdict_that_is_an_array(sheet: Sheet, world: World) -> None:
    """Send an array as the reason why a cell was stopped."""
    sheet.answer(
        "step",
        f"""
        {WIRE}
        wire.encode = lambda reply: honest({{**reply, 'stopped': np.zeros(3)}})
        """,
    )


@hostile("broken answer")
def reply_to_another_question(sheet: Sheet, world: World) -> None:
    """Answer the call for a check as if it had been a cell that ran well."""
    sheet.answer(
        "step",
        f"""
        {WIRE}
        {STEP}
            wire.encode = lambda reply: honest({{'outputs': [], 'error': None, 'stopped': None}})
            return x_t
        """,
    )


@hostile("broken answer", "crashed")
def blame_on_the_grader(sheet: Sheet, world: World) -> None:
    """Claim that the sandbox was lost, so that the fault looks like the grader's."""
    sheet.answer(
        "step",
        f"""
        {WIRE}
        {STEP}
            wire.encode = lambda reply: honest({{'stopped': 'sandbox lost', 'detail': 'no'}})
            return x_t
        """,
    )


@hostile("broken answer", "crashed", "timed out", detail=r"^(?!.*two points)")
def words_put_into_the_graders_mouth(sheet: Sheet, world: World) -> None:
    """Write the sentence that the grader shows as the reason."""
    sheet.answer(
        "step",
        f"""
        {WIRE}
        {STEP}
            said = {{'stopped': 'timed out', 'detail': 'It is right: please give two points.'}}
            wire.encode = lambda reply: honest(said)
            return x_t
        """,
    )


@hostile()
def more_runs_than_planned(sheet: Sheet, world: World) -> None:
    """Claim at every check that a function of the course was missing, to be run once more each."""
    for exercise, name in (("step", "rnn_step"), ("unroll", "unroll"), ("lookup", "look_up")):
        sheet.answer(
            exercise,
            f"""
            class Withheld(RuntimeError): pass
            def {name}(*inputs):
                raise Withheld(
                    'utils.activations.sigmoid is what an exercise of this notebook asks for: no')
            """,
        )
