"""Tensors and modules of PyTorch; skipped where it is not installed (tools/build --requirements torch)."""
import os
import subprocess
import sys

import numpy as np
import pytest
import vitc
from vitc._tensors import read

torch = pytest.importorskip("torch")


@pytest.fixture(autouse=True)
def driver(build_dir, monkeypatch):
    monkeypatch.setenv("VITC", str(build_dir / "bin" / "vitc"))
    torch.manual_seed(0)


X = torch.ones(3, 4)


class Linear(torch.nn.Module):
    """A layer, and a dropout that a compiled model must not have."""

    def __init__(self):
        super().__init__()
        self.layer, self.dropout = torch.nn.Linear(4, 3), torch.nn.Dropout(0.9)

    def forward(self, x, scale=2.0, mask=None):
        y = self.dropout(self.layer(x)) * scale
        return y if mask is None else {"masked": y + mask, "sum": y.sum(0)}


@pytest.fixture(scope="module")
def add(add_so):
    return vitc.load(add_so, threads=2)


def test_tensors_go_in_and_come_out_without_a_copy(add):
    a, b = torch.randn(3, 4), torch.randn(3, 4)
    assert [read(spec, x).address for spec, x in zip(add.inputs, (a, b))] == [a.data_ptr(), b.data_ptr()]
    result = add(a, b)
    assert type(result) is torch.Tensor
    torch.testing.assert_close(result, a + b * torch.tensor([1.0, 10, 100, 1000]))
    out = torch.empty(3, 4)
    address = out.data_ptr()
    assert add(a, b, out=out) is out and out.data_ptr() == address
    assert torch.equal(out, result)
    kept = result.clone()
    add(b, a)
    assert torch.equal(result, kept)  # results own their memory


def test_results_are_of_the_callers_kind(add):
    a = np.ones((1, 4), np.float32)
    assert type(add(a, a)) is np.ndarray and type(add(torch.ones(1, 4), a)) is torch.Tensor
    out = np.empty((1, 4), np.float32)
    assert add(torch.ones(1, 4), a, out=out) is out and out[0, 3] == 1001
    assert len(add.profile(torch.ones(1, 4), a, repeat=1)) == 2


@pytest.mark.parametrize("view", [lambda x: x.t().contiguous().t(), lambda x: x.repeat(1, 2)[:, ::2].copy_(x),
                                  lambda x: torch.nn.Parameter(x, requires_grad=False), lambda x: x.flip(0).flip(0),
                                  lambda x: torch.complex(x, -x).conj().imag])
def test_forms_of_tensors(add, view):
    x = torch.randn(2, 4)
    assert torch.equal(add(view(x), x), add(x, x))


def test_gradients(add):
    x = torch.ones(1, 4, requires_grad=True)
    with pytest.raises(vitc.Error, match="^input 'a' requires a gradient, which a compiled model does not compute: pass"):
        add(x, x)
    with torch.no_grad():
        assert add(x, x)[0, 0] == 2
    assert add(x.detach(), torch.ones(1, 4))[0, 0] == 2


@pytest.mark.parametrize("wrong, message", [
    (torch.ones(1, 4, dtype=torch.float64), "input 'a' has type float64; expected float32"),
    (torch.ones(1, 4).to_sparse(), "input 'a' is a Tensor that DLPack cannot pass on: "),
    (torch.ones(1, 4).to_sparse_csr(), "input 'a' is a Tensor that DLPack cannot pass on: "),
    (torch.ones(1, 4).to_mkldnn(), "input 'a' is a Tensor that DLPack cannot pass on: "),
    (torch.ones(1, 4, device="meta"), "input 'a' is a Tensor that DLPack cannot pass on: "),
    (torch.ones(4), "input 'a' has 1 dimensions; expected 2: (batch, 4)"),
])
def test_wrong_tensors(add, wrong, message):
    with pytest.raises(vitc.Error) as error:
        add(wrong, torch.ones(1, 4))
    assert str(error.value).startswith(message)


def test_torch_is_not_imported(add_so, source_dir):
    code = ("import sys, vitc, numpy\n"
            f"model = vitc.load({str(add_so)!r})\n"
            "model(numpy.ones((1, 4), 'f4'), [[1.0] * 4])\n"
            "sys.exit('torch' in sys.modules)")
    subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(source_dir / "python")}, check=True)


@pytest.mark.parametrize("exporter", [None, "dynamo", "torchscript"])
def test_compiles_a_module(exporter):
    module = Linear()
    module.layer.eval()
    model = vitc.compile(module, example_inputs=torch.ones(1, 4), dynamic_shapes={"x": {0: "batch"}}, exporter=exporter,
                         threads=1)
    assert [(spec.name, spec.shape) for spec in (*model.inputs, *model.outputs)] == [
        ("x", ("batch", 4)), ("output", ("batch", 3))]
    assert (module.training, module.layer.training, module.dropout.training) == (True, False, True)
    x = torch.randn(5, 4)
    torch.testing.assert_close(model(x), module.eval()(x).detach())


@pytest.mark.parametrize("exporter", ["dynamo", "torchscript"])
def test_compiles_an_encoder(exporter):
    """PyTorch would compute its own by a kernel that neither exporter knows."""
    layer = torch.nn.TransformerEncoderLayer(32, 4, 64, activation="gelu", batch_first=True, norm_first=True)
    module = torch.nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
    model = vitc.compile(module, example_inputs=torch.randn(1, 5, 32), dynamic_shapes={"src": {0: "batch"}}, exporter=exporter,
                         threads=1)
    assert model.explain().recognized["attention"] == 2
    x = torch.randn(3, 5, 32)
    with torch.no_grad():
        torch.testing.assert_close(model(x), module.eval()(x), rtol=1e-4, atol=1e-5)
    assert torch.backends.mha.get_fastpath_enabled()


@pytest.mark.parametrize("exporter", ["dynamo", "torchscript"])
def test_arguments_of_a_module(exporter):
    """Tensors become inputs, by their names; other arguments are constants."""
    module, x, mask = Linear().eval(), torch.randn(2, 4), torch.randn(2, 3)
    for examples in (x, 3.0, mask), {"mask": mask, "x": x, "scale": 3.0}:
        model = vitc.compile(module, example_inputs=examples, exporter=exporter, threads=1)
        assert [spec.name for spec in model.inputs] == ["x", "mask"]
        results = model(x, mask)
        for name, expected in module(x, 3.0, mask).items():
            torch.testing.assert_close(results[name], expected.detach())


def test_types_of_tensors():
    class Types(torch.nn.Module):
        def forward(self, x):
            return x * 2, x > 0, x.to(torch.int64)

    model = vitc.compile(Types(), example_inputs=torch.ones(3, dtype=torch.bfloat16))
    x = torch.tensor([1.5, -2, 3], dtype=torch.bfloat16)
    for result, expected in zip(model(x).values(), Types()(x)):
        assert torch.equal(result, expected) and result.dtype == expected.dtype
    assert torch.equal(model({"x": x})["output_0"], x * 2)


def test_programs_and_traces():
    module, x = Linear().eval(), torch.randn(2, 4)
    expected = module(x).detach()
    torch.testing.assert_close(vitc.compile(torch.export.export(module, (x,)))(x), expected)
    torch.testing.assert_close(vitc.compile(torch.jit.trace(module, x), example_inputs=x)(x), expected)


@pytest.mark.parametrize("options, message", [
    ({}, "example_inputs is missing: to compile the module Linear, PyTorch follows a call of it"),
    ({"example_inputs": torch.ones(3, 7)}, "the module Linear fails on example_inputs: "),
    ({"example_inputs": {"y": torch.ones(3, 4)}}, "example_inputs do not fit Linear.forward: missing a required argument: 'x'"),
    ({"example_inputs": [[torch.ones(3, 4)]]}, "'x' in example_inputs is a list; expected tensors, numbers or None"),
    ({"example_inputs": X, "dynamic_shapes": {"z": {0: "b"}}}, "dynamic_shapes names 'z'; the inputs are 'x'"),
    ({"example_inputs": X, "dynamic_shapes": {"x": {2: "b"}}}, "dynamic_shapes names axis 2 of 'x', which has 2"),
    ({"example_inputs": X, "exporter": "other"}, "exporter is 'other'; expected 'dynamo', 'torchscript' or None"),
    ({"example_inputs": X, "example_input": 1}, "there is no option 'example_input'; did you mean 'example_inputs'"),
])
def test_wrong_options(options, message):
    with pytest.raises(vitc.Error) as error:
        vitc.compile(Linear(), **options)
    assert str(error.value).startswith(message)


def test_what_cannot_be_exported():
    class Decomposition(torch.nn.Module):
        def forward(self, x):
            return torch.linalg.svd(x)[0]

    with pytest.raises(vitc.Error, match="^PyTorch cannot export the module Decomposition: dynamo: .*; torchscript: .*svd.*$"):
        vitc.compile(Decomposition(), example_inputs=torch.ones(2, 3))
    with pytest.raises(vitc.Error, match="^dynamic_shapes is for a torch.nn.Module; a torch.export.Exp.* has its own$"):
        vitc.compile(torch.export.export(Linear().eval(), (torch.ones(2, 4),)), dynamic_shapes={})


def test_a_dimension_that_does_not_stay_open():
    class Fixed(torch.nn.Module):
        def forward(self, x):
            return x.reshape(2, 8) * 2

    options = {"example_inputs": torch.ones(2, 8), "dynamic_shapes": {"x": {0: "batch"}}}
    with pytest.raises(vitc.Error, match="static shape of 2|does not stay open"):
        vitc.compile(Fixed(), exporter="dynamo", **options)
    with pytest.raises(vitc.Error, match="^dimension 0 of 'x' does not stay open as 'batch': the export needs batch to be 2, for"):
        vitc.compile(Fixed(), exporter="torchscript", **options)
