"""Where it comes from: the exact command, every setting, the versions of all that had a say in its numbers."""

from collections.abc import Mapping, Sequence
from typing import Any

from pellucid.html import escaped, isolated
from pellucid.model.model import Model


def origin_html(
    model: Model, recipe: Mapping[str, Any], command: str = "", again: str = "", changed: Sequence[str] = ()
) -> str:
    """Return settings and versions.

    command: as it was typed.  again: the one that makes the same model again.  changed: of the data, in sentences.
    """
    provenance = model.provenance
    parts = [f"<p>Typed:</p><pre>{escaped(command)}</pre>"] if command else []
    if again:
        parts.append(
            f"<p>The same weights again, every setting and the seed as they were:</p><pre>{escaped(again)}</pre>"
        )
    counts = provenance.get("counts", {})
    if counts:
        parts.append(f"<h3>Samples</h3>{_table({part: _counted(count) for part, count in counts.items()})}")
        parts.append(f"<p>Divided: {escaped(provenance.get('division', 'not known'))}.</p>")
    parts += [f"<p>{escaped(sentence)}</p>" for sentence in changed]
    told = recipe or provenance.get("settings", {})
    parts.append(f"<details><summary>All settings</summary>{_table(told)}</details>")
    parts.append(f"<details><summary>Versions</summary>{_table(provenance.get('versions', {}))}</details>")
    return "".join(parts)


def _counted(count: Any) -> str:
    if isinstance(count, Mapping):
        return ", ".join(f"{isolated(str(name))} {number}" for name, number in count.items())
    return str(count)


def _table(values: Mapping[str, Any]) -> str:
    rows = "".join(
        f'<tr><th scope="row">{escaped(name)}</th><td>{escaped("none" if value is None else value)}</td></tr>'
        for name, value in values.items()
    )
    return f'<div class="wide"><table class="facts"><tbody>{rows}</tbody></table></div>'
