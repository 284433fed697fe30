"""What `pellucid train` prints when it is done: the data, the training, the scores and what to make of them."""

from collections.abc import Iterator

from pellucid.cli.output import MOST_CLASSES, findings, print_counts, say
from pellucid.evaluation import Scores
from pellucid.evaluation.task import task_of
from pellucid.experiment.result import Result
from pellucid.model.predictions import UNKNOWN


def print_training(result: Result) -> None:
    """Print a result, from the data to the estimate for new samples."""
    model, history, task = result.model, result.history, task_of(result.model)
    say(f"{result.model.provenance.data}: {model.features}")
    if result.splits.train.kind == "table":
        say(f"learning: {result.splits.train.learned}")
    for note in dict.fromkeys(note for _, dataset in result.splits.items() for note in dataset.notes):
        say(f"note: {note}")
    print_counts(result.splits)
    for part, made in (result.corrections or {}).items():
        say(f"corrections, {part}: {made.sentence()}")
    if result.skipped:
        say(f"left out as unreadable: {len(result.skipped)}")
        for name, reason in result.skipped:
            say(f"  {name}: {reason}")
    for line in _found_in_data(result):
        say(line)
    how = model.provenance.settings
    rate = "" if how["optimizer"] == "lbfgs" else f", learning rate {how['learning_rate']}"
    several = "" if len(model.networks) == 1 else f"{len(model.networks)} networks, each "
    if len(model.networks) < result.recipe["ensemble"]:
        count, wanted = len(model.networks), result.recipe["ensemble"]
        say(f"interrupted: {count} of {wanted} networks were trained; predictions average these")
    say(f"{several}{model.network}, {how['optimizer']}{rate}")
    say(f"{len(history.cost)} epochs in {history.seconds:.1f} s; {history.stopped_because}; {history.row_space_reason}")
    if history.cost:
        say(f"cost {history.cost[0]:.4f} -> {history.cost[-1]:.4f}")
    findings(result.findings)
    for part, scores in result.scores.items():
        say(f"{', '.join(filter(None, (task.score_name, part)))}: {scores.sentence()}")
    if result.cross_validation is not None:
        what = f"{task.score_name} expected on new samples".strip()
        say(f"{what}: {result.cross_validation.sentence()}")
    if result.audit is not None:
        for line in result.audit.cautions():
            say(line)
    for sentence in result.decision.sentences(model.class_names):
        say(sentence)
    for part, worth in result.answered.items():
        say(f"with {UNKNOWN!r}, {part}: it {worth.sentence()}")
    for part, R in result.rows.items():
        for note in model.notes(R) if part != "train" else ():
            say(f"note, {part}: {note}")
    if (best := result.headline) is None:
        say("No rows were held out: these figures say nothing about new data.")
        return
    if isinstance(best, Scores):
        say(f"balanced accuracy {best.balanced_accuracy:.3f}; recall: {_recall(best)}")
        say(best.calibration.sentence())
    for comparison in best.comparisons.values():
        say(comparison.sentence())
    if result.file_facts is not None:
        say(result.file_facts.sentence())
    if result.learning_curve is not None:
        say(result.learning_curve.sentence())


def _recall(scores: Scores) -> str:
    """Return the share found of each class; of many classes, those of which least was found."""
    known = [(share, name) for name, share in zip(scores.classes, scores.recall, strict=True) if share is not None]
    shown = known if len(known) <= MOST_CLASSES else sorted(known)[:MOST_CLASSES]
    each = ", ".join(f"{name} {share:.3f}" for share, name in shown)
    return each if len(shown) == len(known) else f"the lowest of {len(known)} classes are {each}"


def _found_in_data(result: Result) -> Iterator[str]:
    """Yield the findings of the audit, each with an example, the number of notes, and what was left out."""
    if result.audit is not None:
        for finding in result.audit.findings:
            if finding.level != "note":
                yield f"{finding.level}: {finding.sentence}"
        if notes := result.audit.numbers()["note"]:
            yield f"{notes} note{'' if notes == 1 else 's'} on the data: pellucid audit lists them"
    if result.shift is not None and (shift := result.shift.sentence()):
        yield shift
    if dropped := result.model.provenance.dropped:
        yield f"left out of training as duplicates of test or validation samples: {dropped}"
