"""A model that needs no compiler: the program of test/Unit/Runtime/AddProgram.c linked with the runtime of this build; and
small models for vitc.vision, compiled by the compiler of this build."""
import pathlib
import subprocess

import onnx
import pytest
import zoo

MODELS = pathlib.Path(__file__).resolve().parents[1] / "models"

LLVM = "/usr/lib/llvm-22/bin"
MAP = "{ global: *_model_v1; local: *; };"


@pytest.fixture(scope="session")
def build_add(source_dir, build_dir, tmp_path_factory):
    """build_add(path, *macros): links the library, as vitc links models."""
    runtime = build_dir / "lib" / "runtime" / "x86_64.o"
    folder = tmp_path_factory.mktemp("add")
    (folder / "exports.map").write_text(MAP)

    def build(path, *macros):
        program = folder / "AddProgram.o"
        subprocess.run(
            [f"{LLVM}/clang", "-O1", "-fPIC", "-fvisibility=hidden", *[f"-D{macro}" for macro in macros],
             f"-I{source_dir}/include", f"-I{source_dir}/lib/Runtime", "-c",
             f"{source_dir}/test/Unit/Runtime/AddProgram.c", "-o", program],
            check=True,
        )
        temporary = path.with_suffix(".tmp")
        subprocess.run(
            [f"{LLVM}/clang", "-shared", "-fuse-ld=lld", "-Wl,-z,now", f"-Wl,--version-script={folder}/exports.map",
             f"-Wl,-soname,{path.name}", runtime, program, "-o", temporary],
            check=True,
        )
        temporary.rename(path)
        return path

    return build


@pytest.fixture(scope="session")
def add_so(build_add, tmp_path_factory):
    return build_add(tmp_path_factory.mktemp("model") / "add.so")


@pytest.fixture
def vision_cache(build_dir, tmp_path_factory, monkeypatch):
    """The compiler of this build, and a cache of its libraries that all tests of a run share."""
    folder = tmp_path_factory.getbasetemp() / "vision-cache"
    monkeypatch.setenv("VITC", str(build_dir / "bin" / "vitc"))
    monkeypatch.setenv("VITC_CACHE", str(folder))
    return folder


@pytest.fixture(scope="session")
def drawn_model(tmp_path_factory):
    """drawn_model("graphs/dino"): the path of a model of test/models, whose weights are drawn from a seed."""
    folder = tmp_path_factory.mktemp("drawn")

    def make(name):
        path = folder / f"{name.split('/')[1]}.onnx"
        if not path.exists():
            zoo.make(path.stem, path, folder=MODELS / name.split("/")[0])
        return path

    return make


@pytest.fixture
def tapped_model(drawn_model, tmp_path_factory):
    """tapped_model("batched/dino_batch"): the path of such a model, and that of one whose softmaxes and residual streams are
    outputs with the names of taps, for ONNX Runtime."""

    def make(name):
        model = onnx.load(drawn_model(name))
        of = {kind: [node for node in model.graph.node if node.op_type == kind] for kind in ("Softmax", "LayerNormalization")}
        # A block has two norms; the first of the next one, or the last of all, reads what comes out of it.
        taps = {node.output[0]: f"tap.attention.{layer}" for layer, node in enumerate(of["Softmax"])}
        taps |= {node.input[0]: f"tap.tokens.{layer}" for layer, node in enumerate(of["LayerNormalization"][2::2])}
        for node in model.graph.node:
            node.input[:] = [taps.get(name, name) for name in node.input]
            node.output[:] = [taps.get(name, name) for name in node.output]
        model.graph.output.extend(onnx.ValueInfoProto(name=tap) for tap in taps.values())
        path = tmp_path_factory.getbasetemp() / f"tapped-{name.split('/')[1]}.onnx"
        onnx.save(model, path)
        return drawn_model(name), path

    return make
