"""A model that needs no compiler: the program of test/Unit/Runtime/AddProgram.c linked with the runtime of this build."""
import subprocess

import pytest

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
