"""A trace is the step that really happens: every number in it is the engine's own, for all that can be combined."""

import copy
import itertools

import numpy as np
import pytest

from pellucid.errors import InputError
from pellucid.explanation.trace import trace
from pellucid.explanation.trace.worksheet import example
from pellucid.nn import ACTIVATIONS, LOSSES, OPTIMIZERS, AdamW, Dense, GradientDescent, Network
from pellucid.nn.network import Network as Engine
from pellucid.training import Settings
from pellucid.training.examples import Examples
from pellucid.training.loop import initial_state, steps
from steps import ROWS, problem


def engine_step(net, X, y, **settings):
    """Return parameters and slots after two updates by the training loop, and those after the first one."""
    network = net.copy()
    hidden = [(layer.n_out, layer.activation.name) for layer in net.dense[:-1]]
    how = Settings(hidden_layers=hidden, batch_size=None, epochs=2, l2=net.l2, dtype="float64", **settings)
    state = initial_state(network, how, 0)
    seen = []
    for _ in steps(Examples(X, y), how, state):
        seen.append((network.parameters.copy(), {name: slot.copy() for name, slot in state.slots.items()}))
    return seen


@pytest.mark.parametrize("rule", OPTIMIZERS)
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_combination_is_the_engines_step(activation, loss, rule):
    """J, every gradient, the update of two steps in a row, all slots: to the last bit."""
    l2 = 0.1 if rule != "adamw" else 0.0
    net, X, y = problem(activation, loss, l2)
    (p1, slots1), (p2, slots2) = engine_step(net, X, y, optimizer=rule, learning_rate=0.01)
    first = trace(net, X, y, rule=rule, rate=0.01, row=1)
    J, gradient = net.cost_and_gradient(X, y)
    assert first.cost.J == J and np.array_equal(first.update.gradient, gradient)
    assert np.array_equal(first.update.after, p1)

    between = net.copy()
    between.parameters[:] = p1
    second = trace(between, X, y, rule=rule, rate=0.01, slots=slots1)
    assert np.array_equal(second.update.after, p2)
    assert {name: slot.tolist() for name, slot in second.update.slots_after.items()} == {
        name: slot.tolist() for name, slot in slots2.items()
    }
    between.parameters[:] = p2
    assert second.after == between.cost_and_gradient(X, y)[0]
    for step in (first, second):
        assert step.promised == pytest.approx(step.update.gradient @ (step.update.after - step.update.before))
        parts_explain_the_change(step)


def parts_explain_the_change(step):
    """What the rule is said to compute in between leads to the change that was made."""
    update, parts = step.update, step.update.parts
    rule, rate, g = update.rule, update.rate, update.used
    if isinstance(rule, GradientDescent):
        expected = -rate * parts.get("ahead", parts.get("velocity", g))
        if rule.nesterov:
            assert np.array_equal(parts["ahead"], g + rule.momentum * parts["velocity"])
    elif "root" in parts:
        expected = -rate * g / parts["root"]
    elif "mean_hat" in parts:
        expected = -rate * parts["mean_hat"] / (np.sqrt(parts["square_hat"]) + rule.epsilon)
    else:
        expected = parts["length"] * parts["direction"]
        assert update.evaluations >= 1
    assert np.allclose(expected, update.change, rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize(("activation", "loss"), [*itertools.product(ACTIVATIONS, LOSSES)])
def test_the_layers_hold_together(activation, loss):
    """A_in, Z, A, dA, dZ, dW, db follow from each other by the formulas beside which they are shown."""
    net, X, y = problem(activation, loss, l2=0.2)
    step = trace(net, X, y, rule="gradient_descent", rate=0.1)
    A = X
    for layer in step.layers:
        assert np.array_equal(layer.A_in, A)
        assert np.array_equal(layer.Z, A @ layer.W.T + layer.b)
        assert np.array_equal(layer.A, layer.activation.value(layer.Z))
        assert np.array_equal(layer.back.dZ, layer.slope * layer.back.dA)
        assert np.allclose(layer.back.dW, layer.back.dZ.T @ A + 0.2 * layer.W, rtol=1e-14, atol=1e-15)
        assert np.allclose(layer.back.db, layer.back.dZ.sum(axis=0), rtol=1e-13, atol=1e-15)
        assert np.array_equal(layer.W_next, layer.W - 0.1 * layer.back.dW)
        assert np.array_equal(layer.b_next, layer.b - 0.1 * layer.back.db)
        A = layer.A
    for below, above in itertools.pairwise(step.layers):
        assert np.array_equal(below.back.dA, above.back.dZ @ above.W)
    assert np.array_equal(step.cost.dlogits, net.loss.gradient(A, y) / ROWS)
    assert np.array_equal(step.yhat, net.loss.link(A))
    assert pytest.approx(step.cost.l.mean() + step.cost.penalty, rel=1e-15) == step.cost.J
    assert step.cost.penalty == pytest.approx(0.1 * sum(np.sum(layer.W**2) for layer in step.layers))
    assert step.finite_difference.verdict == "agrees", step.finite_difference


def test_the_network_and_the_slots_stay_as_they_are_and_the_trace_too():
    net, X, y = problem()
    slots = OPTIMIZERS["adam"].slots(net.parameters)
    before = net.parameters.copy()
    step = trace(net, X, y, rule="adam", slots=slots)
    assert np.array_equal(net.parameters, before) and not slots["steps"] and not slots["mean"].any()
    net.parameters += 1
    assert np.array_equal(step.layers[0].W, net.views(before)[0][0])
    for array in (step.layers[0].Z, step.layers[0].back.dW, step.update.after, step.update.slots_after["mean"]):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0


def test_a_batch_has_the_mean_gradient_and_one_example_its_own():
    net, X, y = problem("relu", "softmax_cross_entropy", k=3)
    whole = trace(net, X, y, rate=0.1, row=3)
    ones = [trace(net, X[i : i + 1], y[i : i + 1], rate=0.1) for i in range(ROWS)]
    mean = np.mean([one.update.gradient for one in ones], axis=0)
    assert np.allclose(whole.update.gradient, mean, rtol=1e-12, atol=1e-16)
    assert np.array_equal(whole.one.update.after, ones[3].update.after)
    assert whole.one.one is whole.one and len(whole.one) == 1


def test_the_example_alone_starts_from_what_the_rule_remembers():
    net, X, y = problem()
    slots = OPTIMIZERS["momentum"].slots(net.parameters)
    slots["velocity"] += 1.0
    whole = trace(net, X, y, rule="momentum", slots=slots, clip_norm=0.1, row=3)
    alone = trace(net, X[3:4], y[3:4], rule="momentum", slots=slots, clip_norm=0.1)
    assert np.array_equal(whole.one.update.after, alone.update.after)
    assert np.array_equal(whole.update.slots["velocity"], np.ones(net.parameters.size))


def test_weights_clipping_and_dropout_are_the_loops():
    """One update of the loop with all of them, and the trace of it; the example alone has its row of the masks."""
    net, X, y = problem("relu", "squared_error", dropout=0.4)
    w = np.array([0.5, 1.0, 1.5, 0.5, 1.5])
    how = Settings(hidden_layers=((4, "relu"), (4, "relu")), batch_size=None, epochs=1, dropout=0.4, clip_norm=0.05,
                   optimizer="momentum", learning_rate=0.1)  # fmt: skip
    network = net.copy()
    state = initial_state(network, how, 3)
    masks = copy.deepcopy(state.dropout)
    list(steps(Examples(X, y, w), how, state))
    step = trace(net, X, y, rule="momentum", rate=0.1, sample_weight=w, clip_norm=0.05, dropout=masks, row=2)
    assert np.array_equal(step.update.after, network.parameters)
    assert np.linalg.norm(step.update.used) == pytest.approx(0.05)
    assert step.update.norm == pytest.approx(np.linalg.norm(step.update.gradient)) and step.update.norm > 0.05
    assert pytest.approx(np.mean(w * step.cost.l)) == step.cost.J
    for number in (0, 1):
        assert np.array_equal(step.one.layers[number].mask[0], step.layers[number].mask[2])
    assert 0 in step.layers[0].mask
    assert np.array_equal(step.one.yhat[0], step.yhat[2])


def test_lbfgs_whose_memory_points_uphill_takes_the_gradient():
    net, X, y = problem()
    slots = OPTIMIZERS["lbfgs"].slots(net.parameters)
    slots["S"][-1], slots["Y"][-1], slots["pairs"][...] = 1.0, -1.0, 1
    update = trace(net, X, y, rule="lbfgs", slots=slots).update
    assert np.array_equal(update.parts["direction"], -update.gradient) and update.parts["length"] > 0
    parts_explain_the_change(trace(net, X, y, rule="lbfgs", slots=slots))


def test_adamw_takes_its_decay_first():
    net, X, y = problem()
    step = trace(net, X, y, rule=AdamW(weight_decay=0.5), rate=0.1)
    W, W_next = step.layers[0].W, step.layers[0].W_next
    moved = 0.1 * step.update.parts["mean_hat"] / (np.sqrt(step.update.parts["square_hat"]) + 1e-8)
    assert step.update.parts["keep"] == 0.95
    assert np.allclose(W_next, 0.95 * W - net.views(moved)[0][0], rtol=1e-12)


# by hand ---------------------------------------------------------------------------------------------------------


def test_the_example_has_the_numbers_of_pencil_and_paper():
    """W1 = [.5 .25; 1 -1], b1 = (.5, .5), W2 = (1, -1), b2 = -1.5, x = (1, 2), y = 1, rate 0.1.

    z1 = (.5 + .5 + .5, 1 - 2 + .5) = (1.5, -.5); a1 = (1.5, 0); z2 = 1.5 - 1.5 = 0; yhat = 1/2; l = log 2.
    dz2 = -1/2; dW2 = (-.75, 0); da1 = (-.5, .5); dz1 = (-.5, 0); dW1 = [-.5 -1; 0 0].
    W1 becomes [.55 .35; 1 -1], b1 (.55, .5), W2 (1.075, -1), b2 -1.45, and then z1 = 1.8, z2 = 1.935 - 1.45 = .485.
    g . change = -.1 (.25 + 1 + .25 + .5625 + .25) = -.23125.
    """
    step = example()
    first, second = step.layers
    assert first.Z.tolist() == [[1.5, -0.5]] and first.A.tolist() == [[1.5, 0.0]]
    assert second.Z.tolist() == [[0.0]] and step.yhat.tolist() == [[0.5]]
    assert np.log(2) == step.cost.J
    assert second.back.dZ.tolist() == [[-0.5]] and second.back.dW.tolist() == [[-0.75, 0.0]]
    assert first.back.dA.tolist() == [[-0.5, 0.5]] and first.back.dZ.tolist() == [[-0.5, 0.0]]
    assert first.back.dW.tolist() == [[-0.5, -1.0], [0.0, 0.0]] and first.back.db.tolist() == [-0.5, 0.0]
    assert np.allclose(first.W_next, [[0.55, 0.35], [1, -1]], rtol=1e-15)
    assert np.allclose(first.b_next, [0.55, 0.5]) and np.allclose(second.W_next, [[1.075, -1]])
    assert np.allclose(second.b_next, -1.45)
    assert step.after == pytest.approx(np.log1p(np.exp(-0.485)), rel=1e-14)
    assert step.promised == pytest.approx(-0.23125, rel=1e-14)
    assert (step.finite_difference.name, step.finite_difference.gradient, step.finite_difference.verdict) == (
        "W1[1, 2]",
        -1.0,
        "agrees",
    )


def test_the_mistakes_of_the_example_lead_where_pencil_and_paper_say():
    after = {mistake.name: mistake.after for mistake in example().common_mistakes}
    assert list(after) == ["sign", "no slope", "slope twice", "no bias", "W1 transposed", "updated too early"]

    def cost(z):
        return pytest.approx(np.log1p(np.exp(-z)), rel=1e-12)

    assert after["sign"] == cost((0.45 + 0.3 + 0.45) * 0.925 - 1.55)
    assert after["no slope"] == cost(0.485)  # the silent unit is moved, and stays silent
    assert after["slope twice"] == cost((0.5125 + 0.55 + 0.5125) * 1.01875 - 1.4875)  # all steps a quarter
    assert after["updated too early"] == cost((0.55375 + 0.715 + 0.55375) * 1.075 - 1.45)  # da1 = -1.075 / 2
    p = 1 / (1 + np.exp(-1))  # without biases z1 = (1, -1), z2 = 1
    r = 0.1 * (1 - p)
    assert after["no bias"] == cost(((0.5 + r) + 2 * (0.25 + 2 * r) + (0.5 + r)) * (1 + r) - 1.5 + r)
    p = 1 / (1 + np.exp(-1.5))  # W1^T x + b1 = (3, -1.25), z2 = 1.5
    r = 0.1 * (1 - p)
    assert after["W1 transposed"] == cost(((0.5 + r) + 2 * (0.25 + 2 * r) + (0.5 + r)) * (1 + 3 * r) - 1.5 + r)


# mistakes, finite differences -------------------------------------------------------------------------------------


def mistakes(**options):
    net, X, y = problem(**options)
    step = trace(net, X, y, rate=0.1)
    return net, X, y, step, {mistake.name: mistake for mistake in step.common_mistakes}


def test_a_sum_for_the_mean_goes_as_many_times_as_far():
    net, X, y, step, found = mistakes()
    far = net.copy()
    far.parameters -= 0.1 * ROWS * step.update.gradient
    assert found["sum for mean"].after == pytest.approx(far.cost_and_gradient(X, y)[0])


def test_a_mistake_goes_on_from_what_the_rule_remembers():
    net, X, y = problem()
    slots = OPTIMIZERS["momentum"].slots(net.parameters)
    slots["velocity"] += 0.5
    step = trace(net, X, y, rule="momentum", rate=0.1, slots=slots)
    wrong = net.copy()
    wrong.parameters -= 0.1 * (0.9 * 0.5 - step.update.gradient)
    assert step.common_mistakes[0].after == pytest.approx(wrong.cost_and_gradient(X, y)[0], rel=1e-12)


def test_clipping_makes_a_sum_as_long_as_a_mean():
    net, X, y = problem()
    step = trace(net, X, y, clip_norm=0.01)
    after = {mistake.name: mistake.after for mistake in step.common_mistakes}
    assert after["sum for mean"] == pytest.approx(step.after, rel=1e-12)


def test_a_line_search_is_followed_as_far_the_wrong_way():
    net, X, y = problem()
    step = trace(net, X, y, rule="lbfgs")
    wrong = net.copy()
    wrong.parameters += step.update.parts["length"] * step.update.gradient
    assert step.common_mistakes[0].after == pytest.approx(wrong.cost_and_gradient(X, y)[0], rel=1e-12)


def test_only_mistakes_that_can_happen_are_told():
    """3 - 4 - 4 - 2 tanh: only W2 is square, squared error has no sigmoid, one row no mean."""
    net, X, y, _, found = mistakes()
    assert "slope twice" not in found and "W2 transposed" in found and "W1 transposed" not in found
    assert "W2 not transposed back" in found
    single = trace(net, X[:1], y[:1], rule="adam")
    assert {"sum for mean", "updated too early"}.isdisjoint(mistake.name for mistake in single.common_mistakes)
    for layer in net.dense:
        layer.b[:] = 0
    assert "no bias" not in {mistake.name for mistake in trace(net, X, y).common_mistakes}
    linear = Network([Dense(3, 2)], "squared_error").initialize("he", 1)
    assert [mistake.name for mistake in trace(linear, X, y).common_mistakes] == ["sign", "sum for mean"]


def test_the_wrong_gradients_are_what_the_mistakes_say():
    net, X, _, step, found = mistakes(activation="relu")
    dZ3 = step.layers[2].back.dZ
    dZ2 = dZ3 @ net.dense[2].W  # no slope
    assert np.allclose(net.named(found["no slope"].gradient)["W2"], dZ2.T @ step.layers[1].A_in)
    right = step.layers[1].back.dZ
    dZ1 = (right @ net.dense[1].W.T) * step.layers[0].slope  # not transposed back
    assert np.allclose(net.named(found["W2 not transposed back"].gradient)["W1"], dZ1.T @ X)
    W3 = net.dense[2].W - 0.1 * step.layers[2].back.dW  # updated too early
    dZ2 = (dZ3 @ W3) * step.layers[1].slope
    assert np.allclose(net.named(found["updated too early"].gradient)["W2"], dZ2.T @ step.layers[1].A_in)
    assert np.array_equal(net.named(found["updated too early"].gradient)["W3"], step.layers[2].back.dW)


def test_a_weight_too_flat_to_check_is_told():
    net, X, _ = problem("sigmoid", "binary_cross_entropy", k=1)
    net.dense[-1].b[:] = 40
    step = trace(net, X, np.ones((ROWS, 1)))
    assert step.finite_difference.verdict == "too flat" and "too flat" in step.finite_difference.sentence()
    assert "about 0 here" in " ".join(str(step).split())


def test_a_weight_on_a_kink_is_told():
    net = Network([Dense(1, 1, "relu"), Dense(1, 1)], "absolute_error").initialize([[[1.0]], [[1.0]]])
    step = trace(net, [[1.0]], [[1.0 + 1e-9]])
    assert step.finite_difference.verdict == "on a kink" and np.isnan(step.finite_difference.numeric)
    assert "crosses a kink" in " ".join(str(step).split()) and "nan" not in str(step)


def test_a_wrong_gradient_does_not_agree(monkeypatch):
    net, X, y = problem()
    right = Engine.cost_and_gradient

    def wrong(self, *args, **kwargs):
        J, g = right(self, *args, **kwargs)
        return J, 1.0001 * g

    monkeypatch.setattr(Engine, "cost_and_gradient", wrong)
    step = trace(net, X, y)
    assert step.finite_difference.verdict == "differs" and "DIFFER" in step.finite_difference.sentence()


def test_float32_is_checked_too():
    net, X, y = problem("gelu", dtype=np.float32)
    step = trace(net, X, y, rule="adam")
    assert step.update.after.dtype == np.float32 and step.finite_difference.verdict == "agrees"


# what cannot be traced -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"X": [[1.0, 2.0]]}, r"X must have shape \(n, 3\)"),
        ({"X": [[1.0, 2.0, np.nan]]}, "X holds 1 value that is NaN"),
        ({"y": [1.0]}, r"y for binary_cross_entropy must have shape \(1, 1\), got \(1,\)"),
        ({"y": [[2.0]]}, "must lie in 0 to 1, got 2.0 to 2.0"),
        ({"y": [[-0.5]]}, "must lie in 0 to 1, got -0.5 to -0.5"),
        ({"y": [[np.nan]]}, "y holds 1 value that is NaN"),
        ({"row": 1}, "row must be one of the 1 rows of X, 0 to 0; got 1"),
        ({"input_names": ["a"]}, "input_names must be 3 names, got 1"),
        ({"class_names": ["a"]}, "class_names must be 2 names, got 1"),
        ({"rule": "adm"}, "did you mean 'adam'"),
    ],
)
def test_what_is_wrong_is_said(change, said):
    net, _, _ = problem(loss="binary_cross_entropy", k=1)
    given = {"X": [[1.0, 2.0, 3.0]], "y": [[1.0]]} | change
    with pytest.raises(InputError, match=said):
        trace(net, given.pop("X"), given.pop("y"), **given)


def test_outputs_that_do_not_exclude_each_other_have_a_name_each():
    net, X, y = problem(loss="binary_cross_entropy", k=3)
    assert trace(net, X, y, class_names=["a", "b", "c"]).class_names == ("a", "b", "c")
    with pytest.raises(InputError, match="class_names must be 3 names, got 2"):
        trace(net, X, y, class_names=["a", "b"])


def test_a_cost_that_is_not_finite_is_refused():
    net, X, y = problem(activation="linear")
    net.parameters[:] = 1e200
    with np.errstate(all="ignore"), pytest.raises(InputError, match="the cost of these rows is"):
        trace(net, X, y)


def test_codes_must_be_whole():
    net, X, _ = problem(loss="softmax_cross_entropy", k=3)
    with pytest.raises(InputError, match="must lie in 0 to 2"):
        trace(net, X, [0, 1, 2, 1, 0.5])


def test_without_labels_there_is_only_the_way_forward():
    net, X, _ = problem("tanh", "softmax_cross_entropy", k=3)
    step = trace(net, X, row=2, class_names=["a", "b", "c"])
    assert (
        step.cost is step.update is step.after is step.fall is step.finite_difference is None
        and step.common_mistakes == ()
    )
    assert np.array_equal(step.yhat, net.loss.link(net.forward(X)[0]))
    assert np.allclose(step.one.layers[1].Z, step.layers[1].Z[2:3], rtol=1e-14)
    text = str(step)
    assert "why" in text and "Loss" not in text and "a: " in text
