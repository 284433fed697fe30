"""Mistakes: a confusion matrix whose cells show their samples, and the samples, whose labels can be corrected.

A regression has a plot of predicted against true instead. Everything is plain HTML with `data-` attributes;
`report.js` shows the pictures, opens the cells and collects the corrections.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np

from pellucid.explanation.report.image_sections import EmbeddedImages, image_html
from pellucid.explanation.report.predictions import ScoredPart, noun
from pellucid.html import escaped, isolated
from pellucid.html.line_chart import curves

MOST_CLASSES = 15  # in a matrix; with more, the most frequent confusions are listed
MOST_PAIRS = 20
MOST_RIGHT = 12  # correct predictions shown for each class, the least confident
MOST_MISTAKES = 400
MOST_SHOWN = 500  # samples in all
FIRST = 12  # samples in view at first
MOST_COLUMNS = 12  # of a table, shown beside a prediction
MOST_DOTS = 600
MOST_ROWS = 30


def regression_html(part: ScoredPart) -> str:
    """Return predicted against true values, a dot for each row, and the rows with the largest errors."""
    true, predicted = np.asarray(part.dataset.labels, np.float64), np.asarray(part.answers, np.float64)
    shown = np.unique(np.linspace(0, len(true) - 1, min(len(true), MOST_DOTS)).astype(int))
    ends = [float(true.min()), float(true.max())]
    target = part.dataset.target
    drawn = curves(
        {"a row": (true[shown].tolist(), predicted[shown].tolist()), "exact": (ends, ends)},
        f"true {target}",
        f"predicted {target}",
        "Predicted against true",
        dots=["a row"],
        height=420,
    )
    error = predicted - true
    worst = np.argsort(-np.abs(error), kind="stable")[:MOST_ROWS]
    head, values = columns_of(part, worst)
    lines = "".join(
        f'<tr><th scope="row">{escaped(part.dataset.names[row])}</th>'
        f"{cells([true[row], predicted[row], error[row]])}{cells(of_row)}</tr>"
        for row, of_row in zip(worst.tolist(), values, strict=True)
    )
    return (
        f"<h3>{escaped(part.title)}</h3><p>{len(true):,} rows were predicted{escaped(part.how)}.</p>"
        f"<figure>{drawn}</figure><h4>Largest errors</h4>"
        '<div class="wide"><table class="answers"><thead><tr><th scope="col">row</th>'
        '<th scope="col" class="number">true</th>'
        f'<th scope="col" class="number">predicted</th><th scope="col" class="number">error</th>{head}</tr></thead>'
        f"<tbody>{lines}</tbody></table></div>"
    )


def mistakes_html(part: ScoredPart, images: EmbeddedImages, number: int) -> str:
    """Return the matrix and the samples of one part.  number: of the part in the report, for its id."""
    mistakes, what = part.mistakes, noun(part.dataset)
    n = len(part.predicted)
    some = (
        f"{len(mistakes):,} of {n:,} {what} were predicted wrongly"
        if len(mistakes)
        else f"All {n:,} {what} were predicted correctly"
    )
    rows = _chosen(part)
    rest = "" if len(mistakes) <= MOST_MISTAKES else f" This report has the {MOST_MISTAKES} most confident ones."
    pictures = part.dataset.kind == "pictures"
    gallery = _cards(part, rows, images) if pictures else _lines(part, rows)
    return (
        f'<section class="part" data-part="{number}"><h3>{escaped(part.title)}</h3>'
        f"<p>{escaped(some)}{escaped(part.how)}.{rest}</p>"
        f"{_overview(part)}"
        f'<h4 class="opened" tabindex="-1" data-usual="The most confident mistakes">The most confident mistakes</h4>'
        f'<p class="quiet" data-hint>{_what_to_do(len(mistakes))}</p>'
        f'{gallery}<p class="no-print"><button type="button" data-more hidden>show more</button> '
        f'<button type="button" data-all hidden>back to the mistakes</button></p></section>'
    )


def corrections_html(classes: tuple[str, ...]) -> str:
    """Return the list of corrected labels, as `--corrections` takes it."""
    options = "".join(f'<option value="{escaped(name)}">{escaped(name)}</option>' for name in classes)
    return (
        '<section class="fix no-print" aria-labelledby="fix"><h3 id="fix">Correct labels</h3>'
        "<p>A confident mistake is often a wrong label. Choose the right class below a sample, and it joins this list. "
        "Then train again with <code>--corrections corrections.csv</code>. Your data is not changed.</p>"
        f"<template id=\"classes\"><select><option value=''>label is right</option>{options}"
        '<option value="-">leave it out</option></select></template>'
        '<label for="list">Corrections: <span id="count">none yet</span></label>'
        '<textarea id="list" readonly rows="5" spellcheck="false">file,class\n</textarea>'
        '<p><button type="button" class="primary" id="copy">copy</button> '
        '<button type="button" id="download">save as corrections.csv</button> '
        '<span id="copied" role="status"></span></p></section>'
    )


def _what_to_do(mistakes: int) -> str:
    if not mistakes:
        return "There are no mistakes. Click a number to see the least confident predictions of that cell."
    return "Click a number in the matrix to see its samples here. Correct a wrong label below its sample."


def _chosen(part: ScoredPart) -> np.ndarray:
    """Return the rows to show: the most confident mistakes, then the least confident correct ones of each class."""
    right = part.right
    labels = part.dataset.labels[right]
    of_class = [right[labels == code][:MOST_RIGHT] for code in range(len(part.dataset.class_names))]
    return np.concatenate([part.mistakes[:MOST_MISTAKES], *of_class])[:MOST_SHOWN]


def _overview(part: ScoredPart) -> str:
    if len(part.dataset.class_names) <= MOST_CLASSES:
        return _matrix(part)
    counts, names = part.confusion, part.dataset.class_names
    np.fill_diagonal(counts, 0)
    pairs = sorted(np.argwhere(counts).tolist(), key=lambda pair: -counts[*pair])[:MOST_PAIRS]
    lines = "".join(
        f"<tr><td>{escaped(names[i])}</td><td>{escaped(names[j])}</td>"
        f'<td class="number">{_button(int(counts[i, j]), i, j, names)}</td></tr>'
        for i, j in pairs
    )
    return (
        f'<div class="wide"><table class="pairs"><caption>The {len(pairs)} most frequent confusions</caption>'
        '<thead><tr><th scope="col">label</th><th scope="col">predicted</th>'
        '<th scope="col" class="number">how many</th></tr></thead>'
        f"<tbody>{lines}</tbody></table></div>"
    )


def _matrix(part: ScoredPart) -> str:
    counts, names = part.confusion, part.dataset.class_names
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    head = "".join(f'<th scope="col">{escaped(name)}</th>' for name in names)
    body = []
    for i, name in enumerate(names):
        cells = []
        for j in range(len(names)):
            kind = "right" if i == j else "wrong"
            inner = _button(int(counts[i, j]), i, j, names) if counts[i, j] else '<span class="quiet">0</span>'
            cells.append(f'<td class="{kind}" style="--share:{100 * shares[i, j]:.1f}%">{inner}</td>')
        recall = f"{shares[i, i]:.0%}" if counts[i].sum() else ""
        body.append(
            f'<tr><th scope="row">{escaped(name)}</th>{"".join(cells)}<td class="number recall">{recall}</td></tr>'
        )
    return (
        '<p class="quiet">Rows: the label. Columns: the prediction. A darker cell holds a larger share of its row.</p>'
        '<div class="wide"><table class="matrix" aria-label="labels against predictions">'
        f'<thead><tr><td></td>{head}<th scope="col" class="recall">recall</th></tr></thead>'
        f"<tbody>{''.join(body)}</tbody></table></div>"
    )


def _button(count: int, i: int, j: int, names: tuple[str, ...]) -> str:
    label = escaped(f"labelled {isolated(names[i])}, predicted {isolated(names[j])}: {count}")
    return f'<button type="button" data-open="{i}-{j}" aria-pressed="false" aria-label="{label}">{count}</button>'


def _cards(part: ScoredPart, rows: np.ndarray, images: EmbeddedImages) -> str:
    numbers = images.add(part.dataset, rows.tolist())
    cards = []
    for place, (row, number) in enumerate(zip(rows.tolist(), numbers, strict=True)):
        name = part.dataset.names[row]
        image = image_html(number, f"{name}: {_prediction(part, row)}")
        caption = f'<p class="prediction">{_prediction_html(part, row)}</p><p class="file">{escaped(name)}</p>'
        cards.append(f'<li class="answer"{_attributes(part, row, place)}>{image}{caption}{_fix(part, row)}</li>')
    return f'<ul class="answers">{"".join(cards)}</ul>'


def _lines(part: ScoredPart, rows: np.ndarray) -> str:
    """Return rows of a table: the prediction, and the columns that it was made from."""
    head, values = columns_of(part, rows)
    lines = [
        f'<tr class="answer"{_attributes(part, row, place)}><th scope="row">{escaped(part.dataset.names[row])}</th>'
        f'<td class="prediction">{_prediction_html(part, row)}</td><td>{_fix(part, row)}</td>{cells(of_row)}</tr>'
        for place, (row, of_row) in enumerate(zip(rows.tolist(), values, strict=True))
    ]
    return (
        f'<div class="wide"><table class="answers"><thead><tr><th scope="col">row</th><th scope="col">prediction</th>'
        f'<th scope="col" class="no-print">should be</th>{head}</tr></thead>'
        f"<tbody>{''.join(lines)}</tbody></table></div>"
    )


def columns_of(part: ScoredPart, rows: np.ndarray) -> tuple[str, np.ndarray]:
    """Return the headings of the first columns of a table, and their values (rows, columns); none for pictures."""
    names = part.dataset.columns[:MOST_COLUMNS]
    if not names or not len(rows):
        return "", np.empty((len(rows), 0), object)
    values = np.asarray(part.dataset.read(rows), object)[:, : len(names)]
    numbers = [any(map(_is_number, column)) for column in values.T]
    heads = (
        f'<th scope="col"{" class=number" if number else ""}>{escaped(name)}</th>'
        for name, number in zip(names, numbers, strict=True)
    )
    return "".join(heads), values


def cells(values: Iterable[Any]) -> str:
    """Return the cells of one row of a table: numbers shortened and right-aligned, the rest as it is."""
    return "".join(
        f"<td class=number>{value:.4g}</td>" if _is_number(value) else f"<td>{escaped(_text(value))}</td>"
        for value in values
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, float | int | np.number) and bool(np.isfinite(value))


def _text(value: Any) -> Any:
    """Return a value that is not a number; a missing number becomes an empty text."""
    return "" if value is None or isinstance(value, float | np.number) else value


def _attributes(part: ScoredPart, row: int, place: int) -> str:
    wrong = part.predicted[row] != part.dataset.labels[row]
    hidden = "" if wrong and place < FIRST else " hidden"
    return f' data-cell="{part.dataset.labels[row]}-{part.predicted[row]}"{hidden}'


def _prediction_html(part: ScoredPart, row: int) -> str:
    label, predicted = _names(part, row)
    p = f'<span class="number">{part.confidence[row]:.2f}</span>'
    return f"<span>labelled <b>{escaped(label)}</b>,</span> <span>predicted <b>{escaped(predicted)}</b> {p}</span>"


def _prediction(part: ScoredPart, row: int) -> str:
    label, predicted = _names(part, row)
    return f"labelled {label}, predicted {predicted} {part.confidence[row]:.2f}"


def _names(part: ScoredPart, row: int) -> tuple[str, str]:
    """Return the names of the label and of the predicted class."""
    names = part.dataset.class_names
    return names[part.dataset.labels[row]], names[part.predicted[row]]


def _fix(part: ScoredPart, row: int) -> str:
    """Return the place for choosing a class; a file name that is not valid text cannot be corrected."""
    name = part.name(row)
    try:
        name.encode()
    except UnicodeEncodeError:
        return "<span></span>"
    label = part.dataset.class_names[part.dataset.labels[row]]
    return f'<span class="choice no-print" data-file="{escaped(name)}" data-label="{escaped(label)}"></span>'
