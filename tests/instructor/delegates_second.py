"""Answers of chapters 06 to 12 that call the course's own functions; see `delegates`."""

ANSWERS: dict[str, dict[str, list[str]]] = {
    "06_lstm": {
        "lstm_step": [
            """
            from utils import cells
            def answer(x_t, h_prev, c_prev, W_x, W_h, b):
                return cells.lstm_step(x_t, h_prev, c_prev, cells.LSTMWeights(W_x, W_h, b))
            """,
            """
            from utils.cells import LSTMWeights
            from utils.sequence import lstm_sequence
            def answer(x_t, h_prev, c_prev, W_x, W_h, b):
                run = lstm_sequence(x_t[None], h_prev, c_prev, LSTMWeights(W_x, W_h, b))
                gates = run.input_gate, run.forget_gate, run.candidate, run.output_gate
                return *(gate[0] for gate in gates), run.cs[0], run.hs[0]
            """,
            """
            from utils.cells import LSTMWeights, lstm_variant_step
            from utils.cells.lstm_variants import LSTMVariant
            def answer(x_t, h_prev, c_prev, W_x, W_h, b):
                return tuple(lstm_variant_step(x_t, h_prev, c_prev, LSTMWeights(W_x, W_h, b),
                                               LSTMVariant()))
            """,
        ],
        "lstm_unroll": [
            """
            from utils.cells import LSTMWeights
            from utils.sequence import lstm_sequence
            def answer(xs, h_0, c_0, W_x, W_h, b):
                run = lstm_sequence(xs, h_0, c_0, LSTMWeights(W_x, W_h, b))
                return run.hs, run.cs
            """,
            """
            import numpy as np
            from utils.cells import LSTMWeights
            from utils.keras_names import keras_layer
            def answer(xs, h_0, c_0, W_x, W_h, b):
                weights, cs = LSTMWeights(W_x, W_h, b), []
                turned = xs.swapaxes(0, 1)
                options = {"return_state": True, "initial_state": [h_0, c_0]}
                for T in range(1, len(xs) + 1):
                    cs.append(keras_layer(turned[:, :T], weights, **options)[2])
                hs = keras_layer(turned, weights, return_sequences=True, **options)[0]
                return hs.swapaxes(0, 1), np.stack(cs)
            """,
        ],
        "cell_line": [
            """
            import numpy as np
            from utils.cells import LSTMStepValues, LSTMWeights, lstm_step_backward
            def answer(d_h_t, d_c_next, forget_gate, output_gate, c_t):
                H, zeros = c_t.shape[1], np.zeros_like(c_t)
                values = LSTMStepValues(zeros, forget_gate, zeros, output_gate, c_t,
                                        output_gate * np.tanh(c_t))
                weights = LSTMWeights(np.zeros((1, 4 * H)), np.zeros((H, 4 * H)), np.zeros(4 * H))
                d = lstm_step_backward(d_h_t, d_c_next, zeros[:, :1], zeros, zeros, values,
                                       weights)
                return d.d_c_prev / forget_gate, d.d_c_prev
            """
        ],
        "lstm_step_back": [
            """
            import numpy as np
            from utils.cells import LSTMStepValues, LSTMWeights, lstm_step_backward
            def answer(d_h_t, d_c_next, x_t, h_prev, c_prev, gates, c_t, W_x, W_h):
                values = LSTMStepValues(*gates, c_t, gates[3] * np.tanh(c_t))
                weights = LSTMWeights(W_x, W_h, np.zeros(W_x.shape[1]))
                d = lstm_step_backward(d_h_t, d_c_next, x_t, h_prev, c_prev, values, weights)
                d_z = d.d_x_t @ np.linalg.pinv(W_x.T)
                return d_z, d.d_x_t, d.d_h_prev, d.d_c_prev, d.d_W_x, d.d_W_h, d.d_b
            """
        ],
        "direct_path": [
            """
            import numpy as np
            from utils.memory import memory_left
            def answer(forget_gates):
                T, B, H = forget_gates.shape
                shares = np.ones((T + 1, B, H))
                for b in range(B):
                    for j in range(H):
                        left = memory_left(forget_gates[::-1, b, j])
                        shares[:, b, j] = left[::-1] if len(left) == T + 1 else [*left[::-1], 1]
                return shares, shares.mean(axis=(1, 2))
            """
        ],
        "half_life": [
            """
            import numpy as np
            from utils.activations import sigmoid
            from utils.memory import half_life
            def answer(biases, wanted):
                gates = sigmoid(biases)
                f = 0.5 ** (1 / wanted)
                return gates, [float(half_life(g)) for g in gates], np.log(f / (1 - f))
            """
        ],
    },
    "07_lstm_design": {
        "coupled_step": [
            """
            from utils.cells import LSTMWeights, lstm_variant_step
            from utils.cells.lstm_variants import LSTMVariant
            def answer(x_t, h_prev, c_prev, W_x, W_h, b):
                variant = LSTMVariant(input_gate="coupled")
                step = lstm_variant_step(x_t, h_prev, c_prev, LSTMWeights(W_x, W_h, b), variant)
                return step.forget_gate, step.candidate, step.output_gate, step.c_t, step.h_t
            """
        ],
        "coupled_back": [
            """
            import numpy as np
            from utils.cells import LSTMStepValues, LSTMWeights
            from utils.cells.lstm_variants import LSTMVariant, lstm_variant_step_backward
            def answer(d_h_t, d_c_t, c_prev, forget_gate, candidate, output_gate, c_t):
                H, eye = c_t.shape[1], np.eye(3 * c_t.shape[1])
                values = LSTMStepValues(1 - forget_gate, forget_gate, candidate, output_gate, c_t,
                                        output_gate * np.tanh(c_t))
                weights = LSTMWeights(eye, np.zeros((H, 3 * H)), np.zeros(3 * H))
                zeros = np.zeros((len(c_t), 3 * H))
                d = lstm_variant_step_backward(d_h_t, d_c_t, zeros, 0 * c_t, c_prev, values,
                                               weights, LSTMVariant(input_gate="coupled"))
                return (d.d_c_prev / forget_gate, *np.split(d.d_x_t, 3, axis=1), d.d_c_prev)
            """
        ],
        "memory_paths": [
            """
            import numpy as np
            from utils.memory import memory_left
            def line(gates):
                left = memory_left(gates[1:][::-1])
                return (left if len(left) == len(gates) else np.array([1, *left]))[::-1]
            def answer(forget_gates, output_gates, cs):
                through = output_gates * (1 - np.tanh(cs) ** 2)
                moved = forget_gates * np.concatenate([through[:1], through[:-1]])
                both = [[line(g) for g in gates.T] for gates in (forget_gates, moved)]
                return np.transpose(both[0]), np.transpose(both[1])
            """
        ],
        "matched_units": [
            """
            from utils.parameter_counts import count_network
            def answer(W_x, W_h, b):
                D, H = len(W_x), len(W_h)
                n = count_network("lstm", D, H).total
                units = min(range(1, 300),
                            key=lambda h: abs(count_network("rnn", D, h).total - n))
                return n, units, count_network("rnn", D, units).total
            """
        ],
        "paired_comparison": [
            """
            from utils.forecasting import difference_interval
            def answer(lstm_losses, variant_losses, t_factor):
                differences = variant_losses - lstm_losses
                found = difference_interval(differences, 1)
                return differences, found.estimate, found.low, found.high
            """
        ],
    },
    "08_gru": {
        "gru_step": [
            """
            from utils.cells import GRUWeights, gru_step
            def answer(x_t, h_prev, W_x, W_h, b, b_hn):
                step = gru_step(x_t, h_prev, GRUWeights(W_x, W_h, b, b_hn))
                return step.reset_gate, step.update_gate, step.candidate, step.h_t
            """,
            """
            from utils.cells import GRUWeights
            from utils.sequence import gru_sequence
            def answer(x_t, h_prev, W_x, W_h, b, b_hn):
                run = gru_sequence(x_t[None], h_prev, GRUWeights(W_x, W_h, b, b_hn))
                return run.reset_gate[0], run.update_gate[0], run.candidate[0], run.hs[0]
            """,
        ],
        "reset_before": [
            """
            import numpy as np
            from utils.cells import GRUWeights, gru_step
            def answer(x_t, h_prev, W_x, W_h, b):
                weights = GRUWeights(W_x, W_h, b, np.zeros(len(W_h)))
                step = gru_step(x_t, h_prev, weights, reset_after=False)
                return step.candidate, step.h_t
            """
        ],
        "blend_back": [
            """
            import numpy as np
            from utils.cells import GRUStepValues, GRUWeights, gru_step_backward
            def answer(d_h_t, h_prev, update_gate, candidate):
                B, H = h_prev.shape
                weights = GRUWeights(np.eye(3 * H), np.zeros((H, 3 * H)), np.zeros(3 * H),
                                     np.zeros(H))
                zeros = np.zeros((B, 3 * H))
                h_t = (1 - update_gate) * candidate + update_gate * h_prev
                values = GRUStepValues(0 * h_t, update_gate, candidate, h_t)
                d = gru_step_backward(d_h_t, zeros, h_prev, values, weights)
                return d.d_x_t[:, H : 2 * H], d.d_x_t[:, 2 * H :], d.d_h_prev
            """
        ],
        "gru_back": [
            """
            import numpy as np
            from utils.cells import GRUStepValues, GRUWeights, gru_step_backward
            def answer(d_h_t, h_prev, reset_gate, update_gate, candidate, W_h, b_hn):
                B, H = h_prev.shape
                weights = GRUWeights(np.eye(3 * H), W_h, np.zeros(3 * H), b_hn)
                h_t = (1 - update_gate) * candidate + update_gate * h_prev
                values = GRUStepValues(reset_gate, update_gate, candidate, h_t)
                d = gru_step_backward(d_h_t, np.zeros((B, 3 * H)), h_prev, values, weights)
                return (*np.split(d.d_x_t, 3, axis=1), d.d_h_prev, d.d_W_h, d.d_b, d.d_b_hn)
            """
        ],
        "other_convention": [
            """
            import numpy as np
            from utils.keras_names import from_keras
            def answer(V_x, V_h, b_x, b_h):
                H = len(V_h)
                found = from_keras("gru", [V_x, V_h, np.stack([b_x, b_h])])
                sign = np.ones(3 * H)
                sign[H : 2 * H] = -1
                return found.W_x * sign, found.W_h * sign, found.b * sign, found.b_hn
            """
        ],
    },
    "09_bidirectional_deep": {
        "both_directions": [
            """
            from utils.cells import RNNWeights
            from utils.layers.recurrent import Layer, bidirectional
            def answer(xs, h_0, g_0, W_xh, W_hh, b_h, V_xh, V_hh, c_h):
                layer = Layer(RNNWeights(W_xh, W_hh, b_h), RNNWeights(V_xh, V_hh, c_h))
                run = bidirectional(xs, layer, (h_0, g_0))
                return run.hs, run.summary
            """,
            """
            import numpy as np
            from utils.cells import RNNWeights, rnn_unroll
            def answer(xs, h_0, g_0, W_xh, W_hh, b_h, V_xh, V_hh, c_h):
                ahead = rnn_unroll(xs, h_0, RNNWeights(W_xh, W_hh, b_h))
                back = rnn_unroll(xs[::-1], g_0, RNNWeights(V_xh, V_hh, c_h))
                hs = np.concatenate([ahead, back[::-1]], axis=-1)
                return hs, np.concatenate([ahead[-1], back[-1]], axis=-1)
            """,
        ],
        "padded_both": [
            """
            import numpy as np
            from utils.cells import RNNWeights
            from utils.layers.recurrent import Layer, bidirectional
            def answer(xs, lengths, W_xh, W_hh, b_h, V_xh, V_hh, c_h):
                layer = Layer(RNNWeights(W_xh, W_hh, b_h), RNNWeights(V_xh, V_hh, c_h))
                mask = np.arange(len(xs))[:, None] < lengths
                run = bidirectional(xs, layer, mask=mask)
                turned = np.zeros_like(xs)
                for b, n in enumerate(lengths):
                    turned[:n, b] = xs[:n, b][::-1]
                return turned, run.hs * mask[..., None], run.summary
            """
        ],
        "deep_run": [
            """
            import numpy as np
            from utils.cells import RNNWeights
            from utils.layers.recurrent import Layer, stacked
            def answer(xs, uniform, p, W_in, W_up, W_hh, b_h):
                first = [W_in, *W_up]
                layers = [Layer(RNNWeights(*part)) for part in zip(first, W_hh, b_h)]
                run = stacked(xs, layers, residual=True)
                return np.stack([part.hs[-1] for part in run.layers]), run.hs
            """
        ],
        "layer_back": [
            """
            import numpy as np
            from utils.cells import RNNWeights
            from utils.layers.recurrent import Layer, bidirectional, bidirectional_backward
            def answer(d_out, below, keep, hs, W_xh, W_hh, V_xh, V_hh):
                H = len(W_hh)
                layer = Layer(RNNWeights(W_xh, W_hh, np.zeros(H)),
                              RNNWeights(V_xh, V_hh, np.zeros(H)))
                d = bidirectional_backward(d_out, bidirectional(below * keep, layer), layer)
                return 0 * W_xh, 0 * V_xh, d.d_xs + d_out, (d.d_xs + d_out) * keep
            """
        ],
    },
    "10_sequence_tasks": {
        "from_torch_gru": [
            """
            from utils.interop import from_torch
            def answer(weight_ih, weight_hh, bias_ih, bias_hh):
                import torch
                module = torch.nn.GRU(weight_ih.shape[1], weight_hh.shape[1]).double()
                arrays = (weight_ih, weight_hh, bias_ih, bias_hh)
                with torch.no_grad():
                    for parameter, array in zip(module.parameters(), arrays):
                        parameter.copy_(torch.tensor(array))
                return tuple(from_torch(module))
            """
        ],
        "series_windows": [
            """
            import numpy as np
            from utils.forecasting import make_windows
            def answer(series, timesteps):
                cut = [make_windows(column, timesteps, 1) for column in series.T]
                xs = np.stack([windows.past for windows in cut], axis=-1)
                return xs, cut[0].future[:, 0]
            """
        ],
        "masked_loss": [
            """
            from utils.pytorch.padding import make_mask
            from utils.pytorch.training import masked_cross_entropy
            def answer(logits, targets, lengths):
                import torch
                logits, targets = torch.tensor(logits), torch.tensor(targets)
                mask = make_mask(torch.tensor(lengths), len(logits))
                hits = (logits.argmax(-1) == targets)[mask].double().mean()
                return mask.double(), masked_cross_entropy(logits, targets, mask), hits
            """,
            """
            import numpy as np
            from utils.stacked_model import _loss_and_slopes
            def answer(logits, targets, lengths):
                mask = (np.arange(len(logits))[:, None] < lengths).astype(float)
                loss = _loss_and_slopes(logits, targets, mask, "mean")[0]
                return mask, loss, ((logits.argmax(-1) == targets) * mask).sum() / mask.sum()
            """,
        ],
        "packing": [
            """
            from utils.pytorch.padding import packing
            def answer(xs, lengths):
                import torch
                found = packing(torch.tensor(lengths))
                return xs[0], found.batch_sizes, found.order
            """
        ],
        "summaries": [
            """
            from utils.pytorch.padding import last_outputs, masked_mean
            def answer(output, lengths):
                import torch
                there = torch.arange(output.shape[1])[:, None] < torch.tensor(lengths)
                turned = torch.tensor(output).transpose(0, 1)
                H = output.shape[2] // 2
                ends = torch.cat([last_outputs(turned, torch.tensor(lengths))[:, :H],
                                  turned[0][:, H:]], dim=1)
                largest = turned.masked_fill(~there[..., None], -torch.inf).amax(0)
                return ends, masked_mean(turned, there), largest
            """
        ],
        "decoder_pairs": [
            """
            import numpy as np
            from utils.pytorch.padding import make_mask
            def answer(symbols, lengths):
                import torch
                T, B = symbols.shape
                mask = make_mask(torch.tensor(lengths + 1), T + 1).numpy()
                inputs = np.concatenate([np.ones((1, B), int), symbols])
                targets = np.concatenate([symbols, np.zeros((1, B), int)])
                targets[lengths, np.arange(B)] = 2
                return inputs, targets, mask
            """
        ],
        "beam_step": [
            """
            import numpy as np
            from utils.pytorch.decoding import _followers
            def answer(scores, lengths, finished, log_probs, end):
                import torch
                _followers(torch.tensor(log_probs), [], [], len(scores))
            """
        ],
    },
    "11_forecasting": {
        "split_windows": [
            """
            from utils.forecasting import make_windows
            def answer(values, past, horizon, border):
                train = make_windows(values[:border], past, horizon)
                test = make_windows(values[border - past :], past, horizon)
                return train.past, train.future, test.past, test.future
            """
        ],
        "scaled_parts": [
            """
            from utils.forecasting.scaling import fit_scaler
            def answer(values, border, outputs):
                scaler = fit_scaler(values[:border])
                scaled = scaler.transform(values)
                return scaled[:border], scaled[border:], scaler.inverse(outputs)
            """
        ],
        "recursive": [
            """
            import numpy as np
            from utils.forecasting import LinearAutoregression
            def answer(values, origin, weights, bias, horizon):
                model = LinearAutoregression(len(weights)).fit(np.arange(50.0) ** 1.1)
                return np.zeros((horizon, len(weights))), model.forecast(values[:origin], horizon)
            """
        ],
        "rolling_drift": [
            """
            from utils.forecasting import Drift, origins_of, rolling_origin
            def answer(values, first, every, horizon):
                origins = origins_of(len(values), first, horizon, every)
                found = rolling_origin(Drift(), values, origins, horizon)
                return found.forecasts, found.mae_by_lead()
            """,
            """
            import numpy as np
            from utils.forecasting import Drift
            def answer(values, first, every, horizon):
                origins = range(first, len(values) - horizon + 1, every)
                found = np.stack([Drift().forecast(values[:o], horizon) for o in origins])
                came = np.stack([values[o : o + horizon] for o in origins])
                return found, np.abs(found - came).mean(axis=0)
            """,
        ],
        "calibrated_band": [
            """
            import numpy as np
            from utils.forecasting import Evaluation, calibrate, coverage
            def answer(past_forecasts, past_actual, forecasts, actual, level):
                origins = np.arange(len(past_actual))
                band = calibrate(Evaluation("", origins, past_forecasts, past_actual), level)
                around = band.around(forecasts)
                return around.low, around.high, coverage(around, actual).by_lead
            """
        ],
    },
    "12_open_your_model": {
        "padded_gates": [
            """
            import numpy as np
            from utils.memory import half_life
            def answer(forget):
                mean = np.exp(np.nanmean(np.log(forget), axis=(0, 1)))
                real = (~np.isnan(forget[..., 0])).sum()
                low = (forget < 0.1).sum(axis=(0, 1)) / real
                high = (forget > 0.9).sum(axis=(0, 1)) / real
                steps = np.array([float(half_life(g)) for g in mean])
                return steps, low + high, np.maximum(low, high) >= 0.95
            """,
            """
            import numpy as np
            from types import SimpleNamespace
            from utils.lens.units import ends_of
            def answer(forget):
                done = SimpleNamespace(values={"forget_gate": forget}, kind="lstm",
                                       mask=~np.isnan(forget[..., 0]))
                ((_, low, high),) = ends_of(done, 0.1, 0.9, 0.99)
                steps = np.log(0.5) / np.nanmean(np.log(forget), axis=(0, 1))
                return steps, low + high, np.maximum(low, high) >= 0.95
            """,
        ],
        "chance": [
            """
            import numpy as np
            from utils.lens.tracking import correlations
            def answer(states, signal, orders):
                units = states.reshape(-1, states.shape[2])
                found = correlations(signal.reshape(1, -1), units)[0]
                dealt = np.stack([signal[:, order].ravel() for order in orders])
                chance = np.quantile(np.abs(correlations(dealt, units)).max(axis=1), 0.95)
                return found, chance, np.abs(found) > chance
            """
        ],
    },
}
