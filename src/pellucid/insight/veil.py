"""Veil: a drawing to lay over a picture, darker where it mattered less, with a frame around what mattered most."""

import numpy as np

from pellucid.insight.occlusion import Occluded

DARKEST = 0.72  # opacity where nothing mattered
LINES = (("#0b0d10", 5), ("#ffd24a", 2.5))  # of the frame, in pixels of the screen: seen on dark and on light


def veil(found: Occluded) -> str:
    """Return the veil of one picture as SVG, which stretches to any size; empty where no region matters.

    It needs no style sheet, so it may stand in a page or be a picture of its own.
    """
    if found.strongest is None:
        return ""
    cells = found.cells
    top, g = cells.max(), len(cells)
    dark = "".join(
        f'<rect x="{column}" y="{row}" width="1" height="1" opacity="{DARKEST * (1 - value / top):.2f}"/>'
        for (row, column), value in np.ndenumerate(cells)
    )
    row, column = found.strongest
    place = f'x="{column + 0.06}" y="{row + 0.06}" width="1.88" height="1.88"'
    frame = "".join(
        f'<rect {place} fill="none" stroke="{ink}" stroke-width="{width}" vector-effect="non-scaling-stroke"/>'
        for ink, width in LINES
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {g} {g}" preserveAspectRatio="none" aria-hidden="true">'
        f'<g fill="#0b0d10" shape-rendering="crispEdges">{dark}</g>{frame}</svg>'
    )
