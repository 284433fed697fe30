"""Data frames: the same models as from the files they are saved to; what cannot be used is named."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import pellucid
from pellucid.data import load
from pellucid.data.readers.frame import Frame
from pellucid.errors import InputError
from pellucid.experiment.recipe_file import write_recipe

QUICK = {"label": "kind", "epochs": 3, "random_state": 1}


@pytest.fixture
def frame():
    rng = np.random.default_rng(0)
    n = 80
    data = pd.DataFrame(
        {
            "size": rng.normal(size=n),
            "count": pd.array(rng.integers(0, 9, n), dtype="Int64"),
            "colour": pd.Categorical(rng.choice(["red", "blue"], n)),
            "fresh": rng.random(n) < 0.5,
            "kind": rng.choice(["a", "b"], n),
        },
        index=rng.permutation(n),
    )
    data.iloc[3, 0], data.iloc[4, 1], data.iloc[5, 2] = np.nan, pd.NA, None
    return data


def weights(result):
    return result.model.network.parameters.tobytes()


def test_frames_give_the_model_of_their_parquet_file(frame, tmp_path):
    frame.to_parquet(tmp_path / "t.parquet")
    of_file, of_pandas, of_arrow = (
        pellucid.train(source, **QUICK)
        for source in (tmp_path / "t.parquet", frame, pa.Table.from_pandas(frame, preserve_index=False))
    )
    assert weights(of_pandas) == weights(of_file) == weights(of_arrow)
    assert of_pandas.cross_validation.accuracy == of_file.cross_validation.accuracy
    assert of_pandas.model.features.columns == ("size", "count", "colour", "fresh")
    assert of_pandas.model.features.categorical == ("colour", "fresh")
    assert of_pandas.model.provenance.data == "pandas DataFrame of 80 rows and 5 columns"
    pellucid.load(of_pandas.model.save(tmp_path / "m")).predict(frame.drop(columns="kind"))
    assert "pandas DataFrame" in pellucid.report(of_pandas).html


def test_polars(frame):
    polars = pytest.importorskip("polars")
    plain = frame.reset_index(drop=True)
    assert weights(pellucid.train(polars.from_pandas(plain), **QUICK)) == weights(pellucid.train(plain, **QUICK))
    with pytest.raises(InputError, match="collect"):
        pellucid.train(polars.from_pandas(plain).lazy(), **QUICK)


def test_other_parts_groups_and_numbers_to_predict(frame, tmp_path):
    trained = pellucid.train(frame[:60], test=frame[60:], **QUICK)
    assert len(trained.splits.test) == 20
    assert trained.model.provenance.used_for["test"] == "testing"
    with pytest.raises(InputError, match="the test data is the training data itself"):
        pellucid.train(source := Frame.of(frame), test=source, **QUICK)
    grouped = load(frame.assign(who=np.arange(80) // 4), label="kind", groups="who").train
    assert len(set(grouped.groups)) == 20 and "who" not in grouped.columns
    known = frame.dropna(subset="size")
    assert load(known, label="size", regression=True).train.labels.tolist() == known["size"].tolist()


def test_a_recipe_file_cannot_name_a_frame(frame, tmp_path):
    with pytest.raises(InputError, match="Save it as parquet, and name that"):
        write_recipe(tmp_path / "r.toml", pellucid.train(frame, **QUICK).recipe)


def test_what_cannot_be_used(frame):
    twice = pd.concat([frame, frame[["size"]]], axis=1)
    dated = frame.assign(when=pd.Timestamp("2020-01-01"), pair=[(1, 2)] * 80)
    for source, message in (
        (frame["size"], "got pandas Series; give the frame that it is a column of"),
        (frame.to_numpy(), "got numpy ndarray; arrays go to NeuralNetworkClassifier"),
        (None, "a data frame, got NoneType"),
        (frame[:0], "the pandas DataFrame has no rows"),
        (twice, "two columns named 'size'; rename one"),
        (dated, r"neither numbers nor texts: when, pair\. Leave them out with --drop when,pair"),
        (frame.drop(columns="kind"), "has no column 'kind'; its columns are size, count, colour, fresh"),
        (frame.assign(kind=[None, *frame["kind"][1:]]), "row 0 has no 'kind'; every sample needs one"),
        (frame.assign(kind=["?", *frame["kind"][1:]]), r"row 0, column .kind. is .\?., which stands for a missing"),
    ):
        with pytest.raises(InputError, match=message):
            pellucid.train(source, **QUICK)
    assert load(dated, label="kind", drop=["when", "pair"]).train.columns == ("size", "count", "colour", "fresh")
    renamed = frame.rename(columns={"size": 0, "count": 1})
    assert load(renamed, label="kind").train.columns[:2] == ("0", "1")


def test_numbers_in_other_digits_are_read_as_in_a_text_file(tmp_path):
    texts = {"a": ["\u0662\u0662.\u0663", "4.5", "5.5", "1.5"], "label": ["x", "y", "x", "y"]}
    lines = ["a,label", *map(",".join, zip(*texts.values(), strict=True))]
    (tmp_path / "t.csv").write_text("\n".join(lines), "utf-8")
    of_text, of_frame = (load(source).train for source in (tmp_path / "t.csv", pd.DataFrame(texts)))
    assert of_frame.read(np.arange(4)).tolist() == of_text.read(np.arange(4)).tolist() == [[22.3], [4.5], [5.5], [1.5]]
