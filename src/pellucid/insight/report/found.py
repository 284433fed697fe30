"""What was found in the data: the audit's findings, and copies of pictures side by side."""

import numpy as np

from pellucid.data.audit import Audit
from pellucid.data.audit.duplicates import clusters_of
from pellucid.html import escaped
from pellucid.insight.report.album import Album, picture

MOST_CLUSTERS = 12
MOST_ALIKE = 4  # of one picture
EXAMPLES = 5


def findings_html(found: Audit, album: Album) -> str:
    """Return the findings, the gravest first, and the copies where they are pictures."""
    if not found.findings:
        return "<p>The audit of the data found nothing to tell.</p>"
    items = []
    for finding in found.findings:
        said_already = len(finding.examples) == 1 and finding.examples[0] in finding.sentence
        examples = () if said_already else finding.examples[:EXAMPLES]
        told = "".join(f"<li>{escaped(example)}</li>" for example in examples)
        more = len(finding.examples) > EXAMPLES or finding.count > EXAMPLES
        rest = "<li>...</li>" if more and told else ""
        shown = f"<details><summary>examples</summary><ul>{told}{rest}</ul></details>" if told else ""
        items.append(f"<li>{badge(finding.level)} {escaped(finding.sentence)}{shown}</li>")
    return f'<ul class="findings">{"".join(items)}</ul>{_copies(found, album)}'


def badge(level: str) -> str:
    """Return a level as a mark that is read as well as seen."""
    return f'<b class="badge {escaped(level)}">{escaped(level)}</b>'


def _copies(found: Audit, album: Album) -> str:
    copies = found.copies
    if not found.facts:
        return ""
    parts = list(copies.parts)
    part_of = np.concatenate([np.full(len(copies.parts[part]), place) for place, part in enumerate(parts)])
    labels = np.concatenate([dataset.labels for dataset in copies.parts.values()])
    clusters = clusters_of(copies.alike)
    if not clusters:
        return ""

    def harm(rows: np.ndarray) -> tuple[bool, bool]:
        return len(np.unique(part_of[rows])) == 1, len(np.unique(labels[rows])) == 1

    shown = sorted(clusters, key=harm)[:MOST_CLUSTERS]
    groups = []
    for rows in shown:
        figures = []
        for row in rows[:MOST_ALIKE].tolist():
            part = parts[part_of[row]]
            dataset, at = copies.parts[part], row - copies.rows(part).start
            (number,) = album.add(dataset, [at])
            name = dataset.names[at]
            told = f"{part}, {dataset.class_names[dataset.labels[at]]}" if dataset.class_names else part
            caption = f'<b>{escaped(told)}</b><span class="file">{escaped(name)}</span>'
            figures.append(f"<figure>{picture(number, name)}<figcaption>{caption}</figcaption></figure>")
        exact = len(np.unique(copies.same[rows])) == 1
        rest = f", {len(rows)} in all" if len(rows) > MOST_ALIKE else ""
        groups.append(f"<li><span>{'exact copies' if exact else 'nearly the same'}{rest}</span>{''.join(figures)}</li>")
    of = "" if len(clusters) == len(shown) else f" ({len(shown)} of {len(clusters)}, those that matter most)"
    return f'<h3>Copies side by side{of}</h3><ul class="copies" data-shown>{"".join(groups)}</ul>'
