"""Script: a session as a short Python program that comes to the same weights, and prints the cost that was shown."""

from collections.abc import Sequence

import numpy as np

from pellucid.features import Table
from pellucid.web.playground.permalink import Moment, Point
from pellucid.web.playground.problem import Problem
from pellucid.web.playground.run import Timeline
from pellucid.web.playground.settings import Choices

Import = tuple[str, str]  # from a module, a name
Part = tuple[list[Import], list[str]]


def script(timeline: Timeline, moment: Moment) -> str:
    """Return the program. By the estimator where that can be said; step by step with weights that were set by hand."""
    problem, choices = timeline.problem, moment.choices
    parts = [_data(problem, choices, moment.points), _division(problem, choices)]
    parts.append(_estimator(timeline) if _is_plain(timeline) else _loop(timeline))
    imported: dict[str, set[str]] = {}
    for module, name in (pair for pairs, _ in parts for pair in pairs):
        imported.setdefault(module, set()).add(name)
    imports = ["import numpy as np", ""]
    imports += [f"from {module} import {', '.join(sorted(names))}" for module, names in sorted(imported.items())]
    shape = "-".join(
        [
            str(problem.features.n_out),
            *(f"{width} {name}" for width, name in choices.layers),
            str(timeline.network.n_out),
        ]
    )
    story = (
        f'"""A network of the playground, {shape}, at iteration {timeline.iteration}: prints the cost shown there."""'
    )
    blocks = [story, "\n".join(imports), *("\n".join(lines) for _, lines in parts)]
    return "\n\n".join(blocks) + "\n"


def _data(problem: Problem, choices: Choices, points: Sequence[Point]) -> Part:
    if choices.data == "drawn":
        drawn = ["points = [", *(f"    ({x!r}, {y!r}, {code})," for x, y, code in points), "]"]
        return [], [
            *drawn,
            "X = np.array([point[:2] for point in points])",
            "y = np.array([point[2] for point in points])",
        ]
    if problem.source is None:
        how = f"seed={choices.data_seed}, points={choices.samples}, noise={choices.noise!r}"
        return [("pellucid.data.toy", choices.data)], [f"X, y = {choices.data}({how})"]
    source = problem.source
    named = "" if source.label is None else f", label={source.label!r}"
    lines = [f"table = load({source.source!r}{named}).train"]
    imports = [("pellucid.data", "load")]
    if isinstance(problem.features, Table):
        imports.append(("pellucid.features", "Table"))
        lines.append("features = Table(table.columns, table.categorical)")
    else:
        imports.append(("pellucid.features", "Numbers"))
        lines.append("features = Numbers(len(table.columns), table.columns)")
    lines += ["R, y = features.extract(table.read(np.arange(len(table)))), table.labels"]
    if len(source.labels) > choices.samples:
        imports.append(("pellucid.system.random_streams", "stream"))
        draw = f"stream({choices.data_seed}, 'curve').choice(len(y), {choices.samples}, replace=False)"
        lines += [f"rows = np.sort({draw})", "R, y = R[rows], y[rows]"]
    return imports, lines


def _division(problem: Problem, choices: Choices) -> Part:
    imports, lines = list[Import](), ["train = np.arange(len(y))"]
    if problem.held.any():
        imports = [("pellucid.data", "split_rows"), ("pellucid.system.random_streams", "stream")]
        lines = [f"train, held = split_rows(y, {choices.held_out!r}, stream({choices.data_seed}, 'split'))"]
    if problem.source is not None:
        lines.append("X = features.fit(R[train]).transform(R, np.float64)")
    return imports, lines


def _is_plain(timeline: Timeline) -> bool:
    """Whether the estimator comes to the same weights: whole epochs, all classes there, nothing set by hand."""
    batches, k = timeline.batches, len(timeline.problem.class_names)
    classes = np.unique(timeline.problem.codes[~timeline.problem.held])
    whole = timeline.iteration > 0 and timeline.iteration % batches == 0
    return whole and not timeline.edits_so_far and not timeline.diverged and classes.tolist() == list(range(k))


def _settings(choices: Choices, name: str, epochs: int) -> list[str]:
    layers = [[width, activation] for width, activation in choices.layers]
    return [
        f"{name}(",
        f"    hidden_layers={layers!r},",
        f"    init={choices.init!r},",
        f"    optimizer={choices.optimizer!r},",
        f"    learning_rate={choices.rate!r},",
        f"    epochs={epochs},",
        f"    batch_size={choices.batch or None!r},",
        f"    l2={choices.l2!r},",
        f"    dropout={choices.dropout!r},",
        "    row_space=False,",
        "    dtype='float64',",
        f"    random_state={choices.seed},",
        ")",
    ]


def _estimator(timeline: Timeline) -> Part:
    how = _settings(timeline.choices, "NeuralNetworkClassifier", timeline.iteration // timeline.batches)
    return [("pellucid", "NeuralNetworkClassifier")], [
        f"net = {how[0]}",
        *how[1:],
        "net.fit(X[train], y[train])",
        "cost, gradient = net.network_.cost_and_gradient(*net.as_network_data(X[train], y[train]))",
        "print('cost', cost)",
    ]


def _loop(timeline: Timeline) -> Part:
    how = _settings(timeline.choices, "Settings", timeline.settings.epochs)
    imports = [
        ("pellucid.training", "Settings"),
        ("pellucid.training.examples", "Examples"),
        ("pellucid.training.loop", "initial_state"),
        ("pellucid.training.loop", "steps"),
    ]
    by_hand: dict[int, list[tuple[str, tuple[int, ...], float]]] = {}
    for edit in timeline.edits_so_far:
        name, place = (
            (f"b{edit.layer}", (edit.row,)) if edit.column < 0 else (f"W{edit.layer}", (edit.row, edit.column))
        )
        by_hand.setdefault(edit.iteration, []).append((name, place, edit.value))
    lines = [
        f"settings = {how[0]}",
        *how[1:],
        f"loss, n_out = settings.classifier_loss({len(timeline.problem.class_names)})",
        "network = settings.network(X.shape[1], n_out, loss).initialize(settings.init, settings.random_state)",
        "rows = Examples(X[train], loss.targets(y[train]))",
        "state = initial_state(network, settings, settings.random_state)",
        "run = steps(rows, settings, state)",
    ]
    if by_hand:
        lines += [
            "by_hand = {  # iteration: weights and their values",
            *(f"    {iteration}: {edits!r}," for iteration, edits in sorted(by_hand.items())),
            "}",
        ]
    lines += [f"for iteration in range({timeline.iteration + 1}):", "    if iteration > 0:", "        next(run)"]
    if by_hand:
        lines += [
            "    for name, place, value in by_hand.get(iteration, []):",
            "        network.named()[name][place] = value",
        ]
        if timeline.settings.rule.full_batch_only:
            lines += [
                "    if iteration in by_hand:  # L-BFGS remembers the gradient, and where it ended",
                "        state.slots, state.stopped = settings.rule.slots(network.parameters), False",
                "        run = steps(rows, settings, state)",
            ]
    lines += ["cost, gradient = network.cost_and_gradient(rows.X, rows.y)", "print('cost', cost)"]
    return imports, lines
