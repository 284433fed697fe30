"""Numbers predicted: against the true ones, and the rows that were farthest off with their columns."""

import numpy as np

from pellucid.html import escaped
from pellucid.html.line_chart import curves
from pellucid.insight.report.judged import Judged
from pellucid.insight.report.mistakes import cells, columns_of

MOST_DOTS = 600
MOST_ROWS = 30


def numbers_html(judged: Judged) -> str:
    """Return predicted against true, a dot a row, and the rows that were farthest off."""
    true, predicted = np.asarray(judged.dataset.labels, np.float64), np.asarray(judged.answers, np.float64)
    shown = np.unique(np.linspace(0, len(true) - 1, min(len(true), MOST_DOTS)).astype(int))
    ends = [float(true.min()), float(true.max())]
    target = judged.dataset.target
    drawn = curves(
        {"a row": (true[shown].tolist(), predicted[shown].tolist()), "exact": (ends, ends)},
        f"true {target}",
        f"predicted {target}",
        "Predicted against true",
        dots=["a row"],
        height=420,
    )
    off = predicted - true
    worst = np.argsort(-np.abs(off), kind="stable")[:MOST_ROWS]
    head, values = columns_of(judged, worst)
    lines = "".join(
        f'<tr><th scope="row">{escaped(judged.dataset.names[row])}</th>'
        f"{cells([true[row], predicted[row], off[row]])}{cells(of_row)}</tr>"
        for row, of_row in zip(worst.tolist(), values, strict=True)
    )
    return (
        f"<h3>{escaped(judged.title)}</h3><p>{len(true):,} rows were predicted{escaped(judged.how)}.</p>"
        f"<figure>{drawn}</figure><h4>Farthest off</h4>"
        '<div class="wide"><table class="answers"><thead><tr><th scope="col">row</th>'
        '<th scope="col" class="number">true</th>'
        f'<th scope="col" class="number">predicted</th><th scope="col" class="number">off by</th>{head}</tr></thead>'
        f"<tbody>{lines}</tbody></table></div>"
    )
