"""Page: a step as HTML with MathML, each number lighting its sources and what it feeds; nothing from outside."""

import hashlib
from collections.abc import Iterator, Sequence
from importlib.resources import files

from pellucid.explanation.trace.attribution import OF_ANSWER, answer_sections
from pellucid.explanation.trace.formula import Node, Number, Row, Sign, digits, row
from pellucid.explanation.trace.mathml import mathml
from pellucid.explanation.trace.sections import Bar, Cell, Line, Section, Table
from pellucid.explanation.trace.step import Layer, Step
from pellucid.explanation.trace.story import story
from pellucid.html import document, escaped
from pellucid.html.computation_graph import Box, Stage, computation_graph
from pellucid.html.line_chart import MINUS

SHOWN = ("symbols", "numbers", "shapes")  # what can be left out
HINT = "Point at a number, or go to one by the Tab and arrow keys: its sources and what it feeds are marked."
ASSIGNED = ("=", "\u2190")


def page(trace: Step) -> str:
    """Return the whole step as one HTML document: formulas, numbers and graph, and a script that lights sources.

    It asks for nothing from outside and does not depend on where it stands, so that it can be a file or in a frame.
    """
    return document(_title(trace), f"<h1>{escaped(_title(trace))}</h1>\n{fragment(trace)}")


def fragment(trace: Step) -> str:
    """Return the step as an element with its own style and script, for a page or a notebook that has others."""
    views = {"one": trace.one, "batch": trace} if len(trace) > 1 else {"one": trace}
    body = "".join(_view(name, step, hidden=name != "one") for name, step in views.items())
    token = "trace-" + hashlib.sha256(body.encode()).hexdigest()[:10]  # several may stand in one notebook
    script = _file("trace.js").replace("TRACE", token)
    return (
        f'<div class="pellucid-trace" id="{token}" data-symbols data-numbers>\n<style>\n{_file("trace.css")}</style>\n'
        f"{_picture(trace)}{_before(trace)}" + f"{_controls(token, trace)}\n{body}"
        f'<p class="told" role="status" data-hint="{HINT}">{HINT}</p>\n<script>\n{script}</script>\n</div>'
    )


def _before(trace: Step) -> str:
    """Return what stands before the formulas; where one sample was asked about, first what the model says of it."""
    leads, remarks = [_lead(trace.one if trace.called else trace)], list(trace.notes)
    if remarks and (trace.called or trace.picture or trace.cost is None):
        leads.insert(0, remarks.pop(0))
    return "".join(f"<p>{escaped(lead)}</p>\n" for lead in leads) + "".join(
        f"<p class='remark'>{escaped(note)}</p>\n" for note in remarks
    )


def _picture(trace: Step) -> str:
    return (
        f'<figure class="example"><img src="{escaped(trace.picture)}" alt="the example"></figure>\n'
        if trace.picture
        else ""
    )


def _file(name: str) -> str:
    return (files(__package__) / name).read_text("utf-8")


def _title(trace: Step) -> str:
    if trace.called:
        return trace.called[0].upper() + trace.called[1:]
    if trace.cost:
        return "One training step, seen through"
    return next((part.title for part in answer_sections(trace.one)), "One answer, seen through")


def _lead(trace: Step) -> str:
    network = trace.network
    widths = [str(network.n_in)] + [f"{layer.n_out} {layer.activation.name}" for layer in network.dense[:-1]]
    net = " - ".join([*widths, f"{network.n_out} {network.loss.link.__name__}"])
    if trace.cost is None or trace.update is None or trace.after is None:
        return f"The network {net}, forward only: without a label there is nothing to learn from."
    rows = "one example" if len(trace) == 1 else f"{len(trace)} examples, of which one can be shown alone"
    return (
        f"The network {net} learns from {rows}, at the rate {digits(trace.update.rate)}: the cost was "
        f"{digits(trace.cost.J)} and is {digits(trace.after)}."
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
    told = story(trace)
    answer = "".join(_section(name, section) for section in told if section.name in OF_ANSWER)
    sections = "".join(_section(name, section) for section in told if section.name not in OF_ANSWER)
    caption = "Forward from left to right, solid; backward beneath, dashed. A box leads to its formula."
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
    """Return what stands before the first sign of equality, and the rest."""
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
        return f'<td class="bar" aria-hidden="true"><i class="{side}" style="--share: {cell.share:.3f}"></i></td>'
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
