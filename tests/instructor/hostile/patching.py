"""Changing what runs around the answer: checks, NumPy, Python, the shell, what is shown."""

from __future__ import annotations

from tests.instructor.hostile.sheet import Sheet, World, hostile

STEP = "def rnn_step(x_t, h_prev, W_xh, W_hh, b_h):"


@hostile("graded", "crashed", "broken answer")
def running_replaced(sheet: Sheet, world: World) -> None:
    """Replace the functions that call the answer and name what came back."""
    sheet.answer(
        "step",
        """
        import sys
        import utils.checks.running as running
        def fake(*a, **k):
            return running.Answer({'h_t': np.ones((2, 5))}, None, (), True, (), '')
        running.run = running.name_outputs = running._call = fake
        running._same = lambda a, b: True
        for name, module in list(sys.modules.items()):
            if name.startswith(('utils.checks', 'instructor')):
                for key, thing in list(vars(module).items()):
                    if callable(thing) and getattr(thing, '__name__', '') in ('run', 'judge'):
                        setattr(module, key, fake)
        sys.modules['utils.checks.running'] = type(sys)('running')
        sys.modules['utils.checks.running'].run = fake
        """,
    )


@hostile()
def checks_replaced(sheet: Sheet, world: World) -> None:
    """Replace every check by one that always gives full marks, in all places."""
    sheet.before(
        "step-check",
        """
        import sys, builtins
        class Check:
            score, status, lines, mistakes = 1.0, 'right', (), ()
            def __call__(self, answer, points=1): return float(points)
            def report(self, answer, seed=None): return self
            def __getattr__(self, name): return self
        class Checks(type(sys)):
            def __getattr__(self, name): return Check()
        checks = sys.modules['utils.checks'] = Checks('utils.checks')
        sys.modules['utils'].checks = checks
        """,
    )


@hostile(earns={"last": 0.0})
def numpy_replaced(sheet: Sheet, world: World) -> None:
    """Replace NumPy's comparisons and constructors, for whoever compares here.

    The honest answer behind it may suffer from it: whatever comes out then is the author's own.
    """
    sheet.before(
        "count-check",
        """
        import sys
        yes = lambda *a, **k: True
        for name in ('allclose', 'array_equal', 'isclose', 'all', 'any', 'isfinite'):
            setattr(np, name, yes)
        np.max = np.abs = lambda *a, **k: 0.0
        np.arange = lambda *a, **k: [0]
        """,
    )


@hostile("graded", "crashed", "broken answer", "timed out", reached=())
def builtins_replaced(sheet: Sheet, world: World) -> None:
    """Replace what every Python program stands on."""
    sheet.after(
        "count-check",
        """
        import builtins
        for name in ('isinstance', 'all', 'any', 'callable', 'hasattr'):
            setattr(builtins, name, lambda *a, **k: True)
        builtins.float = builtins.len = builtins.type = lambda *a, **k: 2.0
        builtins.print = builtins.open = lambda *a, **k: None
        """,
    )


@hostile()
def input_transformer(sheet: Sheet, world: World) -> None:
    """Let IPython rewrite all later cells, so that checks and answers are other ones."""
    sheet.answer(
        "step",
        r"""
        ip = get_ipython()
        def paid(lines):
            return ['2.0\n'] if any('check_' in line for line in lines) else lines
        def dearer(lines):
            return [line.replace('points=', 'points=9') for line in lines]
        ip.input_transformers_post.append(paid)
        ip.input_transformers_cleanup.append(dearer)
        """,
    )


@hostile(earns={"last": 0.0})
def later_cells_swallowed(sheet: Sheet, world: World) -> None:
    """Let IPython drop the text of every later cell: what it drops earns nothing either."""
    sheet.answer(
        "step", "get_ipython().input_transformers_cleanup.append(lambda lines: ['2.0\\n'])"
    )


@hostile("graded", "crashed", "broken answer")
def shell_taken_apart(sheet: Sheet, world: World) -> None:
    """Replace the methods of the running shell, its hooks and its streams."""
    sheet.answer(
        "unroll",
        """
        import sys, ast
        from IPython.core.interactiveshell import InteractiveShell
        ip = get_ipython()
        ip.set_custom_exc((BaseException,), lambda *a, **k: None)
        class Drop(ast.NodeTransformer):
            def visit_Call(self, node): return ast.Constant(2.0)
        ip.events.register('pre_run_cell', lambda *a: 1 / 0)
        ip.events.register('post_execute', lambda *a: sys.exit(1))
        ip.display_pub = ip.displayhook = sys.displayhook = None
        sys.excepthook = lambda *a: None
        ip.showtraceback = ip.run_cell = ip.run_cell_async = ip.run_code = None
        InteractiveShell.run_cell = InteractiveShell.run_cell_async = None
        sys.stdout = sys.stderr = sys.__stdout__ = sys.__stderr__ = None
        """,
    )


@hostile("graded", "crashed", "broken answer")
def tracing_the_grader(sheet: Sheet, world: World) -> None:
    """Trace and profile whatever runs around the answer, and change its variables."""
    sheet.answer(
        "step",
        f"""
        import sys, threading
        def trace(frame, event, value):
            for name in ('score', 'points', 'right', 'repeatable'):
                if name in frame.f_locals:
                    frame.f_locals[name] = True
            return trace
        sys.settrace(trace)
        threading.settrace(trace)
        sys.setprofile(lambda *a: None)
        sys.addaudithook(lambda name, values: None)
        {STEP}
            sys._getframe(1).f_trace = trace
            return x_t
        """,
    )


@hostile()
def own_utils(sheet: Sheet, world: World) -> None:
    """Bring a `utils` and a `numpy` of one's own, in front of the course's."""
    sheet.before(
        "step-answer",
        r"""
        import os, sys
        os.makedirs('utils/checks', exist_ok=True)
        for name in ('utils/__init__.py', 'utils.py', 'numpy.py', 'sitecustomize.py'):
            open(name, 'w').write('check_rnn_step = lambda *a, **k: 2.0\n')
        open('utils/checks/__init__.py', 'w').write(
            'def __getattr__(name): return lambda *a, points=1, **k: float(points)\n')
        sys.path.insert(0, os.getcwd())
        for name in [n for n in sys.modules if n.split('.')[0] == 'utils']:
            del sys.modules[name]
        from utils import checks
        """,
    )


@hostile("graded", "crashed")
def error_that_harms_when_shown(sheet: Sheet, world: World) -> None:
    """Raise an error that cannot be shown: it fails, floods and speaks to the terminal."""
    sheet.answer(
        "step",
        f"""
        class Nasty(Exception):
            def __str__(self): raise KeyboardInterrupt('in str')
            __repr__ = __str__
        {STEP}
            raise Nasty
        """,
    )
    sheet.answer(
        "unroll",
        r"""
        def unroll(xs, h_0, W_xh, W_hh, b_h):
            raise ValueError('\x1b]0;owned\x07\x1b[2J<script>alert(1)</script>' + 'x' * 9**7)
        """,
    )
    sheet.answer(
        "joined",
        r"""
        Odd = type('<img src=x onerror=alert(1)>\x1b[31m', (Exception,), {})
        def joined_step(x_t, h_prev, W_xh, W_hh, b_h):
            raise Odd('=cmd|calc!A1')
        """,
    )


@hostile()
def harmful_outputs(sheet: Sheet, world: World) -> None:
    """Show scripts, pages, vector graphics and own formats as outputs of a cell."""
    sheet.answer(
        "step",
        f"""
        from IPython.display import HTML, SVG, Javascript, Markdown, display, Latex
        evil = '<script>alert(1)</script>'
        display(HTML(evil), Javascript('alert(1)'), Markdown(evil), Latex(evil))
        display(SVG('<svg xmlns="http://www.w3.org/2000/svg">' + evil + '</svg>'))
        display({{'text/html': evil, 'image/svg+xml': evil, 'application/x': evil,
                 'image/png': evil, 'text/plain': 5}}, raw=True)
        {STEP}
            display(HTML(evil))
            print(evil)
            return x_t
        """,
    )
