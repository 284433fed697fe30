"""Export a session as a short Python script that reaches the same weights and prints the cost shown."""

from collections.abc import Sequence

import numpy as np

from pellucid.features import Table
from pellucid.web.playground.permalink import Moment, Point
from pellucid.web.playground.problem import Problem
from pellucid.web.playground.run import Run
from pellucid.web.playground.settings import PlaygroundSettings

Import = tuple[str, str]  # from a module, a name
Part = tuple[list[Import], list[str]]


def script(run: Run, moment: Moment) -> str:
    """Return the program. By the estimator where that can be said; step by step with weights that were set by hand."""
    problem, settings = run.problem, moment.settings
    parts = [_data(problem, settings, moment.points), _division(problem, settings)]
    parts.append(_estimator(run) if _is_plain(run) else _loop(run))
    imported: dict[str, set[str]] = {}
    for module, name in (pair for pairs, _ in parts for pair in pairs):
        imported.setdefault(module, set()).add(name)
    imports = ["import numpy as np", ""]
    imports += [f"from {module} import {', '.join(sorted(names))}" for module, names in sorted(imported.items())]
    shape = "-".join(
        [
            str(problem.features.n_out),
            *(f"{width} {name}" for width, name in settings.layers),
            str(run.network.n_out),
        ]
    )
    story = f'"""A network of the playground, {shape}, at iteration {run.iteration}: prints the cost shown there."""'
    blocks = [story, "\n".join(imports), *("\n".join(lines) for _, lines in parts)]
    return "\n\n".join(blocks) + "\n"


def _data(problem: Problem, settings: PlaygroundSettings, points: Sequence[Point]) -> Part:
    if settings.data == "drawn":
        drawn = ["points = [", *(f"    ({x!r}, {y!r}, {code})," for x, y, code in points), "]"]
        return [], [
            *drawn,
            "X = np.array([point[:2] for point in points])",
            "y = np.array([point[2] for point in points])",
        ]
    if problem.source is None:
        how = f"seed={settings.data_seed}, points={settings.samples}, noise={settings.noise!r}"
        return [("pellucid.data.toy", settings.data)], [f"X, y = {settings.data}({how})"]
    source = problem.source
    named = "".join(f", {name}={value!r}" for name, value in source.options.items())
    lines = [f"table = load({source.source!r}{named}).train"]
    imports = [("pellucid.data", "load")]
    if isinstance(problem.features, Table):
        imports.append(("pellucid.features", "Table"))
        lines.append("features = Table(table.columns, table.categorical)")
    else:
        imports.append(("pellucid.features", "Numbers"))
        lines.append("features = Numbers(len(table.columns), table.columns)")
    lines += ["R, y = features.extract(table.read(np.arange(len(table)))), table.labels"]
    if len(source.labels) > settings.samples:
        imports.append(("pellucid.system.random_streams", "stream"))
        draw = f"stream({settings.data_seed}, 'curve').choice(len(y), {settings.samples}, replace=False)"
        lines += [f"rows = np.sort({draw})", "R, y = R[rows], y[rows]"]
    return imports, lines


def _division(problem: Problem, settings: PlaygroundSettings) -> Part:
    imports, lines = list[Import](), ["train = np.arange(len(y))"]
    if problem.held_out.any():
        imports = [("pellucid.data", "split_rows"), ("pellucid.system.random_streams", "stream")]
        lines = [f"train, held = split_rows(y, {settings.held_out!r}, stream({settings.data_seed}, 'split'))"]
    if problem.source is not None:
        lines.append("X = features.fit(R[train]).transform(R, np.float64)")
    return imports, lines


def _is_plain(run: Run) -> bool:
    """Whether the estimator comes to the same weights: whole epochs, all classes there, nothing set by hand."""
    batches, k = run.batches, len(run.problem.class_names)
    classes = np.unique(run.problem.codes[~run.problem.held_out])
    whole = run.iteration > 0 and run.iteration % batches == 0
    return whole and not run.edits_so_far and not run.diverged and classes.tolist() == list(range(k))


def _settings(settings: PlaygroundSettings, name: str, epochs: int) -> list[str]:
    layers = [[width, activation] for width, activation in settings.layers]
    return [
        f"{name}(",
        f"    hidden_layers={layers!r},",
        f"    init={settings.init!r},",
        f"    optimizer={settings.optimizer!r},",
        f"    learning_rate={settings.rate!r},",
        f"    epochs={epochs},",
        f"    batch_size={settings.batch or None!r},",
        f"    l2={settings.l2!r},",
        f"    dropout={settings.dropout!r},",
        "    row_space=False,",
        "    dtype='float64',",
        f"    random_state={settings.seed},",
        ")",
    ]


def _estimator(run: Run) -> Part:
    how = _settings(run.settings, "NeuralNetworkClassifier", run.iteration // run.batches)
    return [("pellucid", "NeuralNetworkClassifier")], [
        f"net = {how[0]}",
        *how[1:],
        "net.fit(X[train], y[train])",
        "cost, gradient = net.network_.cost_and_gradient(*net.as_network_data(X[train], y[train]))",
        "print('cost', cost)",
    ]


def _loop(run: Run) -> Part:
    how = _settings(run.settings, "Settings", run.training_settings.epochs)
    imports = [
        ("pellucid.training", "Settings"),
        ("pellucid.training.examples", "Examples"),
        ("pellucid.training.loop", "initial_state"),
        ("pellucid.training.loop", "steps"),
    ]
    by_hand: dict[int, list[tuple[str, tuple[int, ...], float]]] = {}
    for edit in run.edits_so_far:
        name, place = (
            (f"b{edit.layer}", (edit.row,)) if edit.column < 0 else (f"W{edit.layer}", (edit.row, edit.column))
        )
        by_hand.setdefault(edit.iteration, []).append((name, place, edit.value))
    lines = [
        f"settings = {how[0]}",
        *how[1:],
        f"loss, n_out = settings.classifier_loss({len(run.problem.class_names)})",
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
    lines += [f"for iteration in range({run.iteration + 1}):", "    if iteration > 0:", "        next(run)"]
    if by_hand:
        lines += [
            "    for name, place, value in by_hand.get(iteration, []):",
            "        network.named()[name][place] = value",
        ]
        if run.training_settings.rule.full_batch_only:
            lines += [
                "    if iteration in by_hand:  # L-BFGS remembers the gradient, and where it ended",
                "        state.slots, state.stopped = settings.rule.slots(network.parameters), False",
                "        run = steps(rows, settings, state)",
            ]
    lines += ["cost, gradient = network.cost_and_gradient(rows.X, rows.y)", "print('cost', cost)"]
    return imports, lines
