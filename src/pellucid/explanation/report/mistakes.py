"""Mistakes first: a confusion matrix whose cells choose what is shown, and the samples themselves, to be put right.

All is plain HTML with `data-` attributes; `report.js` shows pictures, opens cells and gathers corrections.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np

from pellucid.explanation.report.image_sections import Album, picture
from pellucid.explanation.report.predictions import Judged, noun
from pellucid.html import escaped, isolated
from pellucid.html.line_chart import curves

MOST_CLASSES = 15  # of a matrix; with more, the most frequent confusions are listed
MOST_PAIRS = 20
MOST_RIGHT = 12  # right answers shown of each class, the least sure ones
MOST_MISTAKES = 400
MOST_SHOWN = 500  # samples in all
FIRST = 12  # that are in view before more are asked for
MOST_COLUMNS = 12  # of a table, shown beside an answer
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


def mistakes_html(judged: Judged, album: Album, number: int) -> str:
    """Return the matrix and the samples of one part.  number: of the part in the report, for its ids."""
    mistakes, what = judged.mistakes, noun(judged.dataset)
    n = len(judged.said)
    some = (
        f"{len(mistakes):,} of {n:,} {what} were answered wrongly"
        if len(mistakes)
        else f"None of {n:,} {what} was answered wrongly"
    )
    rows = _chosen(judged)
    told = "" if len(mistakes) <= MOST_MISTAKES else f" The {MOST_MISTAKES} surest are in this report."
    pictures = judged.dataset.kind == "pictures"
    gallery = _cards(judged, rows, album) if pictures else _lines(judged, rows)
    return (
        f'<section class="judged" data-judged="{number}"><h3>{escaped(judged.title)}</h3>'
        f"<p>{escaped(some)}{escaped(judged.how)}.{told}</p>"
        f"{_overview(judged)}"
        f'<h4 class="opened" tabindex="-1" data-usual="The surest mistakes">The surest mistakes</h4>'
        f'<p class="quiet" data-told>{_what_to_do(len(mistakes))}</p>'
        f'{gallery}<p class="no-print"><button type="button" data-more hidden>show more</button> '
        f'<button type="button" data-all hidden>back to the surest mistakes</button></p></section>'
    )


def corrections_html(classes: tuple[str, ...]) -> str:
    """Return the list that marked samples go to, as `--corrections` takes it."""
    options = "".join(f'<option value="{escaped(name)}">{escaped(name)}</option>' for name in classes)
    return (
        '<section class="fix no-print" aria-labelledby="fix"><h3 id="fix">Put labels right</h3>'
        "<p>A sure mistake is often a wrong label. Choose the right class below a sample; the list grows here. "
        "Train again with <code>--corrections corrections.csv</code>: nothing in your data is changed.</p>"
        f"<template id=\"classes\"><select><option value=''>as it is named</option>{options}"
        '<option value="-">leave it out</option></select></template>'
        '<label for="list">The list, <span id="count">nothing marked yet</span></label>'
        '<textarea id="list" readonly rows="5" spellcheck="false">file,class\n</textarea>'
        '<p><button type="button" class="primary" id="copy">copy</button> '
        '<button type="button" id="download">save as corrections.csv</button> '
        '<span id="copied" role="status"></span></p></section>'
    )


def _what_to_do(mistakes: int) -> str:
    if not mistakes:
        return "There is no mistake. A number in the matrix shows the right answers that were least sure."
    return "A number in the matrix shows its samples here; a wrong label can be put right below each."


def _chosen(judged: Judged) -> np.ndarray:
    """Return the rows to show: the surest mistakes, then the least sure of the right answers of each class."""
    right = judged.right
    labels = judged.dataset.labels[right]
    of_class = [right[labels == code][:MOST_RIGHT] for code in range(len(judged.dataset.class_names))]
    return np.concatenate([judged.mistakes[:MOST_MISTAKES], *of_class])[:MOST_SHOWN]


def _overview(judged: Judged) -> str:
    if len(judged.dataset.class_names) <= MOST_CLASSES:
        return _matrix(judged)
    counts, names = judged.confusion, judged.dataset.class_names
    np.fill_diagonal(counts, 0)
    pairs = sorted(np.argwhere(counts).tolist(), key=lambda pair: -counts[*pair])[:MOST_PAIRS]
    lines = "".join(
        f"<tr><td>{escaped(names[i])}</td><td>{escaped(names[j])}</td>"
        f'<td class="number">{_button(int(counts[i, j]), i, j, names)}</td></tr>'
        for i, j in pairs
    )
    return (
        f'<div class="wide"><table class="pairs"><caption>The {len(pairs)} most frequent confusions</caption>'
        '<thead><tr><th scope="col">named</th><th scope="col">net says</th>'
        '<th scope="col" class="number">how many</th></tr></thead>'
        f"<tbody>{lines}</tbody></table></div>"
    )


def _matrix(judged: Judged) -> str:
    counts, names = judged.confusion, judged.dataset.class_names
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    head = "".join(f'<th scope="col">{escaped(name)}</th>' for name in names)
    body = []
    for i, name in enumerate(names):
        cells = []
        for j in range(len(names)):
            kind = "right" if i == j else "wrong"
            inner = _button(int(counts[i, j]), i, j, names) if counts[i, j] else '<span class="quiet">0</span>'
            cells.append(f'<td class="{kind}" style="--share:{100 * shares[i, j]:.1f}%">{inner}</td>')
        found = f"{shares[i, i]:.0%}" if counts[i].sum() else ""
        body.append(
            f'<tr><th scope="row">{escaped(name)}</th>{"".join(cells)}<td class="number found">{found}</td></tr>'
        )
    return (
        '<p class="quiet">Rows: what a sample is named. Columns: what the net says. The darker, the larger a share of '
        'its row.</p><div class="wide"><table class="matrix" aria-label="named against said">'
        f'<thead><tr><td></td>{head}<th scope="col" class="found">found</th></tr></thead>'
        f"<tbody>{''.join(body)}</tbody></table></div>"
    )


def _button(count: int, i: int, j: int, names: tuple[str, ...]) -> str:
    told = escaped(f"named {isolated(names[i])}, net says {isolated(names[j])}")
    return (
        f'<button type="button" data-open="{i}-{j}" aria-pressed="false" aria-label="{told}: {count}">{count}</button>'
    )


def _cards(judged: Judged, rows: np.ndarray, album: Album) -> str:
    numbers = album.add(judged.dataset, rows.tolist())
    cards = []
    for place, (row, number) in enumerate(zip(rows.tolist(), numbers, strict=True)):
        name = judged.dataset.names[row]
        cards.append(
            f'<li class="answer"{_attributes(judged, row, place)}>{picture(number, f"{name}: {_told(judged, row)}")}'
            f'<p class="says">{_says(judged, row)}</p><p class="file">{escaped(name)}</p>{_fix(judged, row)}</li>'
        )
    return f'<ul class="answers">{"".join(cards)}</ul>'


def _lines(judged: Judged, rows: np.ndarray) -> str:
    """Return rows of a table: what was said, and the columns that it was said of."""
    head, values = columns_of(judged, rows)
    lines = [
        f'<tr class="answer"{_attributes(judged, row, place)}><th scope="row">{escaped(judged.dataset.names[row])}</th>'
        f'<td class="says">{_says(judged, row)}</td><td>{_fix(judged, row)}</td>{cells(of_row)}</tr>'
        for place, (row, of_row) in enumerate(zip(rows.tolist(), values, strict=True))
    ]
    return (
        f'<div class="wide"><table class="answers"><thead><tr><th scope="col">row</th><th scope="col">answer</th>'
        f'<th scope="col" class="no-print">should be</th>{head}</tr></thead>'
        f"<tbody>{''.join(lines)}</tbody></table></div>"
    )


def columns_of(judged: Judged, rows: np.ndarray) -> tuple[str, np.ndarray]:
    """Return the heads of the first columns of a table, and their values (rows, columns); none of pictures."""
    names = judged.dataset.columns[:MOST_COLUMNS]
    if not names or not len(rows):
        return "", np.empty((len(rows), 0), object)
    values = np.asarray(judged.dataset.read(rows), object)[:, : len(names)]
    numbers = [any(map(_is_number, column)) for column in values.T]
    heads = (
        f'<th scope="col"{" class=number" if number else ""}>{escaped(name)}</th>'
        for name, number in zip(names, numbers, strict=True)
    )
    return "".join(heads), values


def cells(values: Iterable[Any]) -> str:
    """Return the cells of one row of a table: numbers short and to the right, anything else as it is."""
    return "".join(
        f"<td class=number>{value:.4g}</td>" if _is_number(value) else f"<td>{escaped(_text(value))}</td>"
        for value in values
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, float | int | np.number) and bool(np.isfinite(value))


def _text(value: Any) -> Any:
    """Return what is not a number, a missing one as nothing."""
    return "" if value is None or isinstance(value, float | np.number) else value


def _attributes(judged: Judged, row: int, place: int) -> str:
    wrong = judged.said[row] != judged.dataset.labels[row]
    hidden = "" if wrong and place < FIRST else " hidden"
    return f' data-cell="{judged.dataset.labels[row]}-{judged.said[row]}"{hidden}'


def _says(judged: Judged, row: int) -> str:
    named, said = _words(judged, row)
    sure = f'<span class="number">{judged.sure[row]:.2f}</span>'
    return f"<span>named <b>{escaped(named)}</b>,</span> <span>net says <b>{escaped(said)}</b> {sure}</span>"


def _told(judged: Judged, row: int) -> str:
    named, said = _words(judged, row)
    return f"named {named}, net says {said} {judged.sure[row]:.2f}"


def _words(judged: Judged, row: int) -> tuple[str, str]:
    """Return what a sample is named, and what the net says."""
    names = judged.dataset.class_names
    return names[judged.dataset.labels[row]], names[judged.said[row]]


def _fix(judged: Judged, row: int) -> str:
    """Return the place for the choice of a class; a name that no text can hold cannot be in a list either."""
    name = judged.name(row)
    try:
        name.encode()
    except UnicodeEncodeError:
        return "<span></span>"
    named = judged.dataset.class_names[judged.dataset.labels[row]]
    return f'<span class="choice no-print" data-file="{escaped(name)}" data-named="{escaped(named)}"></span>'
