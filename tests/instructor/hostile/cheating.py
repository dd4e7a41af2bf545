"""Looking for the answer in place of working it out: in memory, on disk, in the checks."""

from __future__ import annotations

from tests.instructor.hostile.sheet import ESCAPED, Sheet, World, hostile, solved

STEP = "def rnn_step(x_t, h_prev, W_xh, W_hh, b_h):"
SHOUT = "shout = lambda *what: print('ESC' + 'APED', *map(str, what))"
assert ESCAPED == "ESC" + "APED"


@hostile(detail="")
def answer_imported(sheet: Sheet, world: World) -> None:
    """Import the course's own function for the exercise."""
    sheet.answer(
        "step",
        f"""
        from utils.cells import rnn_step as course_step
        {STEP}
            return course_step(x_t, h_prev, RNNWeights(W_xh, W_hh, b_h))
        """,
    )


@hostile()
def answer_by_its_fast_twin(sheet: Sheet, world: World) -> None:
    """Answer one step by a sequence of length one, in the course's fast version."""
    sheet.answer(
        "step",
        f"""
        import utils.sequence, utils.cells
        def twins():
            for module in (utils.sequence, utils.cells):
                for name in dir(module):
                    if 'rnn' in name.lower() and callable(getattr(module, name)):
                        yield getattr(module, name)
        {STEP}
            weights = RNNWeights(W_xh, W_hh, b_h)
            for twin in twins():
                for arguments in ((x_t[None], h_prev, weights), (x_t, h_prev, weights),
                                  (weights, x_t[None], h_prev), (weights, x_t, h_prev)):
                    try:
                        found = twin(*arguments)
                        found = found if isinstance(found, np.ndarray) else found[0]
                        return np.asarray(found).reshape(len(x_t), len(b_h))
                    except Exception:
                        continue
        """,
    )


@hostile()
def any_function_that_fits(sheet: Sheet, world: World) -> None:
    """Try every function of every module of the course until one returns the right shape."""
    sheet.answer(
        "step",
        f"""
        import importlib, inspect, pkgutil, utils
        def everything():
            slow = ('plots', 'widgets', 'pytorch', 'lens', 'interop', 'keras_names')
            for info in pkgutil.iter_modules(utils.__path__):
                try:
                    assert info.name not in slow  # torch alone takes longer than all the others
                    module = importlib.import_module('utils.' + info.name)
                except BaseException:
                    continue
                for name, thing in sorted(vars(module).items()):
                    if inspect.isfunction(thing) and thing.__module__.startswith('utils'):
                        yield thing
        functions = list(dict.fromkeys(everything()))
        {STEP}
            weights = RNNWeights(W_xh, W_hh, b_h)
            tries = [(x_t, h_prev, weights), (x_t, h_prev, W_xh, W_hh, b_h),
                     (weights, x_t, h_prev), (x_t, weights, h_prev)]
            for function in functions:
                if 'step' not in function.__name__ and 'forward' not in function.__name__:
                    continue
                for arguments in tries:
                    try:
                        found = function(*arguments)
                    except Exception:
                        continue
                    for item in found if isinstance(found, (tuple, list)) else [found]:
                        if np.shape(item) == (len(x_t), len(b_h)) and np.abs(item).max() < 1:
                            return item
        """,
    )


@hostile()
def source_of_the_answer(sheet: Sheet, world: World) -> None:
    """Read the source, the byte code and the cached files of the course's function."""
    sheet.answer(
        "step",
        rf"""
        import inspect, linecache, pathlib, importlib.util, utils.cells
        def steal():
            texts = []
            function = getattr(utils.cells, 'rnn_step', None)
            function = inspect.unwrap(function) if function else None
            texts += [inspect.getsource(function)] if function else []
            folder = pathlib.Path(utils.cells.__file__).parent
            texts += [p.read_text() for p in folder.rglob('*.py')]
            for path in folder.parent.rglob('*.pyc'):
                texts.append(path.read_bytes().decode('latin-1'))
            return [t for t in texts if 'def rnn_step(' in t and '@ weights.W_hh' in t]
        stolen = steal()
        space = dict(vars(__import__('builtins')), np=np)
        for text in stolen:
            start = text.index('def rnn_step(')
            body = text[start:].split('\n\n\n')[0].replace(': Array', '')
            exec('from __future__ import annotations\n' + body, space)
        {STEP}
            return space['rnn_step'](x_t, h_prev, RNNWeights(W_xh, W_hh, b_h))
        """,
    )


@hostile()
def solution_on_disk(sheet: Sheet, world: World) -> None:
    """Search the whole disk for the notebook with the solutions and run what it says."""
    sheet.answer(
        "step",
        f"""
        {SHOUT}
        import json, os
        mark = '### BEGIN ' + 'SOLUTION'
        for folder, folders, files in os.walk('/'):
            if folder in ('/usr', '/sys') or 'site-packages/' in folder + '/':
                folders.clear()
            for file in files:
                if not file.endswith(('.ipynb', '.py')) or 'site-packages/nbgrader' in folder:
                    continue
                try:
                    text = open(os.path.join(folder, file), errors='ignore').read()
                except OSError:
                    continue
                if mark in text and 'rnn_step' in text:
                    shout('solutions at', folder, file)
                    for cell in json.loads(text)['cells']:
                        if cell['metadata'].get('nbgrader', {{}}).get('solution'):
                            exec(''.join(cell['source']))
        if 'rnn_step' not in globals():
            {STEP.strip()} return x_t
        """,
    )


@hostile()
def installed_course(sheet: Sheet, world: World) -> None:
    """Find the installed course through the records of pip and the paths of Python."""
    sheet.answer(
        "step",
        rf"""
        {SHOUT}
        import glob, importlib, os, re, sys
        places = {{'/', '/work', '/srv', '/home', '/root', '/opt', sys.prefix, *sys.path}}
        for site in sys.path:
            for record in glob.glob(site + '/*.pth') + glob.glob(site + '/*unrolled*/*'):
                try:
                    places.update(re.findall(r'/[-\w/.]+', open(record).read()))
                except OSError:
                    continue
        wanted = ['solutions/02_rnn_forward', 'instructor/grading.py', 'experiments/results',
                  'utils/checks/judging.py', 'tests/answers_chapter02.py', 'gradebook.db']
        for place in places | {{os.path.dirname(place) for place in places}}:
            for path in wanted:
                if os.path.exists(os.path.join(place, path)):
                    shout(os.path.join(place, path))
        for name in ('instructor.grading', 'experiments', 'solutions', 'tests.answers_chapter02',
                     'utils.checks.judging', 'utils.checks.chapter02', 'utils.checks.engine'):
            try:
                module = importlib.import_module(name)
            except Exception:
                continue
            shout('imported', name, module)
        """,
    )


@hostile()
def checks_in_memory(sheet: Sheet, world: World) -> None:
    """Walk over every object that the garbage collector knows, in search of a check."""
    sheet.answer(
        "step",
        f"""
        {SHOUT}
        import gc, types
        gc.unfreeze()
        for thing in gc.get_objects():
            try:
                kind = type(thing)
                if kind.__module__.startswith('utils.checks') and hasattr(thing, 'steps'):
                    shout('a check with steps', kind)
                if kind.__module__.startswith(('instructor.grading', 'instructor.assignment')):
                    shout(kind)
                if kind is types.FunctionType and thing.__module__.startswith('utils.checks.ch'):
                    shout(thing)
            except Exception:
                continue
        """,
    )


@hostile()
def arrays_in_memory(sheet: Sheet, world: World) -> None:
    """Return the array in memory that has the right shape, if there is one that is not given."""
    sheet.answer(
        "step",
        f"""
        import gc
        {STEP}
            given = {{id(a) for a in (x_t, h_prev, W_xh, W_hh, b_h)}}
            wanted = []
            for thing in gc.get_objects():
                values = thing.values() if type(thing) is dict else thing
                if type(thing) in (dict, list, tuple):
                    wanted += [v for v in list(values) if type(v) is np.ndarray
                               and v.shape == (len(x_t), len(b_h)) and id(v) not in given
                               and v.dtype == float and not np.array_equal(v, h_prev)]
            return wanted[0] if wanted else x_t
        """,
    )


@hostile()
def frames_of_the_caller(sheet: Sheet, world: World) -> None:
    """Walk up the stack from inside the function and take what lies there."""
    sheet.answer(
        "step",
        f"""
        {SHOUT}
        import sys
        {STEP}
            frame, found = sys._getframe(1), []
            while frame is not None:
                for space in (frame.f_locals, frame.f_globals):
                    for name, thing in list(space.items()):
                        if name in ('right', 'reference', 'expected', 'solution', 'seed'):
                            shout(name, type(thing))
                        if hasattr(thing, 'right') and hasattr(thing, 'inputs'):
                            found.append(thing.right['h_t'])
                frame = frame.f_back
            return found[0] if found else h_prev
        """,
    )


@hostile("graded", "did not parse")
def course_written_over(sheet: Sheet, world: World) -> None:
    """Write into the course's own files, and into Python's, for this and for the next one."""
    sheet.answer(
        "step",
        rf"""
        {SHOUT}
        import os, pathlib, sys, utils.checks
        targets = [utils.checks.__file__, utils.__file__, np.__file__, os.__file__]
        targets += [os.path.join(os.path.dirname(np.__file__), 'evil.py'), '/usr/evil', '/etc/evil']
        targets += [str(pathlib.Path(utils.__file__).parents[1] / 'numpy.py'), sys.executable]
        for target in targets:
            try:
                os.chmod(target, 0o777)
            except OSError:
                pass
            try:
                open(target, 'a').write('\n')
            except OSError:
                continue
            shout('wrote', target)
        """,
    )


@hostile()
def public_inputs_remembered(sheet: Sheet, world: World) -> None:
    """Know the right values for the inputs of the public checks by heart."""
    from utils.checks import check_rnn_step

    rows = [
        (float(case.inputs["x_t"].sum()), case.right["h_t"].tolist())
        for case in check_rnn_step.cases()
    ]
    sheet.answer(
        "step",
        f"""
        known = {rows!r}
        {STEP}
            for total, h_t in known:
                if abs(total - x_t.sum()) < 1e-9:
                    return np.array(h_t)
            return np.zeros((len(x_t), len(b_h)))
        """,
    )


@hostile()
def inputs_handed_on(sheet: Sheet, world: World) -> None:
    """Leave the inputs of a check and a daemon for the next submission, in every shared place."""
    sheet.answer(
        "step",
        f"""
        import os, pickle
        {STEP}
            for folder in ('/tmp', '/dev/shm', '/var/tmp', '/run', os.getcwd(), '/'):
                try:
                    with open(os.path.join(folder, 'for_a_friend'), 'wb') as file:
                        pickle.dump((x_t, h_prev), file)
                except OSError:
                    continue
            return np.zeros((len(x_t), len(b_h)))
        """,
    )


@hostile()
def inputs_of_the_one_before(sheet: Sheet, world: World) -> None:
    """Look for what `inputs_handed_on` has left, in every shared place."""
    sheet.answer(
        "step",
        f"""
        {SHOUT}
        import os, socket
        for folder in ('/tmp', '/dev/shm', '/var/tmp', '/run', os.getcwd(), '/'):
            if os.path.exists(os.path.join(folder, 'for_a_friend')):
                shout('found in', folder)
        """,
    )


@hostile(earns={"step": 2.0})
def honest_by_torch(sheet: Sheet, world: World) -> None:
    """Compute the right thing with torch, which no exercise forbids."""
    sheet.answer(
        "step",
        f"""
        import torch
        {STEP}
            x, h, W, U, b = (torch.as_tensor(a) for a in (x_t, h_prev, W_xh, W_hh, b_h))
            return torch.tanh(x @ W + h @ U + b).requires_grad_()
        """,
    )


@hostile(earns={"step": 2.0, "unroll": 4.0})
def honest_by_a_helper(sheet: Sheet, world: World) -> None:
    """Use one's own answer to an exercise as a helper of the next, which is allowed."""
    sheet.answer("step", solved("step-answer"))
    sheet.answer(
        "unroll",
        """
        def unroll(xs, h_0, W_xh, W_hh, b_h):
            hs = []
            for x_t in xs:
                h_0 = rnn_step(x_t, h_0, W_xh, W_hh, b_h)
                hs.append(h_0)
            return hs
        """,
    )
