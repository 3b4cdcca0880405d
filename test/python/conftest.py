"""A model that needs no compiler: the program of test/Unit/Runtime/AddProgram.c linked with the runtime of this build; and
small models for vitc.vision, compiled by the compiler of this build."""
import pathlib
import subprocess

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
