"""What else can be wrong with data: files that cannot be read, classes out of balance, columns that say nothing.

Each function looks at one thing in all parts and yields what it finds.
"""

import re
import shlex
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping

import numpy as np

from pellucid.data.audit.columns import columns_of
from pellucid.data.audit.duplicates import clusters_of
from pellucid.data.audit.finding import Finding, few, number
from pellucid.data.audit.image_metadata import MetadataTable
from pellucid.data.audit.similarity import SIDE
from pellucid.data.dataset import Dataset
from pellucid.data.groups import evident_bursts
from pellucid.data.images.kinds import tally

Parts = Mapping[str, Dataset]
OfParts = Mapping[str, MetadataTable]

FEW = 10  # training samples of a class; fewer tell little of it
UNEQUAL, VERY_UNEQUAL = 3, 10  # times as many samples in the largest class as in the smallest
SMALL_SIDE = 32  # pixels
LONG = 3  # times as long as wide
SIZES_APART = 16  # times the area of the smallest
MOST_MERGED = 5  # options that a sentence lists
BETWEEN_LETTERS = re.compile(r"(?<=[^\W_])[\s_.-]+(?=[^\W\d_])|(?<=[^\W\d_])[\s_.-]+(?=[^\W_])")  # not between digits
BETWEEN_LABELS = ";|,+/"  # where one cell lists several
WORD = re.compile(r"[^\W\d_]+")  # at the beginning of a file's name
TELLING = 0.99  # of the pictures have the class that the word of their name is usual in
SIDECARS = {".txt", ".xml", ".json", ".csv", ".tsv", ".md", ".yaml", ".yml", ".html", ".pdf", ".log"}
FLAT = 2  # grey levels between darkest and brightest


def unreadable(parts: Parts, metadata: OfParts) -> Iterator[Finding]:
    """Yield the pictures that cannot be read, with their reasons, and the files of kinds that cannot."""
    bad = [(parts[part].names[row], _why(reason)) for part, of_part in metadata.items() for row, reason in of_part.bad]
    if bad:
        total = sum(map(len, metadata.values()))
        said = f"{len(bad):,} of {number(total, 'picture')} cannot be read; --skip-bad trains without them."
        yield Finding("problem", "unreadable", len(bad), said, few(f"{name}: {reason}" for name, reason in bad))
    if passed := {name: why for dataset in parts.values() for name, why in dataset.passed_over.items()}:
        said = f"{number(len(passed), 'file')} passed over: {tally(passed.values())}."
        level = "note" if SIDECARS.issuperset(passed.values()) else "watch"
        yield Finding(level, "passed-over", len(passed), said, few(passed))


def _why(reason: str) -> str:
    """Return the reason without the path before it; it stands behind the name already."""
    return re.sub(r".* cannot be (used as a picture|read): ", "", reason, flags=re.DOTALL)


def classes(parts: Parts) -> Iterator[Finding]:
    """Yield classes that are rare, out of balance, or absent from a part."""
    counts = parts["train"].counts()
    present = {name: count for name, count in counts.items() if count}
    for part, dataset in parts.items():
        if absent := [name for name, count in dataset.counts().items() if not count]:
            said = f"{part} has no sample of {number(len(absent), 'class', 'classes')}: nothing is known of them there."
            yield Finding("watch", "missing-classes", len(absent), said, few(absent))
    if single := [name for name, count in present.items() if count == 1]:
        said = (
            f"{number(len(single), 'class', 'classes')} with one training sample, which cannot be held out too: train "
            "holds out a part in place of cross-validation. Add samples, or join classes with --merge."
        )
        yield Finding("watch", "single-sample", len(single), said, few(single))
    if scarce := {name: count for name, count in present.items() if count < FEW}:
        said = (
            f"{number(len(scarce), 'class', 'classes')} with fewer than {FEW} training samples; collect more of them."
        )
        yield Finding("watch", "few-samples", len(scarce), said, few(f"{name}: {n}" for name, n in scarce.items()))
    if not present:
        return
    largest, smallest = max(present, key=present.__getitem__), min(present, key=present.__getitem__)
    times = present[largest] / present[smallest]
    if times >= UNEQUAL:
        share = present[largest] / sum(present.values())
        said = (
            f"{largest} has {present[largest]:,} training samples, {smallest} {present[smallest]:,}: always saying "
            f"{largest} would be right {share:.0%} of the time. --class-weight balanced gives rare classes more weight."
        )
        yield Finding("watch" if times >= VERY_UNEQUAL else "note", "imbalance", present[largest], said)


def spellings(parts: Parts) -> Iterator[Finding]:
    """Yield classes, and categories of a column, that differ only in case, blanks, marks or Unicode form."""
    train = parts["train"]
    counts = {name: count for name, count in train.counts().items() if count}
    if found := _spelled(counts):
        options, names = list[str](), [name for alike in found for name in alike]
        for alike in found:
            plain = all(name == name.strip() and not set(name) & set("+=") for name in alike)
            usual = max(alike, key=counts.__getitem__)
            options.append(f"--merge {shlex.quote(usual + '=' + '+'.join(alike))}" if plain else f"rename {alike[1]!r}")
        said = f"{len(names)} classes seem to be spellings of {len(found)}; if so, {' '.join(options[:MOST_MERGED])}."
        yield Finding("watch", "spellings", len(names), said, few(", ".join(map(repr, alike)) for alike in found))
    columns = {
        column.name: _spelled(Counter(text for text in column.values if text is not None))
        for column in columns_of(train)
        if not column.of_numbers
    }
    if columns := {name: found for name, found in columns.items() if found}:
        examples = [f"{name}: {', '.join(map(repr, alike))}" for name, found in columns.items() for alike in found]
        said = f"{number(len(columns), 'column')} with several spellings of a category, each learned by itself: "
        yield Finding("watch", "category-spellings", len(columns), f"{said}{examples[0]}.", few(examples))


def _spelled(counts: Mapping[str, int]) -> list[list[str]]:
    """Return the names that are one apart from their spelling, by it."""
    by_key: dict[str, list[str]] = {}
    for name in counts:
        key = unicodedata.normalize("NFKC", name).casefold().strip().rstrip(".!")
        by_key.setdefault(BETWEEN_LETTERS.sub("", key) or name, []).append(name)
    return [names for names in by_key.values() if len(names) > 1]


def several_labels(parts: Parts) -> Iterator[Finding]:
    """Yield classes that are lists of labels, "cat;dog" beside "cat" and "dog"."""
    names = [name for name, count in parts["train"].counts().items() if count]
    for mark in BETWEEN_LABELS:
        pieces = {name: {piece.strip() for piece in name.split(mark)} for name in names}
        uses = Counter(piece for of_name in pieces.values() for piece in of_name if piece)
        lists = [name for name, found in pieces.items() if len(found) > 1 and min(uses[piece] for piece in found) > 1]
        if len(lists) > 1 or (lists and pieces[lists[0]] <= set(names)):
            said = (
                f"{number(len(lists), 'class', 'classes')} seem to be lists of labels ({lists[0]!r}): each list is "
                "learned as a class of its own. To predict every label by itself, train a model for each."
            )
            yield Finding("watch", "several-labels", len(lists), said, few(map(repr, lists)))
            return


def constant(parts: Parts) -> Iterator[Finding]:
    """Yield the columns of a table, or how many pixels of equal pictures, that are the same in all training rows."""
    dataset = parts["train"]
    if dataset.of_files or len(dataset) < 2:
        return
    first = np.asarray(dataset.read(np.arange(1)))[0]
    same = np.ones(first.size, bool)
    for values in map(np.asarray, dataset.blocks()):
        same &= (values == first).all(axis=0).ravel()
    if not same.any():
        return
    count = int(same.sum())
    if dataset.kind == "pictures":
        said = f"{count:,} of the {same.size:,} values of a picture are the same in all of train: they tell nothing."
        yield Finding("note", "constant", count, said)
        return
    names = (name for name, is_constant in zip(dataset.columns, same, strict=True) if is_constant)
    said = f"{number(count, 'column')} with one and the same value in all of train: nothing can be learned from it."
    yield Finding("watch", "constant", count, said, few(names))


def looks(parts: Parts, metadata: OfParts) -> Iterator[Finding]:
    """Yield pictures that are flat, tiny, long, very different in size, or of another mode than most."""
    names = [name for part in metadata for name in parts[part].names]
    together = {name: np.concatenate([getattr(f, name) for f in metadata.values()]) for name in ("widths", "heights")}
    readable = np.concatenate([of_part.readable for of_part in metadata.values()])
    if not readable.any():
        return
    luma = np.concatenate([of_part.thumbnails[:, : SIDE * SIDE] for of_part in metadata.values()])
    flat = readable & (np.ptp(luma, axis=1) <= FLAT)
    if flat.any():
        count = int(flat.sum())
        said = f"{number(count, 'picture')} of a single flat colour: nothing is to be seen."
        yield Finding("watch", "flat", count, said, few(names[row] for row in np.flatnonzero(flat)))
    if several := [parts[part].names[row] for part, of_part in metadata.items() for row in of_part.several]:
        said = (
            f"{number(len(several), 'picture')} with several pages or frames: only the first is looked at. "
            "Save the others as pictures of their own where they matter."
        )
        yield Finding("watch", "several-frames", len(several), said, few(several))
    if all(parts[part].of_files for part in metadata):
        yield from _sizes(names, together["widths"], together["heights"], readable)
        yield from _modes(names, [mode for of_part in metadata.values() for mode in of_part.modes])


def file_names(parts: Parts) -> Iterator[Finding]:
    """Yield that file names begin with another word in each class, which is not the class's own: of another source."""
    train = parts["train"]
    if not (train.of_files and train.class_names):
        return
    words = [WORD.match(name.rpartition("/")[2]) for name in train.names]
    labels_of: dict[str, Counter[int]] = {}
    for word, label in zip(words, train.labels.tolist(), strict=True):
        labels_of.setdefault("" if word is None else word[0].casefold(), Counter())[label] += 1
    right = sum(counter.most_common(1)[0][1] for counter in labels_of.values())
    class_of = {word: train.class_names[counter.most_common(1)[0][0]] for word, counter in labels_of.items()}
    own = any(word and (word in name.casefold() or name.casefold() in word) for word, name in class_of.items())
    if own or right < TELLING * len(train) or len(train) < FEW or len(set(class_of.values())) < 2:
        return
    if len(labels_of) <= 2 * len(train.class_names):
        said = "File names begin differently in each class, as of other cameras or sources; a net may learn the source."
        examples = few(f"{word or '(no word)'}: {name}" for word, name in class_of.items())
        yield Finding("note", "file-names", len(labels_of), said, examples)


def _sizes(names: list[str], widths: np.ndarray, heights: np.ndarray, readable: np.ndarray) -> Iterator[Finding]:
    def told(rows: np.ndarray) -> tuple[str, ...]:
        return few(f"{names[row]}: {widths[row]} x {heights[row]}" for row in rows)

    short, long = np.minimum(widths, heights), np.maximum(widths, heights)
    tiny = np.flatnonzero(readable & (short < SMALL_SIDE))
    if len(tiny):
        said = f"{number(len(tiny), 'picture')} smaller than {SMALL_SIDE} pixels on a side."
        yield Finding("watch", "small", len(tiny), said, told(tiny))
    narrow = np.flatnonzero(readable & (long > LONG * short))
    if len(narrow):
        said = f"{number(len(narrow), 'picture')} more than {LONG} times as long as wide; resizing distorts them."
        yield Finding("note", "long", len(narrow), said, told(narrow))
    areas = np.where(readable, widths * heights, 0)
    by_area = np.flatnonzero(readable)[np.argsort(areas[readable], kind="stable")]
    smallest, largest = by_area[0], by_area[-1]
    if areas[largest] >= SIZES_APART * areas[smallest]:
        sizes = " to ".join(f"{widths[row]} x {heights[row]}" for row in (smallest, largest))
        said = f"The pictures differ much in size, {sizes}; where classes differ in it, a net may learn the size."
        yield Finding("note", "sizes", len(set(zip(widths, heights, strict=True))), said, told(by_area[[0, -1]]))


def _modes(names: list[str], modes: list[str]) -> Iterator[Finding]:
    numbers = Counter(mode for mode in modes if mode)
    (usual, _), *others = numbers.most_common()
    if others:
        counted = ", ".join(f"{count:,} {mode}" for mode, count in others)
        said = f"Most pictures are {usual}, others {counted} (Pillow's names); all become alike, alpha over white."
        odd = (f"{name}: {mode}" for name, mode in zip(names, modes, strict=True) if mode not in ("", usual))
        yield Finding("note", "modes", sum(count for _, count in others), said, few(odd))


def groups(parts: Parts, metadata: OfParts) -> Iterator[Finding]:
    """Yield groups that lie in two parts; where none are given, the bursts of photographs that one could group by."""
    given = {part: dataset.groups for part, dataset in parts.items() if dataset.groups is not None}
    for part in [part for part in given if part != "train" and "train" in given]:
        both = np.intersect1d(given["train"], given[part])
        if len(both):
            said = f"{number(len(both), 'group')} in train and in {part}: the {part} score is not about new groups."
            yield Finding("problem", "groups-across-parts", len(both), said, few(map(str, both)))
    if not given and "train" in metadata:
        yield from _suggested(parts["train"], metadata["train"])


def _suggested(dataset: Dataset, metadata: MetadataTable) -> Iterator[Finding]:
    labels = evident_bursts(dataset, metadata)
    if labels is None:
        return
    content = metadata.digests.view(f"V{metadata.digests.shape[1]}").ravel()
    found = [rows for rows in clusters_of(labels) if len(set(content[rows].tolist())) > 1]  # more than exact duplicates
    count = sum(map(len, found))
    said = (
        f"{number(count, 'picture')} of train in {number(len(found), 'burst')}, taken within seconds or showing "
        "nearly the same. A split or cross-validation keeps each burst together; --group-by none treats each alone."
    )
    examples = few(f"{dataset.names[rows[0]]} and {len(rows) - 1} more" for rows in found)
    yield Finding("watch", "bursts", count, said, examples)
