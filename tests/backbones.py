"""Tiny ONNX graphs, made here, whose answers NumPy gives by hand."""

import numpy as np
import pytest

W = np.random.default_rng(7).normal(size=(3, 5)).astype(np.float32)


def onnx_graph(nodes, takes=("n", 3, "h", "w"), gives=("n", 5), elem="FLOAT", out="FLOAT", weights=None):
    """Return the bytes of a graph from x to y; nodes: (op, inputs, outputs, attributes), weights: {name: array}."""
    pytest.importorskip("onnxruntime", reason="needs onnxruntime, the extra onnx")
    onnx = pytest.importorskip("onnx", reason="needs onnx, to make graphs")
    make, types = onnx.helper, onnx.TensorProto
    weights = {"W": W} if weights is None else weights
    graph = make.make_graph(
        [make.make_node(op, ins, outs, **attributes) for op, ins, outs, attributes in nodes],
        "graph",
        [make.make_tensor_value_info("x", getattr(types, elem), takes)],
        [make.make_tensor_value_info("y", getattr(types, out), gives)],
        [onnx.numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    model = make.make_model(graph, ir_version=8, opset_imports=[make.make_opsetid("", 17)])
    return model.SerializeToString()


POOLED = [("GlobalAveragePool", ["x"], ["p"], {}), ("Flatten", ["p"], ["f"], {}), ("MatMul", ["f", "W"], ["y"], {})]


def pooled_colours(**changed):
    """Return a graph whose answer is the mean of each channel, times W."""
    return onnx_graph(POOLED, **changed)
