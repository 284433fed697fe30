"""The worksheet: blanks on the sheet, the way and the answers in its key, numbers fit for a pencil."""

import re

import numpy as np

from pellucid.explanation.trace.worksheet import drawn, worksheet, worksheet_text


def test_a_worksheet_hides_the_answers_and_its_key_has_them():
    sheet, key = worksheet_text(3).split("The key")
    assert sheet.count("______") == 37 and "______" not in key
    assert worksheet_text(3) == worksheet_text(3) != worksheet_text(4)
    step = drawn(3)
    assert f"W1 = [ {step.layers[0].W[0, 0]:g}" in re.sub(r"\[ +", "[ ", sheet)
    page = worksheet(3)
    assert page.count('class="blank"') == 37 and worksheet(4) != page
    hidden = page.partition('<details class="sheet key"><summary>The key</summary>')[2]
    assert hidden and 'class="blank"' not in hidden and "beforeprint" in hidden


def test_the_key_shows_the_way_and_the_new_cost():
    """With the numbers put in; the last line is the cost with the new weights."""
    sheet, key = worksheet_text(3).split("The key")
    step = drawn(3)
    assert "z2 = W2 a1 + b2 = ______" in sheet
    assert (
        "dz2 = y\u0302 - y = 0.5 - 1 = -0.5" in key
        and "b2 \u2190 b2 - \u03b1 db2 = 2.5 - 0.1\u00b7(-0.5) = 2.55" in key
    )
    after = key.partition("The cost after, with the new weights")[2]
    assert f"= -log 0.7216 = {step.after:.4g}" in after and sheet.count("log(1 - y\u0302)] = ______") == 2


def test_the_little_help_serves_every_sheet():
    """The answer and the loss of each sheet stand in its table, the loss up to its sign."""
    for seed in range(20):
        step, sheet = drawn(seed), worksheet_text(seed).split("The key")[0]
        help_ = sheet.partition("A little help")[2]
        wanted = step.yhat.item() if step.y.item() else 1 - step.yhat.item()
        assert re.search(rf" {wanted:.4g} +-{step.cost.J:.4g}\n", help_)


def test_worksheets_can_be_done_by_hand():
    """A unit awake, a logit of -1 to 1 in halves, gradients that are not 0, and numbers of three digits."""
    for seed in range(40):
        step = drawn(seed)
        assert (step.layers[0].A > 0).any() and step.layers[0].back.dW.any()
        assert step.layers[1].Z.item() in (-1, -0.5, 0, 0.5, 1)
        given = np.concatenate([step.network.parameters, step.X[0], step.layers[0].Z[0]])
        assert np.array_equal(given * 16, np.round(given * 16)) and np.abs(given).max() <= 5
        assert step.fall < 0
