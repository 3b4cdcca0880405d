#!/usr/bin/env python3
"""Makes the folder that bench/gpu/run.py takes to a machine with a GPU, which need have neither a compiler nor the internet.

    tools/build --requirements demo && tools/wheel
    build/venv/bin/python bench/gpu/prepare.py            # build/gpu: graphs, references, and vitc from the wheel; under 60 MB

Weights are not in it: run.py draws them. `--tiny` makes small cases, for the mock of the driver.
"""
from __future__ import annotations

import argparse
import pathlib
import shutil
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper

from cases import Case, Recipe, save

SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "zoo"))
import zoo  # noqa: E402

GRAPHS = pathlib.Path(__file__).resolve().parent / "graphs"
SMALL = SOURCE / "test" / "models" / "graphs"
LIMIT = 60e6  # bytes that may be carried
ALIGNMENT = 64
REFERENCES = 8  # elements of a batch that ONNX Runtime computes

# Multiplications with an addition of one picture, as `vitc --explain` counts them.
MODELS = {"vit_b16": 17_563_828_224, "dinov2_s14_reg4": 6_227_592_192, "swin_t": 4_490_566_656}
GEMMS = ((50432, 768, 3072), (50432, 3072, 768), (8192, 8192, 8192), (197, 768, 768))
ATTENTIONS = ((32, 1370, 12, 64), (256, 197, 12, 64), (64, 261, 6, 64), (1, 785, 6, 64))
NORMS = ((50432, 768), (1370, 1024))
TINY_MODELS, TINY_GEMMS, TINY_ATTENTIONS, TINY_NORMS = ("deit_batch",), ((70, 64, 40),), ((1, 50, 1, 32),), ((9, 64),)


def outside(case: Case, tensors: list[onnx.TensorProto]) -> None:
    """Puts recipes into the case for tensors that state one, and leaves their values out of the graph."""
    offset = 0
    for index, tensor in enumerate(tensors):
        if tensor.doc_string.startswith("normal "):
            case.weights.append(Recipe(tensor.name, list(tensor.dims), tensor.doc_string, index, offset))
            size = 4 * int(np.prod(tensor.dims))
            entries = {"location": f"{case.name}.weights", "offset": offset, "length": size}
            tensor.ClearField("doc_string")
            tensor.data_location = TensorProto.EXTERNAL
            for key, value in entries.items():
                tensor.external_data.add(key=key, value=str(value))
            offset += -(-size // ALIGNMENT) * ALIGNMENT


def drawn(name: str, shape: list[int], text: str) -> onnx.TensorProto:
    return TensorProto(name=name, dims=shape, data_type=TensorProto.FLOAT, doc_string=text)


def one_op(case: Case, nodes: list[onnx.NodeProto], weights: list[onnx.TensorProto], output: list[int]) -> onnx.ModelProto:
    inputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in case.inputs.items()]
    results = [helper.make_tensor_value_info("y", TensorProto.FLOAT, output)]
    graph = helper.make_graph(nodes, case.name, inputs, results, weights)
    outside(case, list(graph.initializer))
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


def gemm(m: int, k: int, n: int) -> tuple[Case, onnx.ModelProto]:
    case = Case(f"gemm_{m}x{k}x{n}", "kernels", "gemm", {"x": [m, k]}, m * k * n, sanitize=m * n < 1 << 18)
    weights = [drawn("w", [k, n], f"normal 0 {k**-0.5:.6g} any"), drawn("b", [n], "normal 0 1 any")]
    nodes = [helper.make_node("MatMul", ["x", "w"], ["product"]), helper.make_node("Add", ["product", "b"], ["sum"]),
             helper.make_node("Gelu", ["sum"], ["y"])]
    return case, one_op(case, nodes, weights, [m, n])


def attention(batch: int, tokens: int, heads: int, width: int) -> tuple[Case, onnx.ModelProto]:
    shape = [batch, tokens, heads * width]
    case = Case(f"attention_{batch}x{tokens}x{heads}x{width}", "kernels", "attention", {name: shape for name in "qkv"},
                2 * batch * heads * tokens**2 * width, heads=heads, sanitize=batch * tokens < 1000)
    constants = [helper.make_tensor("scale", TensorProto.FLOAT, [], [width**-0.5]),
                 helper.make_tensor("parted", TensorProto.INT64, [4], [batch, tokens, heads, width]),
                 helper.make_tensor("joined", TensorProto.INT64, [3], shape)]
    nodes = []
    for name in "qkv":
        order = [0, 2, 3, 1] if name == "k" else [0, 2, 1, 3]
        nodes += [helper.make_node("Reshape", [name, "parted"], [f"{name}_parted"]),
                  helper.make_node("Transpose", [f"{name}_parted"], [f"{name}_heads"], perm=order)]
    nodes += [helper.make_node("Mul", ["q_heads", "scale"], ["q_scaled"]),
              helper.make_node("MatMul", ["q_scaled", "k_heads"], ["scores"]),
              helper.make_node("Softmax", ["scores"], ["p"], axis=-1),
              helper.make_node("MatMul", ["p", "v_heads"], ["o"]),
              helper.make_node("Transpose", ["o"], ["o_tokens"], perm=[0, 2, 1, 3]),
              helper.make_node("Reshape", ["o_tokens", "joined"], ["y"])]
    return case, one_op(case, nodes, constants, shape)


def layer_norm(rows: int, width: int) -> tuple[Case, onnx.ModelProto]:
    case = Case(f"layer_norm_{rows}x{width}", "kernels", "layer_norm", {"x": [rows, width]}, 0, sanitize=rows < 2000)
    weights = [drawn("g", [width], "normal 1 0.2 any"), drawn("b", [width], "normal 0 1 any")]
    nodes = [helper.make_node("LayerNormalization", ["x", "g", "b"], ["y"], epsilon=1e-6)]
    return case, one_op(case, nodes, weights, [rows, width])


def model(name: str, graphs: pathlib.Path, macs: int, batches: list[int]) -> tuple[Case, onnx.ModelProto]:
    graph = zoo.load_graph(name, graphs)
    shape = [dim.dim_value or "batch" for dim in graph.graph.input[0].type.tensor_type.shape.dim]
    case = Case(name, "models", "model", {graph.graph.input[0].name: shape}, macs, batches)
    outside(case, list(zoo._tensors(graph.graph)))
    return case, graph


def write(case: Case, graph: onnx.ModelProto, folder: pathlib.Path) -> Case:
    """Of a model also what ONNX Runtime computes, for the first elements of a batch."""
    (folder / f"{case.name}.onnx").write_bytes(graph.SerializeToString())
    if case.part == "models":
        with tempfile.TemporaryDirectory() as beside:
            shutil.copy(folder / f"{case.name}.onnx", beside)
            case.write_weights(pathlib.Path(beside))
            session = onnxruntime.InferenceSession(f"{beside}/{case.name}.onnx", providers=["CPUExecutionProvider"])
            names = [output.name for output in session.get_outputs()]
            values = session.run(names, case.draw(min(REFERENCES, max(case.batches))))
        np.savez_compressed(folder / f"{case.name}.npz", **dict(zip(names, values)))
    return case


def prepare(folder: pathlib.Path, tiny: bool, names: list[str], wheel: pathlib.Path | None) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for stale in folder.iterdir():
        if stale.suffix in (".onnx", ".npz", ".whl", ".weights", ".so"):
            stale.unlink()
    if tiny:
        made = [model(name, SMALL, 0, [1, 2]) for name in TINY_MODELS]
    else:
        made = [model(name, GRAPHS, MODELS[name], [1, 8, 64, 256]) for name in names]
    made += [gemm(*sizes) for sizes in (TINY_GEMMS if tiny else GEMMS)]
    made += [attention(*sizes) for sizes in (TINY_ATTENTIONS if tiny else ATTENTIONS)]
    made += [layer_norm(*sizes) for sizes in (TINY_NORMS if tiny else NORMS)]
    save(folder, [write(case, graph, folder) for case, graph in made])
    if wheel:
        shutil.copy(wheel, folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=pathlib.Path, default=SOURCE / "build" / "gpu")
    parser.add_argument("--tiny", action="store_true")
    parser.add_argument("--models", type=lambda text: text.split(","), default=list(MODELS))
    parser.add_argument("--wheel", type=pathlib.Path, help="default: the newest of build/wheel")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.models if name not in MODELS]
    if unknown:
        parser.error(f"there is no model {', '.join(unknown)}; expected some of {', '.join(MODELS)}")
    wheels = sorted((SOURCE / "build" / "wheel").glob("vitc-*.whl"), key=lambda path: path.stat().st_mtime)
    wheel = arguments.wheel or (wheels[-1] if wheels else None)
    if not wheel and not arguments.tiny:
        parser.error("there is no wheel of vitc: run tools/wheel, or name one by --wheel")
    prepare(arguments.folder, arguments.tiny, arguments.models, wheel)
    size = sum(path.stat().st_size for path in arguments.folder.rglob("*") if path.is_file())
    print(f"{arguments.folder}: {size / 1e6:.1f} MB")
    if size > LIMIT:
        sys.exit(f"{arguments.folder} has {size / 1e6:.1f} MB; expected at most {LIMIT / 1e6:.0f}")


if __name__ == "__main__":
    main()
