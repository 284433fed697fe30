"""Loss formulas: how each loss, link and activation slope is written, and a loss with the numbers of one example."""

from collections.abc import Callable

from pellucid.explanation.trace.formula import MINUS, Node, Number, Power, Row, Sign, Symbol, factor, row
from pellucid.explanation.trace.sections import Tensor, fits

YHAT, Y, L = Symbol("y", "", "^"), Symbol("y"), Symbol("l")
SQUARE = Number(2)

SLOPES = {
    "relu": "relu\u2032(z) = 1 where z > 0, else 0",
    "leaky_relu": "its slope: 1 where z > 0, else 0.01",
    "elu": "its slope: 1 where z > 0, else exp(z)",
    "gelu": "its slope in the tanh form: (1 + t)/2 + z/2 (1 - t\u00b2) u\u2032, t = tanh(u)",
    "tanh": "tanh\u2032(z) = 1 - a\u00b2",
    "sigmoid": "sigmoid\u2032(z) = a (1 - a)",
    "softplus": "softplus\u2032(z) = sigmoid(z)",
}

LINKS = {
    "binary_cross_entropy": ("sigmoid", "sigmoid(z) = 1 / (1 + exp(-z))"),
    "softmax_cross_entropy": ("softmax", "softmax(z) = exp(z) / sum of all exp(z)"),
}

OUTPUT_GRADIENTS = {  # dz = before yhat - y after, and a note
    "binary_cross_entropy": ("", "", "the derivatives of loss and sigmoid combine to just this"),
    "softmax_cross_entropy": ("", "", "the derivatives of loss and softmax combine to just this"),
    "squared_error": ("", "", ""),
    "absolute_error": ("sign(", ")", ""),
    "huber": ("clip(", ", -1, 1)", "limited to -1 to 1"),
}


def _binary(yhat: Tensor, y: Tensor) -> tuple[Row, Node | None]:
    one = row("[", Y, " ", "log", " ", YHAT, "+", "(", 1, "-", Y, ") ", "log", "(", 1, "-", YHAT, ")]")
    if y.array.size > 1:
        return row(L, "=", MINUS, "\u2211", " ", one), None
    p, wanted = yhat.node, float(y.array.item())
    if wanted == 1:
        return row(L, "=", MINUS, one), row(MINUS, "log", " ", p)
    return row(L, "=", MINUS, one), row(MINUS, "log", "(", 1, "-", p, ")") if wanted == 0 else None


def _softmax(yhat: Tensor, y: Tensor) -> tuple[Row, Node | None]:
    code = int(y.array.argmax())
    p = Number(float(yhat.array[code, 0]), yhat.key(code, 0))
    return row(L, "=", MINUS, "log", " ", Symbol("y", str(code + 1), "^")), row(MINUS, "log", " ", p)


def _summed(before: str, after: Callable[[Node], Node]) -> Callable[[Tensor, Tensor], tuple[Row, Node | None]]:
    def formula(yhat: Tensor, y: Tensor) -> tuple[Row, Node | None]:
        several = y.array.size > 1
        symbols = row(L, "=", before, *(["\u2211", " "] if several else []), after(row(YHAT, "-", Y)))
        if not fits(y):
            return symbols, None
        terms: list[Node | str] = []
        for i in range(len(y.array)):
            p, t = (Number(float(part.array[i, 0]), part.key(i, 0)) for part in (yhat, y))
            terms += [*(["+"] if terms else []), after(row(p, "-", factor(t)))]
        return symbols, row(before, "[" if several and before else "", *terms, "]" if several and before else "")

    return formula


LOSS_FORMULAS: dict[str, Callable[[Tensor, Tensor], tuple[Row, Node | None]]] = {
    "binary_cross_entropy": _binary,
    "softmax_cross_entropy": _softmax,
    "squared_error": _summed("\u00bd", lambda r: Power(row("(", r, ")"), SQUARE)),
    "absolute_error": _summed("", lambda r: row("|", r, "|")),
    "huber": _summed("", lambda r: row(Sign("h("), r, Sign(")"))),
}
