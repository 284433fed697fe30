"""Page: a step as HTML with MathML. Each number highlights its sources and what it feeds; nothing is loaded."""

import hashlib
from collections.abc import Iterator, Sequence
from importlib.resources import files

from pellucid.explanation.trace.attribution import ANSWER_SECTIONS, answer_sections
from pellucid.explanation.trace.formula import Node, Number, Row, Sign, digits, row
from pellucid.explanation.trace.mathml import mathml
from pellucid.explanation.trace.sections import Bar, Cell, Line, Section, Table
from pellucid.explanation.trace.step import Layer, Step
from pellucid.explanation.trace.story import story
from pellucid.html import document, escaped
from pellucid.html.computation_graph import Box, Stage, computation_graph
from pellucid.html.line_chart import MINUS

SHOWN = ("symbols", "numbers", "shapes")  # what can be switched off
HINT = "Point at a number, or reach one with the Tab and arrow keys, to see its sources and what it feeds."
ASSIGNED = ("=", "\u2190")


def page(trace: Step) -> str:
    """Return the whole step as one HTML document: formulas, numbers, graph, and a script that highlights sources.

    It loads nothing from outside, so it works as a file and inside a frame.
    """
    return document(_title(trace), f"<h1>{escaped(_title(trace))}</h1>\n{fragment(trace)}")


def fragment(trace: Step) -> str:
    """Return the step as an element with its own style and script, for a notebook or a page with other content."""
    views = {"one": trace.one, "batch": trace} if len(trace) > 1 else {"one": trace}
    body = "".join(_view(name, step, hidden=name != "one") for name, step in views.items())
    token = "trace-" + hashlib.sha256(body.encode()).hexdigest()[:10]  # a notebook may show several
    script = _file("trace.js").replace("TRACE", token)
    return (
        f'<div class="pellucid-trace" id="{token}" data-symbols data-numbers>\n<style>\n{_file("trace.css")}</style>\n'
        f"{_picture(trace)}{_introduction(trace)}{_controls(token, trace)}\n{body}"
        f'<p class="status" role="status" data-hint="{HINT}">{HINT}</p>\n<script>\n{script}</script>\n</div>'
    )


def _introduction(trace: Step) -> str:
    """Return the text before the formulas; for one sample it begins with the model's prediction."""
    leads, notes = [_lead(trace.one if trace.called else trace)], list(trace.notes)
    if notes and (trace.called or trace.picture or trace.cost is None):
        leads.insert(0, notes.pop(0))
    paragraphs = [f"<p>{escaped(lead)}</p>\n" for lead in leads]
    return "".join(paragraphs + [f"<p class='remark'>{escaped(note)}</p>\n" for note in notes])


def _picture(trace: Step) -> str:
    image = f'<img src="{escaped(trace.picture)}" alt="the example">'
    return f'<figure class="example">{image}</figure>\n' if trace.picture else ""


def _file(name: str) -> str:
    return (files(__package__) / name).read_text("utf-8")


def _title(trace: Step) -> str:
    if trace.called:
        return trace.called[0].upper() + trace.called[1:]
    if trace.cost:
        return "One training step, number by number"
    return next((part.title for part in answer_sections(trace.one)), "One prediction, number by number")


def _lead(trace: Step) -> str:
    network = trace.network
    widths = [str(network.n_in)] + [f"{layer.n_out} {layer.activation.name}" for layer in network.dense[:-1]]
    net = " - ".join([*widths, f"{network.n_out} {network.loss.link.__name__}"])
    if trace.cost is None or trace.update is None or trace.after is None:
        return f"The network {net}, forward only: without a label there is nothing to learn from."
    rows = "one example" if len(trace) == 1 else f"{len(trace)} examples (one of them can be shown alone)"
    return (
        f"The network {net} learns from {rows}, with learning rate {digits(trace.update.rate)}. The cost was "
        f"{digits(trace.cost.J)} and is now {digits(trace.after)}."
    )


def _controls(token: str, trace: Step) -> str:
    toggles = "".join(
        f'<label><input type="checkbox" value="{name}"{"" if name == "shapes" else " checked"}> {name}</label>'
        for name in SHOWN
    )
    rows = ""
    if len(trace) > 1:
        choices = (
            ("one", f"{trace.called or f'example {trace.row + 1}'} alone", " checked"),
            ("batch", f"batch of {len(trace)}", ""),
        )
        rows = "<fieldset><legend>Rows</legend>" + "".join(
            f'<label><input type="radio" name="{token}-rows" value="{value}"{checked}> {text}</label>'
            for value, text, checked in choices
        )
        rows += "</fieldset>"
    return f'<div class="controls"><fieldset><legend>Show</legend>{toggles}</fieldset>{rows}</div>'


def _view(name: str, trace: Step, hidden: bool) -> str:
    graph = computation_graph(_stages(trace))
    parts = story(trace)
    answer = "".join(_section(name, section) for section in parts if section.name in ANSWER_SECTIONS)
    sections = "".join(_section(name, section) for section in parts if section.name not in ANSWER_SECTIONS)
    caption = "Solid: forward, left to right. Dashed: backward. Click a box to go to its formula."
    return (
        f'<div class="view" data-view="{name}"{" hidden" if hidden else ""}>\n{answer}<figure class="map">'
        f'<div class="scroll">{graph}</div><figcaption>{caption}</figcaption></figure>\n{sections}</div>\n'
    )


def _section(view: str, section: Section) -> str:
    lines = "".join(_line(view, line) for line in section.lines)
    lead = f"<p>{escaped(section.lead)}</p>" if section.lead else ""
    table = _table(section.table) if section.table else ""
    heading = f'<h2 tabindex="-1">{escaped(section.title)}</h2>'
    return f'<section data-section="{escaped(section.name)}">{heading}{lead}{lines}{table}</section>\n'


def _line(view: str, line: Line) -> str:
    name, rest = _divided(line.symbols)
    parts = [_math("name", name, view)]
    if rest is not None:
        parts.append(_math("symbols", rest, view))
    parts += [
        _math(kind, row("=", node), view)
        for kind, node in (("numbers", line.numbers), ("numbers", line.result))
        if node is not None
    ]
    shapes = f'<div class="shapes">{_math("", line.shapes, view)}</div>' if line.shapes is not None else ""
    note = f'<p class="remark">{escaped(line.note.replace("-", MINUS) if _formula(line.note) else line.note)}</p>'
    large = " large" if line.result is None else ""
    return (
        f'<div class="line{large}"><div class="scroll">{"".join(parts)}</div>{shapes}{note if line.note else ""}</div>'
    )


def _formula(note: str) -> bool:
    return "(" in note and "=" in note


def _math(kind: str, node: Node, view: str) -> str:
    return f"<math{f' class={kind!r}' if kind else ''}>{mathml(node, f'{view}:')}</math>"


def _divided(symbols: Node) -> tuple[Node, Row | None]:
    """Return what comes before the first equals sign, and the rest."""
    items = list(_flat(symbols))
    for place, item in enumerate(items):
        if isinstance(item, Sign) and item.text in ASSIGNED and place:
            return Row(tuple(items[:place])), Row(tuple(items[place:]))
    return symbols, None


def _flat(node: Node) -> Iterator[Node]:
    for item in node.items if isinstance(node, Row) else (node,):
        if isinstance(item, Row):
            yield from _flat(item)
        else:
            yield item


def _table(table: Table) -> str:
    head = "".join(f'<th scope="col">{escaped(column)}</th>' for column in table.columns)
    rows = "".join(f"<tr>{''.join(map(_cell, cells))}</tr>" for cells in table.rows)
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'


def _cell(cell: Cell) -> str:
    if isinstance(cell, Bar):
        side = "for" if cell.value > 0 else "against"
        bar = f'<i class="{side}" style="--share: {cell.share:.3f}"></i>' if cell.value else ""
        return f'<td class="bar" aria-hidden="true">{bar}</td>'
    if isinstance(cell, Number):
        return f'<td class="number">{digits(cell.value).replace("-", MINUS)}</td>'
    return f"<td>{escaped(cell)}</td>"


def _stages(trace: Step) -> list[Stage]:
    """Return the graph of the step: x, then z and a of each layer, then the loss."""
    batch = len(trace) > 1
    stages = [Stage(_box(trace, "x", "", trace.network.n_in, "forward-1"))]
    for layer in trace.layers:
        stages += _layer_stages(trace, layer, last=layer is trace.layers[-1])
    if trace.cost is not None:
        by = "mean of l" if batch else ""
        stages.append(Stage(Box("J" if batch else "l", "", "", "loss"), by))
    return stages


def _layer_stages(trace: Step, layer: Layer, last: bool) -> Sequence[Stage]:
    sub, width, back = str(layer.number), layer.W.shape[0], f"backward-{layer.number}"
    here = f"forward-{layer.number}"
    W, b = Box("W", sub, "", here), Box("b", sub, "", here)
    learned = (Box("dW", sub, "", back), Box("db", sub, "", back)) if layer.back else ()
    dz = _box(trace, "dz", sub, width, back) if layer.back else None
    z = Stage(_box(trace, "z", sub, width, here), "", (W, b), dz, learned)
    if last:
        link = trace.network.loss.link.__name__
        return z, Stage(_box(trace, "\u0177", "", width, here), "" if link == "linear" else link)
    g = layer.activation.name
    da = _box(trace, "da", sub, width, back) if layer.back else None
    return z, Stage(_box(trace, "a", sub, width, here), "" if g == "linear" else g, (), da)


def _box(trace: Step, name: str, sub: str, width: int, section: str) -> Box:
    n = len(trace)
    shape = f"{n} \u00d7 {width:,}" if n > 1 else f"{width:,} \u00d7 1"
    shown = name if n == 1 else name[0] + name[1:].upper() if name[0] == "d" else name.upper()
    return Box(shown, sub, shape, section)
