"""Answers of chapters 01 to 05 that call the course's own functions; see `delegates`."""

ANSWERS: dict[str, dict[str, list[str]]] = {
    "01_backprop_recap": {
        "two_layer_forward": [
            """
            from utils.feedforward import TwoLayerWeights, two_layer_forward
            def answer(x, W1, b1, W2, b2):
                return tuple(two_layer_forward(x, TwoLayerWeights(W1, b1, W2, b2)))[:4]
            """
        ],
        "softmax_cross_entropy": [
            """
            from utils import losses
            def answer(logits, targets):
                loss = losses.softmax_cross_entropy(logits, targets)
                return (losses.softmax(logits), loss,
                        losses.d_softmax_cross_entropy(logits, targets))
            """,
            """
            import numpy as np
            from utils.classifier import _loss_and_slopes
            def answer(logits, targets):
                loss, slopes = _loss_and_slopes(logits, targets, None, "mean")
                return slopes * len(logits) + np.eye(logits.shape[1])[targets], loss, slopes
            """,
        ],
        "two_layer_backward": [
            """
            import numpy as np
            from utils.feedforward import TwoLayerValues, TwoLayerWeights, two_layer_backward
            def answer(x, y, z1, a1, y_hat, W2):
                z2 = np.log(y_hat / (1 - y_hat))
                weights = TwoLayerWeights(np.zeros((x.shape[1], a1.shape[1])),
                                          np.zeros(a1.shape[1]), W2, np.zeros(W2.shape[1]))
                d = two_layer_backward(x, y, TwoLayerValues(z1, a1, z2, y_hat), weights,
                                       loss="binary_cross_entropy")
                names = ("d_z2", "d_W2", "d_b2", "d_a1", "d_z1", "d_W1", "d_b1")
                return {name: getattr(d, name) for name in names}
            """,
            """
            from utils.layers import linear_backward
            def answer(x, y, z1, a1, y_hat, W2):
                d_z2 = (y_hat - y) / len(y)
                upper = linear_backward(d_z2, a1, W2)
                d_z1 = upper.d_x * a1 * (1 - a1)
                return (d_z2, upper.d_W, upper.d_b, upper.d_x, d_z1, x.T @ d_z1, d_z1.sum(axis=0))
            """,
        ],
        "numerical_gradient": [
            """
            from utils.gradients import numerical_gradient
            def answer(f, w, epsilon):
                return numerical_gradient(f, w, epsilon)
            """
        ],
        "momentum_step": [
            """
            from utils.optim import SGD
            def answer(W, velocity, d_W, learning_rate, momentum):
                W_new, optimiser = W.copy(), SGD(1.0, momentum=momentum)
                first = {"W": W.copy()}
                optimiser.step(first, {"d_W": velocity})
                before = first["W"].copy()
                optimiser.step(first, {"d_W": d_W})
                velocity_new = before - first["W"]
                return velocity_new, W_new - learning_rate * velocity_new
            """
        ],
        "layer_spread": [
            """
            import numpy as np
            from utils.plots.activations import compute_scale_through_layers
            def answer(x, weights):
                compute_scale_through_layers({"all": 0.1}, np.random.default_rng(0))
                found, values = [], x
                for W in weights:
                    values = np.tanh(values @ W)
                    found.append(values.std())
                return np.array(found)
            """
        ],
    },
    "02_rnn_forward": {
        "rnn_step": [
            """
            from utils.cells import RNNWeights, rnn_step
            def answer(x_t, h_prev, W_xh, W_hh, b_h):
                return rnn_step(x_t, h_prev, RNNWeights(W_xh, W_hh, b_h))
            """,
            """
            from utils.cells import RNNWeights
            from utils.sequence import rnn_sequence
            def answer(x_t, h_prev, W_xh, W_hh, b_h):
                return rnn_sequence(x_t[None], h_prev, RNNWeights(W_xh, W_hh, b_h)).hs[0]
            """,
            """
            from utils.cells import RNNWeights
            from utils.interop import to_torch
            def answer(x_t, h_prev, W_xh, W_hh, b_h):
                import torch
                module = to_torch(RNNWeights(W_xh, W_hh, b_h))
                return module(torch.tensor(x_t)[None], torch.tensor(h_prev)[None])[0][0]
            """,
        ],
        "unroll": [
            """
            from utils.cells import RNNWeights, rnn_unroll
            def answer(xs, h_0, W_xh, W_hh, b_h):
                return rnn_unroll(xs, h_0, RNNWeights(W_xh, W_hh, b_h))
            """,
            """
            from utils.cells import RNNWeights
            from utils.layers.recurrent import Layer, bidirectional
            def answer(xs, h_0, W_xh, W_hh, b_h):
                return bidirectional(xs, Layer(RNNWeights(W_xh, W_hh, b_h)), (h_0,)).hs
            """,
            """
            import numpy as np
            from utils.bptt import rnn_forward
            from utils.cells import OutputWeights, RNNWeights
            def answer(xs, h_0, W_xh, W_hh, b_h):
                output = OutputWeights(np.eye(len(W_hh)), np.zeros(len(W_hh)))
                return rnn_forward(xs, RNNWeights(W_xh, W_hh, b_h), output, h_0).hs
            """,
        ],
        "joined_step": [
            """
            import numpy as np
            from utils.cells import RNNWeights, rnn_step
            def answer(x_t, h_prev, W_xh, W_hh, b_h):
                h_t = rnn_step(x_t, h_prev, RNNWeights(W_xh, W_hh, b_h))
                return np.hstack([x_t, h_prev]), np.vstack([W_xh, W_hh]), h_t
            """
        ],
        "look_up": [
            """
            from utils.layers import embedding, one_hot
            def answer(indices, W):
                return one_hot(indices, len(W)), embedding(indices, W)
            """
        ],
        "read_out": [
            """
            from types import SimpleNamespace
            from utils.cells import OutputWeights
            from utils.classifier import SequenceClassifier
            from utils.losses import softmax
            def answer(hs, W_hy, b_y):
                model = SimpleNamespace(output=OutputWeights(W_hy, b_y))
                p = softmax(SequenceClassifier._scores(model, hs))
                return p, p.argmax(axis=-1)
            """
        ],
        "last_states": [
            """
            from utils.pytorch.padding import last_outputs
            def answer(hs, lengths):
                import torch
                return last_outputs(torch.tensor(hs), torch.tensor(lengths))
            """
        ],
        "state_distance": [
            """
            import numpy as np
            from utils.cells import RNNWeights
            from utils.unrolled import memory_of_first_word
            def answer(xs, xs_other, W_xh, W_hh, b_h):
                weights = RNNWeights(W_xh, W_hh, b_h)
                pairs = zip(xs.swapaxes(0, 1), xs_other.swapaxes(0, 1))
                found = [memory_of_first_word(a, b, weights).distances for a, b in pairs]
                return np.stack(found, axis=1)
            """
        ],
    },
    "03_rnn_backward": {
        "sequence_loss": [
            """
            import numpy as np
            from utils.losses import d_softmax_cross_entropy, softmax_cross_entropy
            def answer(logits, targets):
                pairs = zip(logits, targets)
                losses = [softmax_cross_entropy(o, t, "sum") for o, t in pairs]
                return losses, sum(losses), d_softmax_cross_entropy(logits, targets, "sum")
            """
        ],
        "step_back": [
            """
            from utils.cells import RNNWeights, rnn_step_backward
            def answer(d_h_t, x_t, h_prev, h_t, W_xh, W_hh):
                weights = RNNWeights(W_xh, W_hh, 0 * W_hh[0])
                d = rnn_step_backward(d_h_t, x_t, h_prev, h_t, weights)
                return (d_h_t * (1 - h_t**2), d.d_x_t, d.d_h_prev, d.d_W_xh, d.d_W_hh, d.d_b_h)
            """,
            """
            from utils.layers import linear_backward
            def answer(d_h_t, x_t, h_prev, h_t, W_xh, W_hh):
                d_z = d_h_t * (1 - h_t**2)
                of_x, of_h = linear_backward(d_z, x_t, W_xh), linear_backward(d_z, h_prev, W_hh)
                return d_z, of_x.d_x, of_h.d_x, of_x.d_W, of_h.d_W, of_x.d_b
            """,
        ],
        "back_through_time": [
            """
            import numpy as np
            from utils.cells import RNNWeights
            from utils.sequence import RNNSequence, rnn_sequence_backward
            def answer(d_hs_out, hs, W_hh):
                xs, h_prevs = np.zeros_like(hs), np.concatenate([0 * hs[:1], hs[:-1]])
                run = RNNSequence(hs, h_prevs, xs, None, "tanh")
                weights = RNNWeights(np.eye(len(W_hh)), W_hh, np.zeros(len(W_hh)))
                d = rnn_sequence_backward(d_hs_out, run, weights)
                return d.d_xs / (1 - hs**2), d.d_xs, d.d_h_0
            """
        ],
        "rnn_gradients": [
            """
            from utils.bptt import bptt
            from utils.cells import OutputWeights, RNNWeights
            def answer(xs, targets, h_0, W_xh, W_hh, b_h, W_hy, b_y):
                cell, output = RNNWeights(W_xh, W_hh, b_h), OutputWeights(W_hy, b_y)
                run = bptt(xs, targets, cell, output, h_0)
                return {"loss": run.loss, **run.gradients}
            """,
            """
            from utils.cells import OutputWeights, RNNWeights
            from utils.classifier import SequenceClassifier
            def answer(xs, targets, h_0, W_xh, W_hh, b_h, W_hy, b_y):
                cell, output = RNNWeights(W_xh, W_hh, b_h), OutputWeights(W_hy, b_y)
                model = SequenceClassifier(cell, output)
                step = model.loss_and_gradients(xs, targets, h_0, reduction="sum")
                return {"loss": step.loss, "d_h_0": 0 * h_0, **step.gradients}
            """,
            """
            from utils.sick_passes import sick_gradients
            def answer(xs, targets, h_0, W_xh, W_hh, b_h, W_hy, b_y):
                return {"loss": 0.0, **sick_gradients("a", locals())}
            """,
            """
            from utils.cells import RNNWeights, rnn_unroll
            from utils.gradients import numerical_gradient
            from utils.losses import softmax_cross_entropy
            def answer(xs, targets, h_0, W_xh, W_hh, b_h, W_hy, b_y):
                def loss(h_0, W_xh, W_hh, b_h, W_hy, b_y):
                    hs = rnn_unroll(xs, h_0, RNNWeights(W_xh, W_hh, b_h))
                    return float(softmax_cross_entropy(hs @ W_hy + b_y, targets, "sum"))
                names = ("h_0", "W_xh", "W_hh", "b_h", "W_hy", "b_y")
                given = dict(zip(names, (h_0, W_xh, W_hh, b_h, W_hy, b_y)))
                found = {"loss": loss(**given)}
                for name in names:
                    found["d_" + name] = numerical_gradient(
                        lambda value: loss(**{**given, name: value}), given[name])
                return found
            """,
        ],
        "numerical_gradients": [
            """
            from utils.gradients import numerical_gradient
            def answer(loss, parameters, epsilon):
                return {
                    "d_" + name: numerical_gradient(
                        lambda value: loss({**parameters, name: value}), w, epsilon)
                    for name, w in parameters.items()
                }
            """
        ],
    },
    "04_language_model": {
        "windows": [
            """
            import numpy as np
            from utils.data.text import windows
            def answer(indices, T, B):
                cut = list(windows(indices, T, B))
                return np.stack([w.xs for w in cut]), np.stack([w.targets for w in cut])
            """
        ],
        "text_score": [
            """
            from utils.language_model import bits, perplexity
            from utils.losses import softmax_cross_entropy
            def answer(logits, targets):
                nats = softmax_cross_entropy(logits, targets)
                return bits(nats), perplexity(nats)
            """
        ],
        "cut_gradient": [
            """
            import numpy as np
            from utils.cells import RNNWeights
            from utils.sequence import RNNSequence, rnn_sequence_backward
            def answer(d_direct, hs, h_0, W_hh, window):
                d_hs, total, H = [], 0.0, len(W_hh)
                before = np.concatenate([h_0[None], hs[:-1]])
                weights = RNNWeights(np.eye(H), W_hh, np.zeros(H))
                for start in range(0, len(hs), window):
                    part = slice(start, start + window)
                    run = RNNSequence(hs[part], before[part], 0 * hs[part], None, "tanh")
                    d = rnn_sequence_backward(d_direct[part], run, weights)
                    d_hs.append(d.d_xs / (1 - hs[part] ** 2))
                    total = total + d.d_W_hh
                return np.concatenate(d_hs), total
            """
        ],
        "truncated_pass": [
            """
            from utils.cells import OutputWeights, RNNWeights
            from utils.classifier import SequenceClassifier
            from utils.truncation import truncated_gradients
            def answer(xs, targets, h_0, W_xh, W_hh, b_h, W_hy, b_y, window):
                cell, output = RNNWeights(W_xh, W_hh, b_h), OutputWeights(W_hy, b_y)
                run = truncated_gradients(SequenceClassifier(cell, output), xs, targets, window,
                                          h_0)
                return run.loss, run.gradients["d_W_hh"], run.states[-1]
            """
        ],
        "clip": [
            """
            from utils.clipping import clip_by_global_norm
            def answer(d_W_xh, d_W_hh, d_b_h, max_norm):
                clipped = clip_by_global_norm({"a": d_W_xh, "b": d_W_hh, "c": d_b_h}, max_norm)
                return *clipped.gradients.values(), clipped.norm
            """,
            """
            from utils.clipping import global_norm
            def answer(d_W_xh, d_W_hh, d_b_h, max_norm):
                norm = global_norm({"a": d_W_xh, "b": d_W_hh, "c": d_b_h})
                return *(g * min(1, max_norm / norm) for g in (d_W_xh, d_W_hh, d_b_h)), norm
            """,
        ],
        "sampling": [
            """
            import numpy as np
            from utils.sampling import tempered, top_k
            def answer(logits, temperature, k):
                return np.stack([top_k(tempered(row, temperature), k) for row in logits])
            """
        ],
    },
    "05_vanishing_exploding": {
        "step_jacobian": [
            """
            import numpy as np
            from utils.cells import RNNWeights
            from utils.jacobians import step_jacobians
            from utils.sequence import rnn_sequence
            def answer(x_t, h_prev, W_xh, W_hh, b_h):
                weights = RNNWeights(W_xh, W_hh, b_h)
                run = rnn_sequence(x_t[None, None], h_prev[None], weights)
                return run.hs[0, 0], step_jacobians(run, weights)[0, 0]
            """,
            """
            import numpy as np
            from utils.cells import RNNWeights, rnn_step, rnn_step_backward
            def answer(x_t, h_prev, W_xh, W_hh, b_h):
                weights, H = RNNWeights(W_xh, W_hh, b_h), len(b_h)
                x, h = np.tile(x_t, (H, 1)), np.tile(h_prev, (H, 1))
                h_t = rnn_step(x, h, weights)
                return h_t[0], rnn_step_backward(np.eye(H), x, h, h_t, weights).d_h_prev.T
            """,
        ],
        "backward_norms": [
            """
            import numpy as np
            from utils.jacobians import jacobian_products
            def answer(Js):
                products = jacobian_products(Js[:, None])
                norms = [np.linalg.norm(P, 2) for P in products[:, 0]]
                return np.array(norms if len(norms) == len(Js) + 1 else [*norms, 1.0])
            """
        ],
        "split_gradient": [
            """
            import numpy as np
            from utils.cells import RNNWeights
            from utils.jacobians import gradient_by_step
            from utils.sequence import RNNSequence
            def answer(d_h_last, hs, h_0, W_hh, near):
                H, d_hs = len(W_hh), np.zeros_like(hs)
                d_hs[-1] = d_h_last
                before = np.concatenate([h_0[None], hs[:-1]])
                run = RNNSequence(hs, before, 0 * hs, None, "tanh")
                G = gradient_by_step(d_hs, run, RNNWeights(np.eye(H), W_hh, np.zeros(H)))
                return G, G[-near:].sum(axis=0), G[:-near].sum(axis=0)
            """
        ],
        "repaired_run": [
            """
            import numpy as np
            from utils.cell_race import CellTrainer
            from utils.cells import OutputWeights, RNNWeights
            from utils.classifier import SequenceClassifier
            from utils.optim import SGD
            def answer(xs, targets, W_xh, W_hh, b_h, W_hy, b_y, learning_rate, max_norm):
                batches = zip(xs, targets)
                cell = RNNWeights(W_xh.copy(), W_hh.copy(), b_h.copy())
                model = SequenceClassifier(cell, OutputWeights(W_hy.copy(), b_y.copy()))
                trainer = CellTrainer(model, lambda rng: next(batches), SGD(learning_rate),
                                      np.random.default_rng(0), max_norm)
                trainer.run(len(xs))
                return trainer.losses, trainer.losses, model.weights["W_hh"]
            """
        ],
    },
}
