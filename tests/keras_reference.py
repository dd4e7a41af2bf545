"""Numbers that Keras itself computed, for tests on machines without Keras.

With Keras installed, ``python -m tests.keras_reference`` computes them anew and writes them into
the file beside this one. Each case names a layer, how it is called, and what it returned.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

FILE = Path(__file__).with_suffix(".npz")
B, T, D, H = 3, 4, 2, 3
KINDS = ("rnn", "lstm", "gru")
PLAIN = {
    "last": {},
    "sequences": {"return_sequences": True},
    "state": {"return_state": True},
    "both": {"return_sequences": True, "return_state": True},
    "backwards": {"return_sequences": True, "return_state": True, "go_backwards": True},
}
MODES = ("concat", "sum", "mul", "ave", None)
MASKS = {"end": (4, 2, 1), "middle": None}


def make_mask(name):
    """Give a mask (B, T): padding at the end, or steps left out at the start and in the middle."""
    if name == "end":
        return np.arange(T) < np.array(MASKS["end"])[:, None]
    return np.array([[1, 0, 1, 1], [0, 1, 1, 0], [1, 1, 1, 1]], bool)


def load():
    """Return the stored arrays by name, and the version of Keras that computed them."""
    with np.load(FILE, allow_pickle=False) as stored:
        version, names, numbers = (stored[key] for key in ("version", "names", "numbers"))
    arrays, place = {}, 0
    for line in str(names).splitlines():
        name, _, sides = line.rpartition(":")
        shape = tuple(int(side) for side in sides.split("x"))
        arrays[name] = numbers[place : place + np.prod(shape)].reshape(shape)
        place += np.prod(shape)
    return arrays, str(version)


def outputs_of(arrays, case):
    """Return the arrays that a case returned, in order."""
    names = sorted(name for name in arrays if name.rpartition("/")[0] == case)
    return [arrays[name] for name in names]


def compute():
    """Compute every case with Keras; return arrays by name, and its version."""
    import keras
    from keras import layers

    rng = np.random.default_rng(0)
    xs = rng.standard_normal((B, T, D)).astype(np.float32)
    stored = {"xs": xs}
    classes = {"rnn": layers.SimpleRNN, "lstm": layers.LSTM, "gru": layers.GRU}

    def fill(layer):
        """Give every weight of a layer a random value, biases included."""
        weights = [rng.normal(0, 0.7, w.shape).astype(np.float32) for w in layer.get_weights()]
        layer.set_weights(weights)
        return weights

    def keep(case, result):
        parts = result if isinstance(result, list | tuple) else [result]
        for place, part in enumerate(parts):
            stored[f"{case}/{place}"] = keras.ops.convert_to_numpy(part)

    for kind, make in classes.items():
        first = make(H)
        first.build(xs.shape)
        weights = fill(first)
        keep(f"weights/{kind}", weights)
        start = [rng.normal(size=(B, H)).astype(np.float32) for _ in range(1 + (kind == "lstm"))]
        keep(f"start/{kind}", start)
        for name, options in PLAIN.items():
            layer = make(H, **options)
            layer.build(xs.shape)
            layer.set_weights(weights)
            keep(f"{kind}/{name}", layer(xs))
            if name == "both":
                keep(f"{kind}/start", layer(xs, initial_state=start))
                for mask in MASKS:
                    keep(f"{kind}/mask {mask}", layer(xs, mask=make_mask(mask)))
        for mode in MODES:
            for sequences in (False, True):
                inner = make(H, return_sequences=sequences, return_state=True)
                layer = layers.Bidirectional(inner, merge_mode=mode)
                layer.build(xs.shape)
                keep(f"weights/{kind} {mode} {sequences}", fill(layer))
                keep(f"{kind}/bidirectional {mode} {sequences}", layer(xs))
                masked = layer(xs, mask=make_mask("end"))
                keep(f"{kind}/bidirectional {mode} {sequences} masked", masked)
    before = layers.GRU(H, reset_after=False)
    before.build(xs.shape)
    keep("weights/gru before", fill(before))
    keep("gru/before", before(xs))
    return stored, keras.__version__


def save(arrays, version):
    """Write all arrays as one, with a line of name and shape for each."""
    lines = [f"{name}:{'x'.join(map(str, array.shape))}" for name, array in arrays.items()]
    numbers = np.concatenate([array.ravel() for array in arrays.values()])
    np.savez_compressed(FILE, version=version, names="\n".join(lines), numbers=numbers)


if __name__ == "__main__":
    save(*compute())
    print(f"{FILE.name}: {FILE.stat().st_size} bytes")
