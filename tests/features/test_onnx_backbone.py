"""A backbone answers as its formula says, for one picture at a time; what is no backbone is refused in words."""

import hashlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from backbones import W, onnx_graph, pooled_colours
from pellucid.errors import BadPictureError, InputError, MissingExtraError, MissingFileError
from pellucid.features import onnx_backbone
from pellucid.features.onnx_backbone import INSIDE, Backbone, check_no_external_data

X = np.random.default_rng(1).random((6, 4, 3)).astype(np.float32)


def backbone(data, output=None):
    return Backbone("net.onnx", data, output)


def identity(gives, op="Identity", **changed):
    return backbone(onnx_graph([(op, ["x"], ["y"], {})], gives=gives, weights={}, **changed))


# What it answers -------------------------------------------------------------------------------------------------


def test_the_answer_is_the_formulas():
    np.testing.assert_allclose(backbone(pooled_colours()).answer(X), X.mean(axis=(0, 1)) @ W, rtol=1e-5)


@pytest.mark.parametrize("takes", [("n", 3, "h", "w"), (1, 3, 6, 4), (None, 3, None, None), ("n", "c", "h", "w")])
def test_sizes_may_be_fixed_or_open(takes):
    net = backbone(pooled_colours(takes=takes))
    fixed = [size if isinstance(size, int) else None for size in takes]
    assert (net.port.channels, net.port.height, net.port.width) == tuple(fixed[1:])
    np.testing.assert_allclose(net.answer(X), X.mean(axis=(0, 1)) @ W, rtol=1e-5)


def test_channels_last():
    nodes = [("ReduceMean", ["x"], ["p"], {"axes": [1, 2], "keepdims": 0}), ("MatMul", ["p", "W"], ["y"], {})]
    net = backbone(onnx_graph(nodes, takes=("n", "h", "w", 3)))
    assert net.port.channels_last
    np.testing.assert_allclose(net.answer(X), X.mean(axis=(0, 1)) @ W, rtol=1e-5)


def test_a_fixed_batch_is_filled_with_the_one_picture():
    net = backbone(pooled_colours(takes=(4, 3, "h", "w"), gives=(4, 5)))
    assert net.port.batch == 4
    np.testing.assert_allclose(net.answer(X), X.mean(axis=(0, 1)) @ W, rtol=1e-5)


def test_maps_and_tokens_are_averaged():
    planes = identity(("n", 3, "h", "w"))
    np.testing.assert_allclose(planes.answer(X), X.mean(axis=(0, 1)), rtol=1e-6)
    last = identity(("n", "h", "w", 3), takes=("n", "h", "w", 3))
    np.testing.assert_allclose(last.answer(X), X.mean(axis=(0, 1)), rtol=1e-6)
    shape = np.array([1, 24, 3], np.int64)
    rows = [("Transpose", ["x"], ["t"], {"perm": [0, 2, 3, 1]}), ("Reshape", ["t", "shape"], ["y"], {})]
    tokens = backbone(onnx_graph(rows, gives=(1, 24, 3), weights={"shape": shape}))
    np.testing.assert_allclose(tokens.answer(X), X.mean(axis=(0, 1)), rtol=1e-6)


def test_bytes_and_half_precision():
    cast = [("Cast", ["x"], ["c"], {"to": 1}), ("GlobalAveragePool", ["c"], ["y"], {})]
    takes_bytes = backbone(onnx_graph(cast, gives=("n", 3, 1, 1), elem="UINT8", weights={}))
    pixels = np.arange(24, dtype=np.uint8).reshape(4, 2, 3)
    np.testing.assert_allclose(takes_bytes.answer(pixels), pixels.mean(axis=(0, 1)))
    assert takes_bytes.port.dtype == np.uint8
    half = identity(("n", 3, "h", "w"), elem="FLOAT16", out="FLOAT16")
    answer = half.answer(X)
    assert answer.dtype == np.float32
    np.testing.assert_allclose(answer, X.astype(np.float16).astype(float).mean(axis=(0, 1)), rtol=1e-6)


def two_outputs():
    onnx = pytest.importorskip("onnx")
    model = onnx.load_from_string(pooled_colours())
    model.graph.output.append(onnx.helper.make_tensor_value_info("f", 1, ["n", 3]))
    return model.SerializeToString()


def test_an_output_by_its_name():
    np.testing.assert_allclose(backbone(two_outputs(), "f").answer(X), X.mean(axis=(0, 1)), rtol=1e-5)
    np.testing.assert_allclose(backbone(two_outputs()).answer(X), X.mean(axis=(0, 1)) @ W, rtol=1e-5)
    with pytest.raises(InputError, match=r"net\.onnx has no output 'g'; it has y, f\."):
        backbone(two_outputs(), "g").answer(X)


def test_threads_that_ask_at_once_get_the_same_bits():
    net = backbone(pooled_colours())
    pictures = np.random.default_rng(2).random((40, 6, 4, 3))
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(net.answer, pictures))
    assert [a.tobytes() for a in answers] == [net.answer(x).tobytes() for x in pictures]


def test_its_sha256_is_that_of_its_bytes():
    assert backbone(b"abc").sha256 == hashlib.sha256(b"abc").hexdigest()


# What is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("graph", "message"),
    [
        ({"gives": ("n", 3, "h", "w"), "out": "INT64", "to": 7}, "output 'y' must be of floats; it is tensor(int64)"),
        ({"gives": ("n", 3, "h", "w"), "out": "STRING", "to": 8}, "output 'y' must be of floats; it is tensor(string)"),
        ({"takes": ("n", "d"), "gives": ("n", "d")}, "its input 'x' is tensor(float) of shape ('n', 'd')"),
        ({"elem": "INT64", "gives": ("n", 3, "h", "w"), "to": 1}, "its input 'x' is tensor(int64) of shape"),
        ({"elem": "STRING", "gives": ("n", 3, "h", "w"), "to": 1}, "its input 'x' is tensor(string) of shape"),
        ({"takes": ("n", 7, "h", 5), "gives": ("n", 7, "h", 5)}, "must take 1 or 3 channels; its input has the shape"),
    ],
)
def test_graphs_of_other_types_and_shapes(graph, message):
    to = graph.pop("to", 1)
    with pytest.raises(InputError) as error:
        _ = backbone(onnx_graph([("Cast", ["x"], ["y"], {"to": to})], weights={}, **graph)).port
    assert str(error.value).startswith("net.onnx") and message in str(error.value)


def test_graphs_that_give_something_else():
    five = [("Unsqueeze", ["x", "axes"], ["y"], {})]
    five = backbone(onnx_graph(five, gives=("n", 3, "h", "w", 1), weights={"axes": np.array([4])}))
    with pytest.raises(InputError, match=r"must be \(n, numbers\).*got an array of shape \(1, 3, 6, 4, 1\)"):
        five.answer(X)
    scalar = backbone(onnx_graph([("ReduceMean", ["x"], ["y"], {"keepdims": 0})], gives=(), weights={}))
    with pytest.raises(InputError, match=r"got an array of shape \(\)"):
        scalar.answer(X)
    none = [("Slice", ["x", "zero", "zero"], ["y"], {})]
    none = backbone(onnx_graph(none, gives=(0, 3, "h", "w"), weights={"zero": np.array([0])}))
    with pytest.raises(InputError, match=r"got an array of shape \(0, 3, 6, 4\)"):
        none.answer(X)
    wide = backbone(onnx_graph([("Flatten", ["x"], ["y"], {})], gives=("n", "d"), weights={}))
    with pytest.raises(InputError, match="has 120,000 numbers a picture, more than 100,000"):
        wide.answer(np.zeros((200, 200, 3)))


def test_nan_is_the_pictures_fault():
    net = identity(("n", 3, "h", "w"), op="Log")
    assert np.isfinite(net.answer(X + 1)).all()
    with pytest.raises(BadPictureError, match="makes NaN or infinity of it"):
        net.answer(X - 2)


def test_a_graph_that_fails_on_a_picture_says_so(capfd):
    net = backbone(pooled_colours(takes=(1, 3, 8, 8)))
    with pytest.raises(InputError, match=r"net\.onnx fails on a picture of shape \(3, 6, 4\): Got invalid dimensions"):
        net.answer(X)
    reshape = [("Reshape", ["x", "shape"], ["y"], {})]
    net = backbone(onnx_graph(reshape, gives=(1, 7), weights={"shape": np.array([1, 7])}))
    with pytest.raises(InputError, match="fails on a picture"):
        net.answer(X)
    assert capfd.readouterr() == ("", "")  # the runtime itself stays silent


def test_names_that_are_no_text(capfd):
    for name, other in ((b"Flatten", b"Fl\x93tten"), (b"MatMul", b"Mat\xfful"), (b"x", b"\x80")):
        with pytest.raises(InputError, match=r"net\.onnx cannot be opened"):
            backbone(pooled_colours().replace(name, other)).answer(X)
    assert capfd.readouterr() == ("", "")


def test_a_batch_too_large_to_fill():
    net = backbone(pooled_colours(takes=(2**40, 3, "h", "w"), gives=(2**40, 5)))
    with pytest.raises(InputError, match=r"would be given 1099511627776 pictures of shape \(6, 4, 3\) at once"):
        net.answer(X)


def test_two_inputs():
    onnx = pytest.importorskip("onnx")
    model = onnx.load_from_string(pooled_colours())
    model.graph.input.append(onnx.helper.make_tensor_value_info("z", 1, [1]))
    with pytest.raises(InputError, match="must take one picture; it has 2 inputs"):
        _ = backbone(model.SerializeToString()).port


@pytest.mark.parametrize("seed", range(60))
def test_damaged_bytes_end_in_words(seed, capfd):
    data, rng = bytearray(pooled_colours()), np.random.default_rng(seed)
    if seed < 20:
        data = data[: rng.integers(len(data))]
    elif seed < 40:
        data = rng.bytes(rng.integers(1, 300))
    else:
        data[rng.integers(len(data))] ^= 1 << int(rng.integers(8))
    try:
        answer = backbone(bytes(data)).answer(X)
    except InputError as error:
        assert str(error).startswith(("net.onnx", "the backbone net.onnx"))
    else:
        assert answer.dtype == np.float32 and answer.ndim == 1 and np.isfinite(answer).all()
    assert capfd.readouterr() == ("", "")


def test_files(tmp_path, monkeypatch):
    with pytest.raises(MissingFileError, match=r"there is no backbone .*none\.onnx"):
        Backbone.read(tmp_path / "none.onnx")
    with pytest.raises(InputError, match="is not a file"):
        Backbone.read(tmp_path)
    (tmp_path / "large.onnx").write_bytes(b"12345")
    monkeypatch.setattr(onnx_backbone, "LARGEST", 4)
    with pytest.raises(InputError, match="has 5 bytes; an ONNX file has at most 4"):
        Backbone.read(tmp_path / "large.onnx")


def test_without_onnxruntime_the_extra_is_named(monkeypatch):
    data = pooled_colours()
    monkeypatch.setitem(__import__("sys").modules, "onnxruntime", None)
    with pytest.raises(MissingExtraError, match=r'net\.onnx needs onnxruntime.*pip install "pellucid\[onnx\]"'):
        backbone(data).answer(X)


# Weights in other files ------------------------------------------------------------------------------------------


def external_tensor(onnx, location="weights.bin"):
    tensor = onnx.TensorProto(name="W", data_type=1, dims=[3, 5], data_location=onnx.TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value=location)
    return tensor


def places_of_tensors(onnx):
    """Yield an ONNX model for each place in which a tensor may lie."""
    make, tensor = onnx.helper, external_tensor(onnx)
    constant = make.make_node("Constant", [], ["W"], value=tensor)
    inner = make.make_graph([constant], "inner", [], [make.make_tensor_value_info("W", 1, [3, 5])])
    branches = make.make_node("If", ["c"], ["W"], then_branch=inner, else_branch=inner)
    sparse = onnx.SparseTensorProto(values=tensor, dims=[3, 5])
    for change in (
        lambda m: m.graph.initializer.append(tensor),
        lambda m: m.graph.node.append(constant),
        lambda m: m.graph.node.append(branches),
        lambda m: m.graph.sparse_initializer.append(sparse),
        lambda m: m.graph.node.append(make.make_node("Constant", [], ["W"], sparse_value=sparse)),
        lambda m: m.graph.node.append(make.make_node("Any", [], ["W"], several=[tensor, tensor])),
        lambda m: m.graph.node.append(make.make_node("Any", [], ["W"], several=[inner, inner])),
        lambda m: m.functions.add().node.append(constant),
        lambda m: m.functions.add().attribute_proto.append(constant.attribute[0]),
        lambda m: m.training_info.add().initialization.CopyFrom(inner),
    ):
        model = onnx.load_from_string(pooled_colours())
        change(model)
        yield model.SerializeToString()


def test_weights_in_other_files_are_refused_wherever_a_tensor_lies(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # where the runtime would look
    (tmp_path / "weights.bin").write_bytes(np.ones((3, 5), np.float32).tobytes())
    check_no_external_data(pooled_colours(), "net.onnx")
    for data in places_of_tensors(pytest.importorskip("onnx")):
        with pytest.raises(InputError, match=r"net\.onnx keeps weights in other files \(external data\)"):
            check_no_external_data(data, "net.onnx")
    onnx = pytest.importorskip("onnx")
    model = onnx.load_from_string(pooled_colours())
    model.graph.initializer[0].data_location = onnx.TensorProto.EXTERNAL
    with pytest.raises(InputError, match="keeps weights in other files"):
        check_no_external_data(model.SerializeToString(), "net.onnx")
    model.graph.initializer[0].CopyFrom(external_tensor(onnx))
    with pytest.raises(InputError, match="keeps weights in other files"):
        backbone(model.SerializeToString()).answer(X)


def test_the_numbers_of_fields_are_those_of_onnx():
    onnx = pytest.importorskip("onnx")
    names = {
        "model": "ModelProto", "training": "TrainingInfoProto", "function": "FunctionProto", "graph": "GraphProto",
        "node": "NodeProto", "attribute": "AttributeProto", "sparse": "SparseTensorProto", "tensor": "TensorProto",
    }  # fmt: skip
    ours = {name: ours for ours, name in names.items()}
    for message, fields in INSIDE.items():
        described = getattr(onnx, names[message]).DESCRIPTOR
        theirs = {f.number: ours[f.message_type.name] for f in described.fields if f.message_type is not None
                  and f.message_type.name in ours}  # fmt: skip
        assert theirs == fields, message
    tensor = onnx.TensorProto.DESCRIPTOR.fields_by_name
    assert tensor["external_data"].number == onnx_backbone.EXTERNAL_DATA
    assert tensor["data_location"].number == onnx_backbone.DATA_LOCATION


@pytest.mark.parametrize(
    "data",
    [
        b"\x80" * 11,  # a number that never ends
        b"\x0b",  # a group, which ONNX has not
        b"\x3a\xff\xff\xff\xff\xff\xff\xff\xff\x7f",  # a field longer than the file
        b"\xba\x80\x80\x80\x10\x00",  # field 7 behind 32 bits: a parser that drops them would see a graph
        b"\x3a",
        b"\x32\x05four",
    ],
)
def test_what_protobuf_does_not_write(data):
    with pytest.raises(InputError, match=r"net\.onnx is not an ONNX file, or it is damaged\."):
        check_no_external_data(data, "net.onnx")


def test_deep_graphs_cost_no_recursion():
    def wrapped(field, data):
        length, size = len(data), b""
        while length >= 0x80:
            size, length = size + bytes([length & 0x7F | 0x80]), length >> 7
        return bytes([field << 3 | 2]) + size + bytes([length]) + data

    data = wrapped(5, wrapped(13, b""))  # a tensor in a graph
    for _ in range(3000):
        for field in (6, 5, 1):  # a graph in an attribute of a node in a graph
            data = wrapped(field, data)
    with pytest.raises(InputError, match="keeps weights in other files"):
        check_no_external_data(wrapped(7, data), "net.onnx")
