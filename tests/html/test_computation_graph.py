"""The computation graph: a box a tensor, arrows forward and back, and where each box leads."""

import xml.etree.ElementTree as ET

from pellucid.html.computation_graph import Box, Stage, computation_graph

SVG = "{http://www.w3.org/2000/svg}"
STAGES = [
    Stage(Box("x", "", "2 by 1")),
    Stage(
        Box("z", "1", "3 by 1", "forward-1"),
        parameters=(Box("W", "1"), Box("b", "1")),
        gradient=Box("dz", "1", "3 by 1", "backward-1"),
        parameter_gradients=(Box("dW", "1"), Box("db", "1")),
    ),
    Stage(Box("a", "1"), "relu", gradient=Box("da", "1")),
    Stage(Box("l", "", "", "loss"), "<b>loss</b>"),
]


def boxes(root):
    """Return {label: (x, y) of its middle}."""
    found = {}
    for group in root.iter(f"{SVG}g"):
        box = group.find(f"{SVG}rect")
        if box is not None:
            middle = [float(box.get(at)) + float(box.get(size)) / 2 for at, size in (("x", "width"), ("y", "height"))]
            found["".join(group.find(f"{SVG}text").itertext())] = middle
    return found


def ends(root, kind):
    """Return the points of the arrows' heads that go forward ("") or back."""
    backward = {head for group in root.iter(f"{SVG}g") if group.get("class") == "back" for head in group}
    heads = [path for path in root.iter(f"{SVG}path") if path.get("class") == "head"]
    chosen = [head for head in heads if (head in backward) == (kind == "back")]
    return [tuple(map(float, head.get("d")[1:].split("L")[0].split())) for head in chosen]


def test_values_go_right_and_gradients_come_back_beneath_them():
    root = ET.fromstring(computation_graph(STAGES))
    place = boxes(root)
    assert set(place) == {"x", "z1", "a1", "l", "W1", "b1", "dz1", "da1", "dW1", "db1"}
    across = [place[name][0] for name in ("x", "z1", "a1", "l")]
    assert across == sorted(across)
    assert len({place[name][1] for name in ("x", "z1", "a1", "l")}) == 1
    assert place["dz1"][0] == place["z1"][0]
    assert place["W1"][1] < place["z1"][1] < place["dz1"][1] < place["dW1"][1]
    assert (place["dW1"][0] + place["db1"][0]) / 2 == place["z1"][0]
    # each arrow ends at the edge of the box that it leads to
    forward = {(place[name][0] - 35, place[name][1]) for name in ("z1", "a1", "l")} | {(place["z1"][0], 96.0)}
    assert set(ends(root, "")) == forward
    back = {(place[name][0] + 35, place[name][1]) for name in ("dz1", "da1")} | {(place["z1"][0], 270.0)}
    assert set(ends(root, "back")) == back


def test_boxes_with_a_section_are_buttons_and_texts_are_safe():
    text = computation_graph(STAGES)
    root = ET.fromstring(text)
    buttons = {group.get("data-goto"): group for group in root.iter(f"{SVG}g") if group.get("data-goto")}
    assert set(buttons) == {"forward-1", "backward-1", "loss"}
    assert {(group.get("role"), group.get("tabindex")) for group in buttons.values()} == {("button", "0")}
    assert buttons["forward-1"].get("aria-label") == "z1 3 by 1: go to where it is computed"
    assert "<b>" not in text + computation_graph([Stage(Box("<b>x</b>", "<b>", "<b>"))])
    assert root.get("role") == "group"  # an img would hide its buttons
    assert root.find(f"{SVG}desc").text == "Forward, solid: x to z1 to a1 to l. Backward, dashed: da1 to dz1."


def test_forward_alone_needs_no_room_beneath():
    root = ET.fromstring(computation_graph([Stage(Box("x")), Stage(Box("z", "1"))]))
    assert float(root.get("height")) < 160
    assert ends(root, "back") == []
