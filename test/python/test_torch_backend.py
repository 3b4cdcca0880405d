"""torch.compile(backend="vitc") beside PyTorch itself. Needs torch and onnxscript, which tools/check does not install."""
import logging
import os
import pathlib
import subprocess
import sys
import warnings

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnxscript")

import torch.nn.functional as F  # noqa: E402
from torch import nn  # noqa: E402
from vitc import torch_backend  # noqa: E402
from vitc.torch_backend import FallbackWarning  # noqa: E402

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "models"))
import own  # noqa: E402

TOLERANCE = 1e-4  # of the largest value


@pytest.fixture(autouse=True)
def environment(build_dir, tmp_path_factory, monkeypatch):
    monkeypatch.setenv("VITC", str(build_dir / "bin" / "vitc"))
    monkeypatch.setenv("VITC_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))
    torch.manual_seed(0)
    torch.compiler.reset()
    torch_backend.vitc_backend.reset()
    with torch.no_grad():
        yield


@pytest.fixture
def compilations(caplog):
    """compilations(): how many graphs were compiled since the last call."""
    caplog.set_level(logging.INFO, "vitc.torch")

    def count():
        found = sum(record.message.startswith("compiled a graph") for record in caplog.records)
        caplog.clear()
        return found

    return count


def assert_same(found, expected, tolerance=TOLERANCE):
    assert type(found) is type(expected)
    if isinstance(expected, torch.Tensor):
        assert (found.dtype, found.shape, found.requires_grad) == (expected.dtype, expected.shape, expected.requires_grad)
        scale = max(float(expected.detach().abs().max()), 1e-9) if expected.is_floating_point() and expected.numel() else 0.0
        torch.testing.assert_close(found.detach(), expected.detach(), rtol=0, atol=tolerance * scale)
    elif isinstance(expected, dict):
        assert list(found) == list(expected)
        assert_same(list(found.values()), list(expected.values()), tolerance)
    elif isinstance(expected, (list, tuple)):
        assert len(found) == len(expected)
        for one, other in zip(found, expected):
            assert_same(one, other, tolerance)
    else:
        assert found == expected


def check(model, *inputs, compiled=None, tolerance=TOLERANCE, **options):
    """vitc and nothing else runs the model, and agrees with PyTorch; returns the compiled model."""
    compiled = torch.compile(model, backend="vitc", **options) if compiled is None else compiled
    with warnings.catch_warnings():
        warnings.simplefilter("error", FallbackWarning)
        assert_same(compiled(*inputs), model(*inputs), tolerance)
    return compiled


def check_falls_back(model, *inputs, says, **options):
    """PyTorch runs the model, once with a warning and then without."""
    compiled = torch.compile(model, backend="vitc", **options)
    with pytest.warns(FallbackWarning, match=says):
        assert_same(compiled(*[tensor.clone() for tensor in inputs]), model(*[tensor.clone() for tensor in inputs]))
    with warnings.catch_warnings():
        warnings.simplefilter("error", FallbackWarning)
        assert_same(compiled(*[tensor.clone() for tensor in inputs]), model(*[tensor.clone() for tensor in inputs]))


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads, self.qkv, self.proj = heads, nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.q_norm, self.k_norm = nn.LayerNorm(width // heads), nn.LayerNorm(width // heads)

    def forward(self, x):
        batch, tokens, width = x.shape
        q, k, v = self.qkv(x).reshape(batch, tokens, 3, self.heads, -1).permute(2, 0, 3, 1, 4).unbind(0)
        x = F.scaled_dot_product_attention(self.q_norm(q), self.k_norm(k), v)
        return self.proj(x.transpose(1, 2).reshape(batch, tokens, width))


class Block(nn.Module):
    def __init__(self, width, heads, drop):
        super().__init__()
        self.norm1, self.attn = nn.LayerNorm(width, eps=1e-6), Attention(width, heads)
        self.norm2, self.gamma = nn.LayerNorm(width, eps=1e-6), nn.Parameter(torch.rand(width))
        self.mlp = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Dropout(drop), nn.Linear(2 * width, width))

    def forward(self, x):
        x = x + self.gamma * self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class ViT(nn.Module):
    """As timm's: features as a dict of views, and a head."""

    def __init__(self, size=32, patch=8, width=48, depth=2, heads=3, drop=0.0):
        super().__init__()
        self.patch_embed = nn.Conv2d(3, width, patch, patch)
        self.cls_token = nn.Parameter(torch.randn(1, 1, width))
        self.pos_embed = nn.Parameter(torch.randn(1, 1 + (size // patch) ** 2, width))
        self.blocks = nn.ModuleList(Block(width, heads, drop) for _ in range(depth))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, 10)

    def forward_features(self, x):
        x = self.patch_embed(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.cls_token.expand(x.shape[0], -1, -1), x], dim=1) + self.pos_embed
        for block in self.blocks:
            x = block(x)
        return {"x_norm_clstoken": self.norm(x)[:, 0], "x_norm_patchtokens": (y := self.norm(x))[:, 1:], "x_norm": y, "x": x}

    def forward(self, x):
        return self.head(self.forward_features(x)["x_norm_clstoken"])


@pytest.fixture
def vit():
    return ViT().eval()


@pytest.fixture
def pixels():
    return torch.randn(2, 3, 32, 32)


def test_vit(vit, pixels, compilations):
    compiled = check(vit, pixels)
    check(vit, pixels + 1, compiled=compiled)
    assert compilations() == 1


@pytest.mark.parametrize("name", ["vit_meta_reg4", "vit_timm_reg4", "vit_swiglu", "dino_attention", "cait", "pooled", "deepvit",
                                  "pvt", "lavit", "clip_picture", "vt", "segmentation"])
def test_own_models(name):
    architecture = own.SMALL[name]
    check(architecture.build(seed=1), torch.randn(2, 3, architecture.size, architecture.size))


def test_features_share_memory(vit, pixels):
    """As in PyTorch: what is written to a view is seen in what it is a view of."""
    features = torch.compile(vit.forward_features, backend="vitc")(pixels)
    assert_same(features, vit.forward_features(pixels))
    assert features["x_norm_patchtokens"]._base is features["x_norm"]
    features["x_norm_patchtokens"].zero_()
    assert not features["x_norm"][:, 1:].any() and features["x_norm"][:, 0].any()


def test_batches(vit, compilations):
    """Dynamo opens the batch when it changes; then one library serves all."""
    compiled = check(vit, torch.randn(2, 3, 32, 32))
    check(vit, torch.randn(3, 3, 32, 32), compiled=compiled)
    assert compilations() == 2
    for batch in (5, 2, 9):
        check(vit, torch.randn(batch, 3, 32, 32), compiled=compiled)
    assert compilations() == 0
    check(vit, torch.randn(1, 3, 32, 32), compiled=compiled)


def test_sizes(compilations):
    """Tokens of any number, stated by a number that Dynamo passes too."""
    block = Block(48, 3, 0.0).eval()

    def run(x):
        return block(x)[:, x.shape[1] // 2:], x.shape[1] * 2

    compiled = check(run, torch.randn(2, 12, 48), dynamic=True)
    for tokens in (7, 20, 33):
        check(run, torch.randn(2, tokens, 48), compiled=compiled)
    assert compilations() == 1


def test_many_shapes(monkeypatch):
    """Where an export fixes a dimension, each shape is compiled, up to a number of them."""
    monkeypatch.setattr(torch_backend, "_MOST_SHAPES", 3)
    monkeypatch.setattr(torch_backend.Inputs, "symbolic", property(lambda self: False))
    layer = nn.Linear(8, 8)
    compiled = torch.compile(lambda x: layer(x).relu(), backend="vitc", dynamic=True)
    for rows in (2, 3, 4, 2):
        check(lambda x: layer(x).relu(), torch.randn(rows, 8), compiled=compiled)
    with pytest.warns(FallbackWarning, match="called with more than 3 shapes or numbers"):
        x = torch.randn(5, 8)
        assert_same(compiled(x), layer(x).relu())


def test_graph_break(vit, pixels, compilations):
    def run(x):
        x = vit(x)
        torch._dynamo.graph_break()
        return x.softmax(-1)

    check(run, pixels)
    assert compilations() == 2


@pytest.mark.parametrize("function", [
    lambda x: F.relu(x @ x, inplace=True) + 1,
    lambda x: (x @ x).add_(3).mul_(2),
    lambda x: (x[0], x @ x),
    lambda x: (x, (x @ x).chunk(2, -1), None, 3),
    lambda x: ((y := x @ x), y, y.T),
    lambda x: (x @ x)[x[:, 0] > 0],
    lambda x: (x @ x).topk(2),
    lambda x: ((x @ x) > 0, (x @ x).argmax(-1), (x @ x).sum()),
    lambda x: x.double() @ x.double(),
    lambda x: (x @ x) * x.sum().item(),
    lambda x: x.T,
], ids=range(11))
def test_results(function):
    check(function, torch.randn(6, 6))


def written_view(x):
    y = x @ x
    y[0].add_(1)
    return y


def test_written_view():
    check(written_view, torch.randn(6, 6))


@pytest.mark.parametrize("lay_out", [lambda x: x.T, lambda x: x[:1].expand(6, 6), lambda x: torch.cat([x, x, x])[1::3, :6]])
def test_strides(lay_out):
    check(lambda x: x @ x + 1, lay_out(torch.randn(6, 6)))


@pytest.mark.parametrize("dtype, tolerance", [(torch.bfloat16, 2e-2), (torch.float16, 2e-3)], ids=str)
def test_small_types(dtype, tolerance):
    check(lambda x: (x @ x).softmax(-1), torch.randn(6, 6).to(dtype), tolerance=tolerance)


def test_changed_parameters(vit, pixels, compilations):
    compiled = check(vit, pixels)
    vit.head.weight.mul_(2)
    check(vit, pixels, compiled=compiled)
    vit.head.bias.data = torch.ones(10)
    check(vit, pixels, compiled=compiled)
    vit.load_state_dict(ViT().state_dict())
    check(vit, pixels, compiled=compiled)
    check(vit, pixels, compiled=compiled)
    assert compilations() == 4


def test_changed_too_often():
    layer = nn.Linear(4, 4)
    compiled = torch.compile(layer, backend="vitc")
    x = torch.randn(2, 4)
    for _ in range(1 + torch_backend._MOST_CHANGES):
        check(layer, x, compiled=compiled)
        layer.weight.add_(1)
    with pytest.warns(FallbackWarning, match="its constants changed more than 4 times"):
        assert_same(compiled(x), layer(x))
    layer.weight.add_(1)
    assert_same(compiled(x), layer(x))


def test_blocks_one_by_one(pixels):
    """Dynamo uses one graph for all of them, with the parameters of each."""
    vit = ViT(depth=3).eval()
    expected = vit(pixels)
    for block in vit.blocks:
        block.compile(backend="vitc")
    with warnings.catch_warnings():
        warnings.simplefilter("error", FallbackWarning)
        for _ in range(2):
            assert_same(vit(pixels), expected)


def test_training(pixels):
    """Left to PyTorch, gradients included; inference after it is with the new weights."""
    vit = ViT(drop=0.1)
    compiled = torch.compile(vit, backend="vitc")
    optimizer = torch.optim.SGD(vit.parameters(), lr=0.1)
    with torch.enable_grad(), pytest.warns(FallbackWarning, match="its results need gradients"):
        compiled(pixels).square().sum().backward()
    assert all(parameter.grad is not None for parameter in vit.parameters())
    optimizer.step()
    with pytest.warns(FallbackWarning, match="it draws random numbers"):
        compiled(pixels)
    check(vit.eval(), pixels, compiled=compiled)


def test_batch_norm_in_training():
    norm, x = nn.BatchNorm1d(4), torch.randn(8, 4)
    compiled = torch.compile(norm, backend="vitc")
    with pytest.warns(FallbackWarning, match="as batch norm does before model.eval"):
        compiled(x)
    assert norm.num_batches_tracked == 1
    check(norm.eval(), x, compiled=compiled)


def inner_gradients(x):
    with torch.enable_grad():
        return torch.nn.functional.linear(x, LAYER.weight)


LAYER = nn.Linear(6, 6)


@pytest.mark.parametrize("function, says", [
    (lambda x: torch.linalg.svd(x)[1], "PyTorch cannot export it: .*_linalg_svd"),
    (lambda x: torch.complex(x, x) * 2, "complex64"),
    (lambda x: x.add_(1) @ x, "it writes to its inputs"),
    (lambda x: ((y := x @ x), y[0], y.add_(1)), "its results share memory that it writes in place"),
    (lambda x: x @ torch.rand_like(x) * 0, "it draws random numbers"),
    (inner_gradients, "its results need gradients"),
    (lambda x: torch.ones(x.shape) @ torch.ones(x.shape), "its results depend on no input"),
], ids=["svd", "complex", "input", "view", "random", "gradients", "constant"])
def test_falls_back(function, says):
    check_falls_back(function, torch.randn(6, 6), says=says)


def test_refused_by_vitc(pixels):
    """The compiler's reason is told."""
    check_falls_back(nn.Conv2d(3, 4, 3).double(), pixels.double(), says="graph.onnx|float64|Conv")


def test_other_tensors():
    class Named(torch.Tensor):
        pass

    check_falls_back(lambda x: x @ x, torch.randn(6, 6).as_subclass(Named), says="an input is a Named")
    check_falls_back(lambda x: x.real @ x.imag, torch.randn(6, 6, dtype=torch.complex64), says="an input is torch.complex64")
    with pytest.warns(FallbackWarning, match="an input is on the device meta; vitc runs on the CPU"):
        assert torch.compile(lambda x: x @ x, backend="vitc")(torch.empty(4, 4, device="meta")).device.type == "meta"


def test_empty():
    """An extent that the library refuses is left to PyTorch."""
    with pytest.warns(FallbackWarning, match="at least 1"):
        assert torch.compile(lambda x: x @ x.T, backend="vitc", dynamic=True)(torch.zeros(0, 4)).shape == (0, 0)


def test_autocast(vit, pixels):
    with torch.autocast("cpu", dtype=torch.bfloat16):
        check_falls_back(vit, pixels, says="autocast is on")


def test_inference_mode(vit, pixels):
    with torch.inference_mode():
        check(vit, pixels)
        made_there = ViT().eval()
        check_falls_back(made_there, pixels, says="a parameter was made in inference mode")


def test_options(vit, pixels):
    compiled = torch.compile(vit, backend="vitc", options={"precision": "bf16", "threads": 1})
    difference = (compiled(pixels) - vit(pixels)).abs().max() / vit(pixels).abs().max()
    assert 1e-6 < difference < 0.05
    with pytest.raises(Exception, match="unknown option '--colour=red'"):
        torch.compile(vit, backend="vitc", options={"colour": "red"})(pixels)


PROGRAM = """import torch
layer = torch.nn.Linear(4, 4)
torch.nn.init.ones_(layer.weight)
torch.nn.init.ones_(layer.bias)
{line}
with torch.no_grad():
    print(torch.compile(layer, backend="vitc")(torch.ones(2, 4))[0, 0].item(), "vitc" in torch.compiler.list_backends())
"""


@pytest.mark.parametrize("line, installed", [
    ("import vitc.torch_backend", False), ("", True), ("import vitc.torch_backend", True)], ids=["imported", "found", "both"])
def test_registers(line, installed, source_dir, tmp_path):
    """By an import, by the entry point of an installed package, or by both; the same graph is compiled once by all of them."""
    if installed:
        folder = tmp_path / "vitc-0.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: vitc\nVersion: 0\n")
        (folder / "entry_points.txt").write_text("[torch_dynamo_backends]\nvitc = vitc.torch_backend:vitc_backend\n")
    cache = tmp_path.parent / "registers"
    environment = {**os.environ, "PYTHONPATH": f"{source_dir / 'python'}:{tmp_path}", "VITC_CACHE": str(cache)}
    done = subprocess.run([sys.executable, "-W", "error::UserWarning:vitc", "-c", PROGRAM.format(line=line)], env=environment,
                          capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stdout) == (0, "5.0 True\n"), done.stderr
    assert len(list(cache.glob("*.lock"))) == 1
