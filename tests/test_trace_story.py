"""The story of a step: formulas that are read three ways, and numbers that know where they come from."""

import itertools
import re
from xml.etree import ElementTree

import numpy as np
import pytest

from pellucid.insight.trace import trace
from pellucid.insight.trace.example import example
from pellucid.insight.trace.formula import Fraction, Matrix, Number, Power, Root, Row, Symbol, blanked, row, text
from pellucid.insight.trace.mathml import mathml
from pellucid.insight.trace.story import chapters, story
from pellucid.insight.trace.tex import latex, latex_text
from pellucid.nn import ACTIVATIONS, LOSSES, OPTIMIZERS, Dense, Loss, Network
from test_trace import problem

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


DROPPING = [("huber", "adam", 0.3), ("binary_cross_entropy", "gradient_descent", 0.3)]


@pytest.mark.parametrize(("loss", "rule", "dropout"), [*itertools.product(LOSSES, OPTIMIZERS, [0]), *DROPPING])
def test_every_story_is_whole(loss, rule, dropout):
    """In all three languages; each source of a number is a number that is told; one number has one value."""
    for activation in ACTIVATIONS if rule == "adam" and loss == "huber" else ["relu"]:
        net, X, y = problem(activation, loss, l2=0.0 if rule == "adamw" else 0.1, dropout=dropout, k=2)
        rng = np.random.default_rng(0) if dropout else None
        whole = trace(net, X, y, rule=rule, rate=0.01, dropout=rng, clip_norm=None if rule == "lbfgs" else 0.1)
        for step in (whole, whole.one):
            told = [number for formula in formulas(step) for number in numbers(formula)]
            known = {number.key for number in told}
            assert {source for number in told for source in number.sources} <= known
            assert sum(bool(number.sources) for number in told) > 30
            assert all(np.isfinite(number.value) for number in told)
            of_key = {(number.key, number.value) for number in told if number.key}
            assert len(of_key) == len(known - {""})
            for formula in formulas(step):
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


def test_a_number_lights_what_it_was_computed_from():
    told = {
        number.key: set(number.sources)
        for formula in formulas(example())
        for number in numbers(formula)
        if number.sources
    }
    assert told["z1-2"] == {"W1-2-1", "W1-2-2", "x-1", "x-2", "b1-2"}
    assert told["a1-1"] == {"z1-1"}
    assert told["z2-1"] == {"W2-1-1", "W2-1-2", "a1-1", "a1-2", "b2-1"}
    assert told["l"] == {"yhat-1", "y-1"}
    assert told["da1-2"] == {"W2-1-2", "dz2-1"}
    assert told["dz1-2"] == {"da1-2", "z1-2"}
    assert told["dW1-2-1"] == {"dz1-2", "x-1"}
    assert told["Wnew1-1-2"] == {"W1-1-2", "dW1-1-2"}


def test_the_batch_has_its_own_keys():
    net = Network([Dense(2, 2, "tanh"), Dense(2, 1)], "squared_error").initialize("he", 1)
    step = trace(net, [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], [[1.0], [2.0], [3.0]])
    told = {
        number.key: set(number.sources) for formula in formulas(step) for number in numbers(formula) if number.sources
    }
    assert told["Z1-3-2"] == {"X-3-1", "X-3-2", "W1-2-1", "W1-2-2", "b1-2"}
    assert told["dA1-3-2"] == {"dZ2-3-1", "W2-1-2"}
    assert told["dW1-2-1"] == {f"{name}-{n}-{place}" for n in (1, 2, 3) for name, place in (("dZ1", 2), ("X", 1))}


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
    assert "a: 0.25; b: 0.5; c: 0.25" in str(step) and "wanted: b" in str(step)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("momentum", ["v \u2190 \u03bc v + g = 0.9\u00b70 + 6 = 6", "w \u2190 w - \u03b1 v = 2 - 0.01\u00b76 = 1.94"]),
        ("nesterov", ["n = g + \u03bc v = 6 + 0.9\u00b76 = 11.4",
          "w \u2190 w - \u03b1 n = 2 - 0.01\u00b711.4 = 1.886"]),
        ("rmsprop", ["s \u2190 \u03c1 s + (1 - \u03c1) g^2 = 0.9\u00b70 + 0.1\u00b76^2 = 3.6"]),
        ("adam", ["m \u2190 \u03b21 m + (1 - \u03b21) g = 0.9\u00b70 + 0.1\u00b76 = 0.6",
                  "m\u0302 = m / (1 - \u03b21^1) = 0.6 / 0.1 = 6"]),
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


def test_the_reasons_go_down_from_the_answer():
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
    told = {text(one.symbols): text(one.result) for one in section(step, "given").lines}
    assert story(step)[0].name == "given" and list(told) == ["x", "y", "W1", "b1", "W2", "b2", "\u03b1"]
    assert told["W2"] == "[ 1  -1 ]" and told["y"] == "1" and told["\u03b1"] == "0.1"
    wide = Network([Dense(7, 1)], "binary_cross_entropy").initialize("he", 0)
    assert "given" not in [part.name for part in story(trace(wide, np.ones((1, 7)), [[1.0]]))]
    assert "given" not in [part.name for part in story(trace(step.network, step.X))]


def test_an_output_is_called_by_its_class():
    net = Network([Dense(7, 2)], "softmax_cross_entropy").initialize("he", 0)
    assert "of class cat" in str(trace(net, np.ones((1, 7)), class_names=["cat", "cat"]))
    one = Network([Dense(7, 1)], "binary_cross_entropy").initialize("he", 0)
    shown = " ".join(str(trace(one, np.ones((1, 7)), class_names=["cat", "other"])).split())
    assert "unit 1, which speaks for other above 0 and for cat below" in shown


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
    assert {part.name.split("-")[0] for part in through} == {"given", "forward", "loss", "backward"}
    assert [part.name for part in whole] == ["loss", "rule", "update", "cost", "nudge", "slips"]
