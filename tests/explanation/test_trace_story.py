"""The story of a step: formulas that are read three ways, and numbers that know where they come from."""

import itertools
import re
from xml.etree import ElementTree

import numpy as np
import pytest

from pellucid.explanation.trace import trace
from pellucid.explanation.trace.formula import Fraction, Matrix, Number, Power, Root, Row, Symbol, blanked, row, text
from pellucid.explanation.trace.latex import latex, latex_text
from pellucid.explanation.trace.mathml import mathml
from pellucid.explanation.trace.story import chapters, story
from pellucid.explanation.trace.worksheet import example
from pellucid.nn import ACTIVATIONS, LOSSES, OPTIMIZERS, AdamW, Dense, Loss, Network
from steps import problem

HOSTILE = '<script>alert("&")</script>\\input{x}_%'


def numbers(node):
    """Yield all numbers of a formula."""
    if isinstance(node, Number):
        yield node
    parts = node.items if isinstance(node, Row) else ()
    parts = [cell for cells in node.rows for cell in cells] if isinstance(node, Matrix) else parts
    parts = vars(node).values() if isinstance(node, Power | Fraction | Root) else parts
    for part in parts:
        yield from numbers(part)


def formulas(step):
    for section in story(step):
        for line in section.lines:
            yield from (part for part in (line.symbols, line.numbers, line.result) if part is not None)


def line(step, start):
    """Return the text of the formula that begins so, as symbols = numbers = result."""
    for section in story(step):
        for one in section.lines:
            told = row(*[item for part in (one.symbols, one.numbers, one.result) if part for item in ("=", part)][1:])
            if text(told).lstrip(" [").startswith(start) or text(one.symbols).startswith(start):
                return text(told)
    raise AssertionError(start)


# Each rule with two losses and each loss with several rules: a rule's part of a story knows nothing of the loss's.
PAIRS = [(list(LOSSES)[(n + by) % len(LOSSES)], rule) for n, rule in enumerate(OPTIMIZERS) for by in (0, 2)]
DROPPING = [("huber", "adam", 0.3), ("binary_cross_entropy", "gradient_descent", 0.3)]


@pytest.mark.parametrize(("loss", "rule", "dropout"), [*((*pair, 0) for pair in PAIRS), *DROPPING])
def test_every_story_is_whole(loss, rule, dropout):
    """In all three languages; each source of a number is a number that is told; one number has one value."""
    for activation in ACTIVATIONS if (loss, rule) == PAIRS[0] else ["relu"]:
        net, X, y = problem(activation, loss, l2=0.0 if rule == "adamw" else 0.1, dropout=dropout, k=2)
        rng = np.random.default_rng(0) if dropout else None
        whole = trace(net, X, y, rule=rule, rate=0.01, dropout=rng, clip_norm=None if rule == "lbfgs" else 0.1)
        for step in (whole, whole.one):
            shown = list(formulas(step))
            told = [number for formula in shown for number in numbers(formula)]
            known = {number.key for number in told}
            assert {source for number in told for source in number.sources} <= known
            assert sum(bool(number.sources) for number in told) > 30
            assert all(np.isfinite(number.value) for number in told)
            of_key = {(number.key, number.value) for number in told if number.key}
            assert len(of_key) == len(known - {""})
            for formula in shown:
                ElementTree.fromstring(f"<math>{mathml(formula, 'p:')}</math>")
                assert balanced(latex(formula)) and text(formula)
        assert len(str(whole)) > 2000 and balanced(whole.latex())
        assert "$" not in mathematics(whole.latex())


def balanced(source):
    """Return whether braces and environments of LaTeX close as they open."""
    bare = re.sub(r"\\[{}]", "", source)
    opened = re.findall(r"\\begin\{(\w+\*?)\}", bare)
    closed = re.findall(r"\\end\{(\w+\*?)\}", bare)
    return bare.count("{") == bare.count("}") and sorted(opened) == sorted(closed)


def mathematics(source):
    """Return what stands in displayed mathematics, where a $ would end it: texts within it aside."""
    shown = "".join(re.findall(r"\\begin\{align\*\}(.*?)\\end\{align\*\}", source, re.DOTALL))
    return re.sub(r"\\text\{[^{}]*\}", "", shown)


def test_shapes_of_large_layers_are_latex_too():
    step = trace(Network([Dense(9, 2), Dense(2, 1)], "squared_error").initialize("he", 1), np.ones((1, 9)), [[1.0]])
    shown = mathematics(step.latex())
    assert r"(2 \times  9)" in shown and "$" not in shown


def lit(step):
    """Return what each number of a story was computed from; the same wherever it is told."""
    told = {}
    for number in (number for formula in formulas(step) for number in numbers(formula)):
        if number.sources:
            assert told.setdefault(number.key, set(number.sources)) == set(number.sources)
    return told


def written_out(lines):
    """Return lines "key: its sources" as `lit` does; i and j stand for 1 and 2, n for 1 to 3."""
    expected = {}
    for line in lines:
        for i, j, n in itertools.product("12", "12", "123"):
            key, sources = line.replace("-i", f"-{i}").replace("-j", f"-{j}").replace("-n", f"-{n}").split(": ")
            expected[key] = set(sources.split())
    return expected


def test_a_number_lights_what_it_was_computed_from():
    assert lit(example()) == written_out(
        [
            "z1-i: W1-i-1 W1-i-2 x-1 x-2 b1-i",
            "a1-i: z1-i",
            "z2-1: W2-1-1 W2-1-2 a1-1 a1-2 b2-1",
            "yhat-1: z2-1",
            "l: yhat-1 y-1",
            "dz2-1: yhat-1 y-1",
            "dW2-1-i: dz2-1 a1-i",
            "db2-1: dz2-1",
            "da1-i: W2-1-i dz2-1",
            "dz1-i: da1-i z1-i",
            "dW1-i-j: dz1-i x-j",
            "db1-i: dz1-i",
            "w: W1-1-2 dW1-1-2",
            "Wnew1-i-j: W1-i-j dW1-i-j",
            "bnew1-i: b1-i db1-i",
            "Wnew2-1-i: W2-1-i dW2-1-i",
            "bnew2-1: b2-1 db2-1",
            "fall: J-after J",
        ]
    )


def test_the_numbers_of_a_batch_light_theirs():
    net = Network([Dense(2, 2, "tanh"), Dense(2, 1)], "squared_error", l2=0.1).initialize("he", 1)
    step = trace(net, [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], [[1.0], [2.0], [3.0]])
    assert lit(step) == written_out(
        [
            "Z1-n-i: X-n-1 X-n-2 W1-i-1 W1-i-2 b1-i",
            "A1-n-i: Z1-n-i",
            "Z2-n-1: A1-n-1 A1-n-2 W2-1-1 W2-1-2 b2-1",
            "Yhat-n-1: Z2-n-1",
            "l-n: Yhat-n-1 Y-n-1",
            "J-data: l-1 l-2 l-3",
            "J: J-data",
            "dZ2-n-1: Yhat-n-1 Y-n-1",
            "dW2-1-i: dZ2-1-1 dZ2-2-1 dZ2-3-1 A1-1-i A1-2-i A1-3-i W2-1-i",
            "db2-1: dZ2-1-1 dZ2-2-1 dZ2-3-1",
            "dA1-n-i: dZ2-n-1 W2-1-i",
            "dZ1-n-i: dA1-n-i Z1-n-i",
            "dW1-i-j: dZ1-1-i dZ1-2-i dZ1-3-i X-1-j X-2-j X-3-j W1-i-j",
            "db1-i: dZ1-1-i dZ1-2-i dZ1-3-i",
            "w: W1-1-2 dW1-1-2",
            "Wnew1-i-j: W1-i-j dW1-i-j",
            "bnew1-i: b1-i db1-i",
            "Wnew2-1-i: W2-1-i dW2-1-i",
            "bnew2-1: b2-1 db2-1",
            "fall: J-after J",
        ]
    )


def test_softmax_penalty_clipping_and_adam_light_theirs():
    net = Network([Dense(1, 3)], "softmax_cross_entropy", l2=0.1).initialize([[[0.0], [np.log(2)], [0.0]]])
    assert lit(trace(net, [[1.0]], [1], rule="adam", clip_norm=0.1)) == written_out(
        [
            "z1-n: W1-n-1 x-1 b1-n",
            "yhat-n: z1-1 z1-2 z1-3",
            "l: yhat-1 yhat-2 yhat-3 y-1 y-2 y-3",
            "J: l",
            "dz1-n: yhat-n y-n",
            "dW1-n-1: dz1-n x-1 W1-n-1",
            "db1-n: dz1-n",
            "g: dW1-2-1",
            "mean: g",
            "square: g",
            "mean_hat: mean",
            "square_hat: square",
            "w: W1-2-1 g",
            "Wnew1-n-1: W1-n-1 dW1-n-1",
            "bnew1-n: b1-n db1-n",
            "fall: J-after J",
        ]
    )


def test_what_dropout_leaves_lights_its_mask():
    net, X, y = problem("relu", dropout=0.3)
    whole = trace(net, X, y, dropout=np.random.default_rng(0), row=2)
    told, alone = lit(whole), lit(whole.one)
    assert told["A1-3-4"] == {"Z1-3-4", "M1-3-4"} and "M1-3-4" in told["dA1-3-4"]
    assert alone["a1-4"] == {"z1-4", "m1-4"} and "m1-4" in alone["da1-4"]


def test_the_example_in_the_terminal():
    lines = str(example()).splitlines()
    for shown in (
        "  z1 = W1 x + b1 = [ 0.5  0.25 ] [ 1 ] + [ 0.5 ] = [  1.5 ]",
        "                   [   1    -1 ] [ 2 ]   [ 0.5 ]   [ -0.5 ]",
        "  l = -[y log y\u0302 + (1 - y) log(1 - y\u0302)] = -log 0.5 = 0.6931",
        "  dz2 = y\u0302 - y = 0.5 - 1 = -0.5",
        "  b2 \u2190 b2 - \u03b1 db2 = -1.5 - 0.1\u00b7(-0.5) = -1.45",
        "  w \u2190 w - \u03b1 g = 0.25 - 0.1\u00b7(-1) = 0.35",
    ):
        assert shown in lines
    assert max(map(len, lines)) <= 110


@pytest.mark.parametrize(
    ("loss", "y", "formula"),
    [
        ("squared_error", [[1.0]], "l = \u00bd(y\u0302 - y)^2 = \u00bd(3 - 1)^2 = 2"),
        ("absolute_error", [[1.0]], "l = |y\u0302 - y| = |3 - 1| = 2"),
        ("huber", [[1.0]], "l = h(y\u0302 - y) = h(3 - 1) = 1.5"),
        ("binary_cross_entropy", [[0.0]], "l = -[y log y\u0302 + (1 - y) log(1 - y\u0302)] = -log(1 - 0.9526) = 3.049"),
    ],
)
def test_losses_with_their_numbers(loss, y, formula):
    net = Network([Dense(1, 1)], loss).initialize([[[2.0]], [1.0]])
    assert line(trace(net, [[1.0]], y), "l = ") == formula


def test_softmax_tells_the_class_that_was_wanted():
    net = Network([Dense(1, 3)], "softmax_cross_entropy").initialize([[[0.0], [np.log(2)], [0.0]]])
    step = trace(net, [[1.0]], [1], class_names=["a", "b", "c"])
    assert line(step, "l = ") == "l = -log y\u03022 = -log 0.5 = 0.6931"
    assert "a: 0.25; b: 0.5; c: 0.25" in str(step) and "true class: b" in str(step)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("momentum", ["v \u2190 \u03bc v + g = 0.9\u00b70 + 6 = 6", "w \u2190 w - \u03b1 v = 2 - 0.01\u00b76 = 1.94"]),
        ("nesterov", ["n = g + \u03bc v = 6 + 0.9\u00b76 = 11.4",
          "w \u2190 w - \u03b1 n = 2 - 0.01\u00b711.4 = 1.886"]),
        ("rmsprop", ["s \u2190 \u03c1 s + (1 - \u03c1) g^2 = 0.9\u00b70 + 0.1\u00b76^2 = 3.6"]),
        ("adam", ["m \u2190 \u03b21 m + (1 - \u03b21) g = 0.9\u00b70 + 0.1\u00b76 = 0.6",
                  "s \u2190 \u03b22 s + (1 - \u03b22) g^2 = 0.999\u00b70 + 0.001\u00b76^2 = 0.036",
                  "m\u0302 = m / (1 - \u03b21^1) = 0.6 / 0.1 = 6",
                  "s\u0302 = s / (1 - \u03b22^1) = 0.036 / 0.001 = 36",
                  "w \u2190 w - \u03b1 m\u0302 / (\u221a(s\u0302) + \u03b5) = "
                  "2 - 0.01\u00b76 / (\u221a(36) + 1e-08) = 1.99"]),
        (AdamW(weight_decay=0.5), ["w \u2190 (1 - \u03b1\u03bb) w = 0.995\u00b72 = 1.99",
          "w \u2190 w - \u03b1 m\u0302 / (\u221a(s\u0302) + \u03b5) = "
          "1.99 - 0.01\u00b76 / (\u221a(36) + 1e-08) = 1.98"]),
        ("lbfgs", ["d = -H g = -6", "w \u2190 w + a d = 2 + 0.1581\u00b7(-6) = 1.051"]),
    ],
)  # fmt: skip
def test_rules_by_hand(rule, expected):
    """z = 2 x 3 + 1 = 7, y = 5, so that dW = (7 - 5) 3 = 6."""
    net = Network([Dense(1, 1)], "squared_error").initialize([[[2.0]], [1.0]])
    shown = str(trace(net, [[3.0]], [[5.0]], rule=rule, rate=0.01))
    for told in expected:
        assert f"  {told}\n" in shown


def test_what_only_hands_on_is_told_once_and_bracketed_once():
    """A linear unit's answer is its z; -6 is in one pair of brackets where it is divided."""
    net = Network([Dense(1, 1, "linear"), Dense(1, 1)], "squared_error").initialize([[[2.0]], [1.0], [[1.0]], [0.0]])
    step = trace(net, [[3.0]], [[9.0]], rule="adam", rate=0.01)
    assert line(step, "a1 = ") == "a1 = z1 = 7" and line(step, "y\u0302 = ") == "y\u0302 = z2 = 7"
    assert line(step, "dz1 = ") == "dz1 = da1 = -2"
    assert "2 - 0.01\u00b7(-6) / (\u221a(36) + 1e-08) = 2.01" in str(step)


def test_clipping_by_hand():
    """g = (6, 2), so that ||g|| = sqrt(40) = 6.325; J(2 + h) = (2 + 3 h)^2 / 2."""
    net = Network([Dense(1, 1)], "squared_error").initialize([[[2.0]], [1.0]])
    short, long = (str(trace(net, [[3.0]], [[5.0]], rate=0.01, clip_norm=c)) for c in (1.0, 10.0))
    for told in (
        "g \u2190 g c / ||g|| = 6\u00b71 / 6.325 = 0.9487",
        "w \u2190 w - \u03b1 g = 2 - 0.01\u00b70.9487 = 1.991",
        "W1 \u2190 W1 + \u0394W1 = 2 + (-0.009487) = 1.991",
        "J_new - J = 1.937 - 2 = -0.06275",
        "(J(w + h) - J(w - h)) / (2h) = (2.0060045 - 1.9940045) / 0.002 = 6",
    ):
        assert f"  {told}\n" in short
    for told in ("||g|| = 6.325", "W1 \u2190 W1 - \u03b1 dW1 = 2 - 0.01\u00b76 = 1.94"):
        assert f"  {told}\n" in long


def test_where_a_mistake_leads_is_reported():
    """The right step leads from 2 to (2 - 20 rate)^2 / 2, one without bias to (2 - 10 rate)^2 / 2."""
    net = Network([Dense(1, 1)], "squared_error").initialize([[[2.0]], [1.0]])

    def effects(**how):
        table = story(trace(net, [[3.0]], [[5.0]], **how))[-1].table
        return {name: so for name, *_, so in table.rows}

    assert effects(rate=0.01) == {"the right step": "", "sign": "the cost rises", "no bias": "falls less"}
    assert effects(rate=0.15)["no bias"] == "lower this time, by luck: not along the gradient"
    same = "the same cost: only a check of the gradient finds it"
    assert effects(rate=0.01, rule="adam")["no bias"] == same  # a first step of Adam has one length for all


def test_large_layers_tell_shapes_and_their_strongest_terms():
    """z = 1 x 100 + 0.5 x 99 + small ones: the names of the inputs, and what share five terms make."""
    w = np.full((1, 20), 0.001)
    w[0, 3], w[0, 7] = 1, -0.5
    net = Network([Dense(20, 1)], "squared_error").initialize([w])
    names = [f"column {n}" for n in range(20)]
    names[3] = HOSTILE
    step = trace(net, np.full((1, 20), 2.0), [[1.0]], input_names=names)
    strongest = step.layers[0].strongest(0, 0)
    assert strongest.inputs[:2] == (3, 7) and strongest.terms[:2].tolist() == [2.0, -1.0]
    assert strongest.share == pytest.approx((3 + 3 * 0.002) / (3 + 18 * 0.002))
    shown = str(step)
    assert "(1 \u00d7 20) (20 \u00d7 1) + (1 \u00d7 1)" in shown and "99%" in shown and "alert" in shown
    table = section(step, "forward-1").table
    assert table.rows[0][0] == HOSTILE and table.rows[0][3].value == 2
    assert "the largest change is 0.0072 " in " ".join(shown.split())  # 0.1 x 2 x 0.036, downwards
    assert balanced(step.latex()) and "\\input{x}" not in step.latex()
    assert "<script>alert" not in step.html()


def test_the_share_counts_the_bias_whatever_its_sign():
    for b in (-3.0, 3.0):
        net = Network([Dense(1, 1)], "squared_error").initialize([[[1.0]], [b]])
        assert trace(net, [[1.0]]).layers[0].strongest(0, 0).share == 0.25


def test_a_layer_that_gets_nothing_says_so():
    net = Network([Dense(8, 8, "relu"), Dense(8, 1)], "squared_error").initialize("he", 1)
    net.dense[0].b[:] = -100
    shown = " ".join(str(trace(net, np.ones((1, 8)), [[1.0]])).split())
    assert "every input of this layer is 0" in shown and "Every unit is flat here" in shown


def test_the_explained_units_lead_down_from_the_prediction():
    """The likeliest class, the unit that speaks loudest for it, and the input that does so for that unit."""
    W1, W2 = np.zeros((7, 7)), np.zeros((7, 7))
    W1[4, 2], W2[6, 4], W1[1, 1] = 3, 2, 0.5
    net = Network([Dense(7, 7, "relu"), Dense(7, 7)], "softmax_cross_entropy").initialize([W1, W2])
    first, second = story(trace(net, np.ones((1, 7))))[:2]
    assert second.table.rows[0][0] == "unit 5 of layer 1" and first.table.rows[0][0] == "x3"


def test_a_loss_of_ones_own_is_told_by_its_name():
    mine = Loss("my own", LOSSES["squared_error"].value, LOSSES["squared_error"].gradient, lambda Z: 2 * Z)
    step = trace(Network([Dense(1, 1)], mine).initialize([[[1.0]]]), [[1.0]], [[0.0]])
    assert "l = 0.5" in str(step) and "my own" in str(step)


def test_too_far_a_step_is_told():
    net = Network([Dense(1, 1)], "squared_error").initialize([[[2.0]], [1.0]])
    assert "it went too far" in " ".join(str(trace(net, [[3.0]], [[5.0]], rate=1.0)).split())


# the three languages ---------------------------------------------------------------------------------------------

SAMPLE = row(
    Symbol("dW", "1", "T"), "=", Fraction(Number(-0.5, "k", ("a", "b")), Root(Power(Symbol("\u03b2"), Number(2))))
)


def section(step, name):
    return next(part for part in story(step) if part.name == name)


def test_what_is_given_stands_on_top_of_a_step_that_can_be_redone():
    step = example()
    told = {text(one.symbols): text(one.result) for one in section(step, "inputs").lines}
    assert story(step)[0].name == "inputs" and list(told) == ["x", "y", "W1", "b1", "W2", "b2", "\u03b1"]
    assert told["W2"] == "[ 1  -1 ]" and told["y"] == "1" and told["\u03b1"] == "0.1"
    wide = Network([Dense(7, 1)], "binary_cross_entropy").initialize("he", 0)
    assert "inputs" not in [part.name for part in story(trace(wide, np.ones((1, 7)), [[1.0]]))]
    assert "inputs" not in [part.name for part in story(trace(step.network, step.X))]


def test_an_output_is_called_by_its_class():
    net = Network([Dense(7, 2)], "softmax_cross_entropy").initialize("he", 0)
    assert "of class cat" in str(trace(net, np.ones((1, 7)), class_names=["cat", "cat"]))
    one = Network([Dense(7, 1)], "binary_cross_entropy").initialize("he", 0)
    shown = " ".join(str(trace(one, np.ones((1, 7)), class_names=["cat", "other"])).split())
    assert "unit 1, which favours other above 0 and cat below" in shown


def test_one_formula_three_ways():
    assert text(SAMPLE) == "dW1\u1d40 = -0.5 / \u221a(\u03b2^2)"
    assert latex(SAMPLE) == r"dW_{1}^{\top}=\frac{-0.5}{\sqrt{{\beta}^{2}}}"
    assert mathml(SAMPLE, "v:") == (
        "<mrow><msubsup><mrow><mi>d</mi><mi>W</mi></mrow><mn>1</mn><mi>T</mi></msubsup><mo>=</mo><mfrac>"
        '<mn data-key="v:k" data-from="v:a v:b">\u22120.5</mn>'
        "<msqrt><msup><mi>\u03b2</mi><mn>2</mn></msup></msqrt></mfrac></mrow>"
    )


def test_small_and_large_numbers():
    assert (
        mathml(Number(-1.5e-7))
        == "<mrow><mn>\u22121.5</mn><mo>\u00b7</mo><msup><mn>10</mn><mn>\u22127</mn></msup></mrow>"
    )
    assert latex(Number(2e10)) == r"2\cdot 10^{10}" and text(Number(np.inf)) == "inf"


def test_hostile_names_do_nothing():
    ElementTree.fromstring(mathml(row(HOSTILE, Symbol(HOSTILE, HOSTILE))))
    assert "<script" not in mathml(row(HOSTILE, Symbol(HOSTILE, HOSTILE)))
    assert latex_text("\\a{}^~&%$#_\n\u4e2d\u03b1") == (
        r"\textbackslash{}a\{\}\textasciicircum{}\textasciitilde{}\&\%\$\#\_"
        "\\ifPDFTeX ?\\else \u4e2d\\fi{}$\\alpha$"
    )


def test_blanks_stand_for_results_alone():
    assert text(blanked(row(Number(1.0), "+", Number(2.0, "k", ("a",))))) == "1 + ______"


def test_chapters_of_a_batch_tell_example_and_batch_once():
    net, X, y = problem()
    (first, through), (second, whole) = chapters(trace(net, X, y, row=2))
    assert first == "Row 2 of the batch of 5, by itself" and "whole batch" in second
    assert {part.name.split("-")[0] for part in through} == {"inputs", "forward", "loss", "backward"}
    assert [part.name for part in whole] == ["loss", "rule", "update", "cost", "finite-difference", "mistakes"]
