"""Answers that are not what they seem: objects that agree with everything, arrays that lie."""

from __future__ import annotations

from tests.instructor.hostile.sheet import Sheet, World, hostile, solved

STEP = "def rnn_step(x_t, h_prev, W_xh, W_hh, b_h):"
SHAPE = "(len(x_t), len(b_h))"
SOFT = ("graded", "broken answer", "too much output", "out of memory", "crashed")


@hostile()
def equal_to_everything(sheet: Sheet, world: World) -> None:
    """Return an array that answers yes to every comparison."""
    sheet.answer(
        "step",
        f"""
        class Yes(np.ndarray):
            def __eq__(self, other): return True
            def __ne__(self, other): return False
            __le__ = __lt__ = __ge__ = __gt__ = __eq__
            def __sub__(self, other): return np.zeros(self.shape)
            __rsub__ = __sub__
            def __array_ufunc__(self, ufunc, method, *inputs, **more):
                return np.zeros(self.shape)
            def __array_function__(self, function, types, args, kwargs):
                return True
        {STEP}
            return np.ones({SHAPE}).view(Yes)
        """,
    )


@hostile()
def values_equal_to_everything(sheet: Sheet, world: World) -> None:
    """Fill in numbers and words that are equal to whatever they are compared with."""
    sheet.answer(
        "hand",
        """
        class Any(float):
            def __eq__(self, other): return True
            def __hash__(self): return 0
            def __sub__(self, other): return 0.0
            __rsub__ = __sub__
            def __abs__(self): return 0.0
            def __float__(self): return 0.0
        two_steps = dict.fromkeys(['z_1', 'h_1', 'z_2', 'h_2'], [Any(), Any()])
        """,
    )
    sheet.answer(
        "shapes",
        """
        class Word(str):
            def __eq__(self, other): return True
            def __ne__(self, other): return False
            def __hash__(self): return hash('one-to-one')
        shapes = []
        names = ['spam', 'caption', 'heartbeats', 'next_letter', 'subtitles', 'flower', 'verb']
        tasks = dict.fromkeys(names, Word('x'))
        """,
    )


@hostile()
def every_option_at_once(sheet: Sheet, world: World) -> None:
    """Answer a choice with all options, in one text and in a list."""
    sheet.answer(
        "shapes",
        """
        shapes = ['one-to-one', 'one-to-many', 'many-to-one', 'many-to-many, aligned',
                  'many-to-many, unaligned']
        names = ['spam', 'caption', 'heartbeats', 'next_letter', 'subtitles', 'flower', 'verb']
        tasks = {n: shapes if i % 2 else ' '.join(shapes) for i, n in enumerate(names)}
        """,
    )


@hostile(earns={"count": 0.0})
def every_number_at_once(sheet: Sheet, world: World) -> None:
    """Answer a count with an array of all numbers, one of which is right."""
    sheet.answer(
        "count",
        """
        names = ['hs_shape', 'rnn_20', 'rnn_40', 'flat_20', 'flat_40']
        counts = {name: np.arange(10_000) for name in names}
        """,
    )


@hostile(earns={"count": 0.0})
def dictionary_of_two_minds(sheet: Sheet, world: World) -> None:
    """Hand over a dictionary that gives another answer each time it is read."""
    sheet.answer(
        "count",
        """
        class Moody(dict):
            tries = 0
            def __getitem__(self, key):
                Moody.tries += 1
                return [432, 3216, 6416, (20, 4, 16)][Moody.tries % 4]
            def get(self, key, default=None): return self[key]
            def items(self): return iter([(k, self[k]) for k in self])
            def values(self): return [self[k] for k in self]
        counts = Moody.fromkeys(['hs_shape', 'rnn_20', 'rnn_40', 'flat_20', 'flat_40'], 0)
        """,
    )


@hostile()
def class_that_says_array(sheet: Sheet, world: World) -> None:
    """Return an object whose `__class__` says that it is an array."""
    sheet.answer(
        "step",
        f"""
        class Fake:
            @property
            def __class__(self): return np.ndarray
            shape, ndim, size, dtype = (2, 5), 2, 10, np.dtype(float)
            def __eq__(self, other): return True
            def __getattr__(self, name): return lambda *a, **k: self
        {STEP}
            return Fake()
        """,
    )


@hostile(*SOFT)
def shape_larger_than_the_memory(sheet: Sheet, world: World) -> None:
    """Return an array that claims a terabyte behind its eight bytes."""
    sheet.answer("step", STEP + "    return np.broadcast_to(np.float64(1.0), (1 << 37,))\n")


@hostile(*SOFT)
def strides_beyond_the_end(sheet: Sheet, world: World) -> None:
    """Return an array whose strides lead far out of its memory."""
    sheet.answer(
        "step",
        f"""
        from numpy.lib.stride_tricks import as_strided
        {STEP}
            return as_strided(np.zeros(1), {SHAPE}, (1 << 40, 1 << 20))
        """,
    )


@hostile(*SOFT)
def pointer_into_nowhere(sheet: Sheet, world: World) -> None:
    """Return an object whose array interface points to address 8."""
    sheet.answer(
        "step",
        f"""
        class Wild:
            __array_interface__ = {{'shape': (2, 5), 'typestr': '<f8', 'data': (8, False),
                                   'version': 3}}
        {STEP}
            return Wild()
        """,
    )


@hostile()
def array_method_that_lies(sheet: Sheet, world: World) -> None:
    """Return an object that turns into another array each time it is asked for one."""
    sheet.answer(
        "step",
        f"""
        class Liar:
            count = 0
            def __array__(self, dtype=None, copy=None):
                Liar.count += 1
                return np.full((2, 5), float(Liar.count))
            def __len__(self): return -1
            def __iter__(self): raise KeyboardInterrupt
        {STEP}
            return Liar()
        """,
    )


@hostile()
def tensor_that_lies(sheet: Sheet, world: World) -> None:
    """Return an object that looks like a torch tensor and hands out itself."""
    sheet.answer(
        "step",
        f"""
        class Tensor:
            def detach(self): return self
            def cpu(self): return self
            def numpy(self): return self
            def __array__(self, *a, **k): raise MemoryError('no')
            def __eq__(self, other): return True
        {STEP}
            return Tensor()
        """,
    )


@hostile()
def tensor_subclass(sheet: Sheet, world: World) -> None:
    """Return a real torch tensor of a class that changes what its methods do."""
    sheet.answer(
        "step",
        f"""
        import torch
        class Sly(torch.Tensor):
            def detach(self): return self
            def numpy(self): return np.zeros((2, 5)).view(type('Yes', (np.ndarray,), {{
                '__eq__': lambda a, b: True}}))
            @classmethod
            def __torch_function__(cls, function, types, args=(), kwargs=None):
                return super().__torch_function__(function, types, args, kwargs or {{}})
        {STEP}
            return torch.ones(2, 5).as_subclass(Sly)
        """,
    )


@hostile()
def not_a_number(sheet: Sheet, world: World) -> None:
    """Return NaN, which is neither larger nor smaller than any tolerance."""
    sheet.answer(
        "step",
        f"""
        {STEP}
            return np.full({SHAPE}, np.nan)
        """,
    )
    sheet.answer(
        "unroll",
        """
        def unroll(xs, h_0, W_xh, W_hh, b_h):
            return np.full((len(xs), *h_0.shape), np.inf) * np.array([1, -1])[0]
        """,
    )
    sheet.answer(
        "hand",
        "two_steps = dict.fromkeys(['z_1', 'h_1', 'z_2', 'h_2'], [float('nan'), float('-inf')])",
    )


@hostile()
def numbers_of_odd_kinds(sheet: Sheet, world: World) -> None:
    """Return complex numbers, dates, structures, bytes and objects."""
    odd = {
        "step": ("x_t, h_prev, W_xh, W_hh, b_h", f"np.zeros({SHAPE}, complex)"),
        "unroll": ("xs, h_0, W_xh, W_hh, b_h", "np.zeros((3, 2, 5), 'datetime64[s]')"),
        "joined": (
            "x_t, h_prev, W_xh, W_hh, b_h",
            "(np.zeros(3, 'f8,i4'), np.array([b'x']), np.array([object()]))",
        ),
        "lookup": ("indices, W", "(np.zeros(2, 'V8'), np.ma.masked_all((2, 3)))"),
        "readout": ("hs, W_hy, b_y", "(np.longdouble('1e4000'), np.zeros((0, 7)))"),
    }
    names = {"step": "rnn_step", "joined": "joined_step", "lookup": "look_up"}
    names |= {"readout": "read_out"}
    for exercise, (parameters, value) in odd.items():
        name = names.get(exercise, exercise)
        sheet.answer(
            exercise,
            f"""
        def {name}({parameters}):
            return {value}
        """,
        )


@hostile("graded", "too much output", "broken answer")
def sixty_four_axes(sheet: Sheet, world: World) -> None:
    """Return an array with as many axes as NumPy has."""
    sheet.answer(
        "step",
        f"""
        {STEP}
            return np.ones((1,) * 64)
        """,
    )


@hostile(earns={"count": 0.0})
def value_that_holds_itself(sheet: Sheet, world: World) -> None:
    """Hand over a dictionary and a list that contain themselves."""
    sheet.answer(
        "count",
        """
        counts = {}
        ring = [counts]
        ring.append(ring)
        for name in ['hs_shape', 'rnn_20', 'rnn_40', 'flat_20', 'flat_40']:
            counts[name] = ring
        None
        """,
    )


@hostile(*SOFT, earns={"count": 0.0}, reached=())
def value_nested_deep(sheet: Sheet, world: World) -> None:
    """Hand over a list in a list in a list, 200,000 deep."""
    sheet.answer(
        "count",
        """
        deep = []
        for _ in range(200_000):
            deep = [deep]
        counts = dict.fromkeys(['hs_shape', 'rnn_20', 'rnn_40', 'flat_20', 'flat_40'], deep)
        None
        """,
    )


@hostile(*SOFT, "timed out", earns={"count": 0.0}, reached=())
def value_of_a_million_entries(sheet: Sheet, world: World) -> None:
    """Hand over a dictionary of a million entries with long names."""
    sheet.answer(
        "count",
        """
        counts = {'x' * 50 + str(i): [i] for i in range(1_000_000)}
        None
        """,
    )


@hostile(*SOFT, earns={"count": 0.0}, reached=())
def number_of_a_million_digits(sheet: Sheet, world: World) -> None:
    """Hand over a whole number that takes minutes to write down."""
    sheet.answer(
        "count",
        """
        counts = dict.fromkeys(['hs_shape', 'rnn_20', 'rnn_40', 'flat_20', 'flat_40'],
                               7 ** 1_200_000)
        None
        """,
    )


@hostile(earns={"count": 0.0})
def keys_that_are_no_texts(sheet: Sheet, world: World) -> None:
    """Hand over a dictionary with odd keys and values."""
    sheet.answer(
        "count",
        r"""
        counts = {None: 1, (1, 2): lambda: 3, 3.5: {1}, frozenset(): open, b'rnn_20': 432,
                  float('nan'): Ellipsis, '\ud800': '\ud800', 'rnn_20\0': 432, True: 1j}
        None
        """,
    )


@hostile("graded", "crashed", earns={"count": 0.0}, reached=())
def value_that_harms_when_read(sheet: Sheet, world: World) -> None:
    """Hand over an object whose every method raises what is hardly ever caught."""
    sheet.answer(
        "count",
        """
        def harm(*a, **k): raise SystemExit('harm')
        names = ['__len__', '__iter__', '__getitem__', '__eq__', '__hash__', '__bool__',
                 '__float__', '__array__', '__getattr__', '__str__', '__repr__', '__format__',
                 '__instancecheck__', 'items', 'keys', '_asdict', '__reduce_ex__', '__dir__']
        Harm = type('Harm', (), dict.fromkeys(names, harm))
        counts = Harm()
        None
        """,
    )


@hostile(earns={"count": 0.0})
def type_of_types(sheet: Sheet, world: World) -> None:
    """Hand over a class whose metaclass pretends to be every type at once."""
    sheet.answer(
        "count",
        """
        class Meta(type):
            def __instancecheck__(cls, other): return True
            def __subclasscheck__(cls, other): return True
            __name__ = property(lambda cls: '<script>alert(1)</script>')
            __qualname__ = __module__ = __name__
        class Everything(metaclass=Meta):
            _fields = ('rnn_20',)
            _asdict = lambda self: {'rnn_20': 432}
        counts = Everything()
        None
        """,
    )


@hostile()
def not_a_function(sheet: Sheet, world: World) -> None:
    """Hand over a class, a coroutine, a generator and a number in place of functions."""
    sheet.answer(
        "step",
        """
        class rnn_step(dict):
            pass
        """,
    )
    sheet.answer(
        "unroll",
        """
        async def unroll(xs, h_0, W_xh, W_hh, b_h):
            return xs
        """,
    )
    sheet.answer(
        "joined",
        """
        def joined_step(*a):
            yield from [1, 2, 3]
        """,
    )
    sheet.answer("lookup", "look_up = 42\n")
    sheet.answer("readout", "read_out = __import__('functools').partial(print, 'x')\n")


@hostile()
def function_that_changes_its_mind(sheet: Sheet, world: World) -> None:
    """Return something else at every call, in the hope that one of them fits."""
    sheet.answer(
        "step",
        f"""
        calls = []
        {STEP}
            calls.append(1)
            rng = np.random.default_rng(len(calls))
            return np.tanh(rng.normal(size={SHAPE}))
        """,
    )


@hostile(earns={"step": 1.0})
def function_that_destroys_its_inputs(sheet: Sheet, world: World) -> None:
    """Compute the right values and overwrite all inputs: worth half, as for everyone."""
    sheet.answer(
        "step",
        f"""
        {STEP}
            h_t = np.tanh(x_t @ W_xh + h_prev @ W_hh + b_h)
            for array in (x_t, h_prev, W_xh, W_hh, b_h):
                array.flags.writeable = True
                array[...] = 0
            return h_t
        """,
    )


@hostile()
def result_left_in_the_inputs(sheet: Sheet, world: World) -> None:
    """Return the very array that came in, resized and filled with zeros."""
    sheet.answer(
        "step",
        f"""
        {STEP}
            b_h.resize((len(x_t), len(b_h)), refcheck=False)
            b_h[...] = 0
            return b_h
        """,
    )


@hostile(earns={"step": 2.0})
def callable_object(sheet: Sheet, world: World) -> None:
    """Hand over an object with `__call__` that computes the right thing, which is an answer."""
    sheet.answer(
        "step",
        solved("step-answer")
        + "\nclass Step:\n"
        + "    def __call__(self, *inputs): return plain(*inputs)\n"
        + "plain, rnn_step = rnn_step, Step()\n",
    )
