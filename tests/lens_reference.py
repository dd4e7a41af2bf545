"""Recurrent modules written out as loops over samples, layers and steps, for autograd to go back.

Nothing here is shared with `utils.lens`: one sample at a time, one step at a time, every state a
tensor that keeps its gradient.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

F64 = torch.float64


class Loop(NamedTuple):
    """What the loops computed.

    `states[name, layer, direction]` is a list over steps and samples: {(t, b): tensor}.
    """

    states: dict[tuple[str, int, str], dict[tuple[int, int], Tensor]]
    output: Tensor
    last: tuple[Tensor, ...]


def step(module: nn.RNNBase, w: dict[str, Tensor], x: Tensor, h: Tensor, c: Tensor | None):
    """Make one step; return the quantities by name."""
    a = x @ w["weight_ih"].T + w.get("bias_ih", 0)
    b = h @ w["weight_hh"].T + w.get("bias_hh", 0)
    if module.mode.startswith("RNN"):
        f = torch.tanh if module.mode == "RNN_TANH" else torch.relu
        return {"sum": a + b, "hidden": f(a + b)}
    if module.mode == "GRU":
        (ar, az, an), (br, bz, bn) = a.chunk(3), b.chunk(3)
        r, z = torch.sigmoid(ar + br), torch.sigmoid(az + bz)
        n = torch.tanh(an + r * bn)
        return {"reset_gate": r, "update_gate": z, "candidate": n, "hidden": (1 - z) * n + z * h}
    i, f, g, o = (a + b).chunk(4)
    i, f, g, o = torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)
    new = f * c + i * g
    new.retain_grad()
    out = o * torch.tanh(new)
    done = {"input_gate": i, "forget_gate": f, "candidate": g, "output_gate": o, "cell": new}
    if module.proj_size:
        return {**done, "before_projection": out, "hidden": out @ w["weight_hr"].T}
    return {**done, "hidden": out}


def loop(module: nn.RNNBase, xs: Tensor, lengths: list[int], state: Any = None) -> Loop:
    """Run a module over xs (T, B, D), time first, in float64, step by step."""
    T, B, _ = xs.shape
    directions = ("forward", "backward")[: 2 if module.bidirectional else 1]
    P = module.proj_size or module.hidden_size
    lstm = module.mode == "LSTM"
    states: dict = {}
    ends_h, ends_c = [], []
    given = {(t, b): xs[t, b].to(F64) for b in range(B) for t in range(lengths[b])}
    for layer in range(module.num_layers):
        outputs = []
        for d, direction in enumerate(directions):
            suffix = f"_l{layer}" + "_reverse" * d
            w = {
                n.removesuffix(suffix): p.detach().to(F64)
                for n, p in module.named_parameters()
                if n.endswith(suffix)
            }
            row, kept, h_ends, c_ends = layer * len(directions) + d, {}, [], []
            for b in range(B):
                h, c = torch.zeros(P, dtype=F64), torch.zeros(module.hidden_size, dtype=F64)
                if state is not None:
                    h = (state[0] if lstm else state)[row, b].to(F64)
                    c = state[1][row, b].to(F64) if lstm else c
                h = h.clone().requires_grad_()
                c = c.clone().requires_grad_()
                steps = range(lengths[b])
                for t in reversed(steps) if d else steps:
                    done = step(module, w, given[t, b], h, c)
                    h, c = done["hidden"], done.get("cell")
                    h.retain_grad()
                    for name, value in done.items():
                        states.setdefault((name, layer, direction), {})[t, b] = value
                    kept[t, b] = h
                h_ends.append(h)
                c_ends.append(c)
            outputs.append(kept)
            ends_h.append(torch.stack(h_ends))
            ends_c.append(torch.stack(c_ends) if lstm else None)
        given = {at: torch.cat([kept[at] for kept in outputs]) for at in outputs[0]}
    width = P * len(directions)
    rows = [
        torch.stack([given.get((t, b), torch.zeros(width, dtype=F64)) for b in range(B)])
        for t in range(T)
    ]
    last = (torch.stack(ends_h), torch.stack(ends_c)) if lstm else (torch.stack(ends_h),)
    return Loop(states, torch.stack(rows), last)
