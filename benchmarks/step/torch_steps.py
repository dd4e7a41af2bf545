"""The contenders in torch: its own modules, and a loop written from scratch."""

from __future__ import annotations

import torch
from torch.nn import functional as F

from benchmarks.step.case import LEARNING_RATE, MAX_NORM, Case
from utils.interop import from_torch, to_torch
from utils.validation import Array


class _Torch:
    """What both share: autograd, clipping and the optimiser."""

    parameters: list[torch.nn.Parameter]
    xs: torch.Tensor
    targets: torch.Tensor

    def __init__(self, case: Case) -> None:
        self.case = case
        dtype = torch.from_numpy(case.output.W_hy).dtype
        self.xs = F.one_hot(torch.from_numpy(case.xs), case.classes).to(
            dtype
        )  # prepared, not timed
        self.targets = torch.from_numpy(case.targets).reshape(-1)
        self.optimiser = torch.optim.SGD(self.parameters, lr=LEARNING_RATE)

    def scores(self) -> torch.Tensor:
        """Return the scores (T·B, V)."""
        raise NotImplementedError

    def loss(self) -> torch.Tensor:
        self.optimiser.zero_grad()
        loss = F.cross_entropy(self.scores(), self.targets)
        loss.backward()
        return loss

    def step(self) -> float:
        loss = self.loss()
        torch.nn.utils.clip_grad_norm_(self.parameters, MAX_NORM)
        self.optimiser.step()
        return loss.item()


class Module(_Torch):
    """``nn.RNN``, ``nn.GRU`` or ``nn.LSTM`` with ``nn.Linear``, as the manual shows them."""

    second_bias = True  # trained beside the first, so the norm of all gradients is larger

    def __init__(self, case: Case) -> None:
        self.rnn = to_torch(case.cell)
        H, K = case.output.W_hy.shape
        self.readout = torch.nn.Linear(H, K, dtype=self.rnn.weight_hh_l0.dtype)
        with torch.no_grad():
            self.readout.weight.copy_(torch.from_numpy(case.output.W_hy.T.copy()))
            self.readout.bias.copy_(torch.from_numpy(case.output.b_y))
        self.parameters = [*self.rnn.parameters(), *self.readout.parameters()]
        super().__init__(case)

    def scores(self) -> torch.Tensor:
        hs, _ = self.rnn(self.xs)
        return self.readout(hs).reshape(-1, self.case.classes)

    def gradients(self) -> tuple[float, dict[str, Array]]:
        loss = self.loss().item()
        H = self.rnn.hidden_size
        W_x, W_h, b = self.case.cell._fields[:3]
        grads = {
            f"d_{W_x}": self.rnn.weight_ih_l0.grad.T,
            f"d_{W_h}": self.rnn.weight_hh_l0.grad.T,
            f"d_{b}": self.rnn.bias_ih_l0.grad,
            "d_W_hy": self.readout.weight.grad.T,
            "d_b_y": self.readout.bias.grad,
        }
        if self.case.name == "gru":
            grads["d_b_hn"] = self.rnn.bias_hh_l0.grad[2 * H :]
        return loss, {name: g.numpy().copy() for name, g in grads.items()}

    def weights(self) -> dict[str, Array]:
        """As `from_torch` reads them; the second bias, which torch trains too, is in the first."""
        readout = {
            "W_hy": self.readout.weight.detach().numpy().T.copy(),
            "b_y": self.readout.bias.detach().numpy().copy(),
        }
        return {**from_torch(self.rnn)._asdict(), **readout}


class Embedded(Module):
    """The same with ``nn.Embedding`` before it, of V features, as a language model often has it."""

    def __init__(self, case: Case) -> None:
        super().__init__(case)
        self.embedding = torch.nn.Embedding(case.classes, case.classes, dtype=self.xs.dtype)
        self.indices = torch.from_numpy(case.xs)
        self.parameters.extend(self.embedding.parameters())
        self.optimiser = torch.optim.SGD(self.parameters, lr=LEARNING_RATE)

    def scores(self) -> torch.Tensor:
        hs, _ = self.rnn(self.embedding(self.indices))
        return self.readout(hs).reshape(-1, self.case.classes)


class Loop(_Torch):
    """The equations in torch, step by step, gates together in one product, autograd behind."""

    def __init__(self, case: Case) -> None:
        self.own = {
            name: torch.nn.Parameter(torch.from_numpy(w)) for name, w in case.weights().items()
        }
        self.parameters = list(self.own.values())
        self.advance = getattr(self, f"_{case.name}")
        self.W_x, self.W_h, self.b = (self.own[name] for name in case.cell._fields[:3])
        super().__init__(case)

    def scores(self) -> torch.Tensor:
        h = c = self.xs.new_zeros(self.xs.shape[1], self.own["W_hy"].shape[0])
        hs = []
        for x in self.xs:
            h, c = self.advance(x, h, c)
            hs.append(h)
        scores = torch.stack(hs) @ self.own["W_hy"] + self.own["b_y"]
        return scores.reshape(-1, self.case.classes)

    def _rnn(self, x, h, c):
        return torch.tanh(x @ self.W_x + h @ self.W_h + self.b), c

    def _gru(self, x, h, c):
        x_r, x_z, x_n = (x @ self.W_x + self.b).chunk(3, dim=1)
        h_r, h_z, h_n = (h @ self.W_h).chunk(3, dim=1)
        z = torch.sigmoid(x_z + h_z)
        n = torch.tanh(x_n + torch.sigmoid(x_r + h_r) * (h_n + self.own["b_hn"]))
        return (1 - z) * n + z * h, c

    def _lstm(self, x, h, c):
        i, f, g, o = (x @ self.W_x + h @ self.W_h + self.b).chunk(4, dim=1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        return torch.sigmoid(o) * torch.tanh(c), c

    def gradients(self) -> tuple[float, dict[str, Array]]:
        loss = self.loss().item()
        return loss, {f"d_{name}": w.grad.numpy().copy() for name, w in self.own.items()}

    def weights(self) -> dict[str, Array]:
        return {name: w.detach().numpy() for name, w in self.own.items()}
