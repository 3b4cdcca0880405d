"""Model.h as C and C++ programs see it, and what the runtime's object may contain."""
import ctypes
import subprocess

import pytest

LLVM = "/usr/lib/llvm-22/bin"

PROGRAM = r"""
#include "vitc-c/Model.h"
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#ifdef LINKED
extern const vitc_api *const add_model_v1;
#endif

static int fail(const vitc_api *api) {
  fprintf(stderr, "%s\n", api->last_error());
  return 1;
}

int main(int argc, char **argv) {
  float a[8] = {1, 2, 3, 4, 5, 6, 7, 8}, b[8] = {1, 1, 1, 1, 2, 2, 2, 2};
  int64_t shape[2] = {2, 4};
  DLTensor in[2], out;
  vitc_dim batch;
  vitc_session_options options;
  vitc_model *model;
  vitc_session *session;
  const vitc_api *api;
#ifdef LINKED
  api = add_model_v1;
#else
  void *library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
  if (!library)
    return puts(dlerror()), 2;
  api = *(const vitc_api *const *)dlsym(library, "vitc_model_v1");
#endif
  if (api->abi != VITC_ABI || api->size < sizeof(vitc_api))
    return 3;
  memset(in, 0, sizeof in);
  memset(&out, 0, sizeof out);
  memset(&options, 0, sizeof options);
  batch.name = "batch";
  batch.extent = 2;
  options.size = sizeof options;
  options.dims = &batch;
  options.dim_count = 1;
  options.threads = argc;
  in[0].data = a;
  in[0].device.device_type = kDLCPU;
  in[0].ndim = 2;
  in[0].dtype.code = kDLFloat;
  in[0].dtype.bits = 32;
  in[0].dtype.lanes = 1;
  in[0].shape = shape;
  in[1] = in[0];
  in[1].data = b;
  if (api->open(NULL, &model) || api->session_create(model, &options, &session) ||
      api->run(session, in, 2, &out, 1, NULL))
    return fail(api);
  printf("%g %g %d\n", ((float *)out.data)[1], ((float *)out.data)[7], (int)out.shape[0]);
  if (api->session_destroy(session) || api->close(model))
    return fail(api);
#ifndef LINKED
  dlclose(library);
#endif
  return 0;
}
"""

STRICT = ["-Wall", "-Wextra", "-Wno-unused-parameter", "-Werror"]


@pytest.mark.parametrize(
    "compiler, suffix, flags",
    [
        ("clang", "c", ["-std=c99", "-pedantic"]),
        ("clang++", "cpp", ["-std=c++17"]),
    ],
)
@pytest.mark.parametrize("linked", [False, True], ids=["dlopen", "linked"])
def test_programs(compiler, suffix, flags, linked, source_dir, add_so, tmp_path):
    source, program = tmp_path / f"main.{suffix}", tmp_path / "main"
    source.write_text(PROGRAM)
    link = ["-DLINKED", add_so, f"-Wl,-rpath,{add_so.parent}"] if linked else []
    subprocess.run(
        [f"{LLVM}/{compiler}", *flags, *STRICT, f"-I{source_dir}/include", source, "-o", program, *link], check=True)
    run = subprocess.run([program, add_so], capture_output=True, text=True)
    assert (run.returncode, run.stdout) == (0, "12 2008 2\n"), run.stderr


def test_header_leaves_dlpack_alone(source_dir, tmp_path):
    source = tmp_path / "dlpack.c"
    source.write_text(
        "#define DLPACK_DLPACK_H_\n"
        "#include <stdint.h>\n"
        "typedef enum { kDLCPU = 1 } DLDeviceType;\n"
        "typedef struct { DLDeviceType device_type; int32_t device_id; } DLDevice;\n"
        "typedef struct { void *data; DLDevice device; } DLTensor;\n"
        '#include "vitc-c/Model.h"\n')
    subprocess.run([f"{LLVM}/clang", "-std=c99", "-pedantic", *STRICT, f"-I{source_dir}/include", "-fsyntax-only", source],
                   check=True)


def lines(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


def test_runtime_needs_little(build_dir):
    needed = {line.split()[-1] for line in lines(f"{LLVM}/llvm-nm", "-u", build_dir / "lib" / "runtime" / "x86_64.o")}
    assert needed <= {
        "clock_gettime", "free", "getenv", "malloc", "memcpy", "memset", "mmap", "munmap", "pthread_create",
        "pthread_join", "vitc_model_program",
        "dlclose", "dlerror", "dlopen", "dlsym"}  # for the CUDA driver, by libraries with code for GPUs alone


def test_runtime_runs_on_old_processors(build_dir):
    """No VEX or EVEX instruction: their operands are what AVX's mnemonics begin with."""
    code = lines(f"{LLVM}/llvm-objdump", "-d", "--no-show-raw-insn", build_dir / "lib" / "runtime" / "x86_64.o")
    assert not [line for line in code if "\tv" in line and "verr" not in line and "verw" not in line]


def test_library_exports_its_table_alone(add_so):
    exported = [line.split()[-1] for line in lines(f"{LLVM}/llvm-nm", "-D", "--defined-only", add_so)]
    assert sorted(exported) == ["add_model_v1", "vitc_model_v1"]
    dynamic = "\n".join(lines(f"{LLVM}/llvm-readelf", "-d", add_so))
    assert "STATIC_TLS" not in dynamic and "TEXTREL" not in dynamic


def test_python_structures_match(source_dir, tmp_path):
    from vitc import _abi

    names = {"DLTensor": _abi.DLTensor, "vitc_open_options": _abi.OpenOptions, "vitc_dim": _abi.Dim,
             "vitc_session_options": _abi.SessionOptions}
    checks = [f"_Static_assert(sizeof({c}) == {ctypes.sizeof(python)}, \"{c}\");" for c, python in names.items()]
    for c, python in names.items():
        checks += [f"_Static_assert(offsetof({c}, {field[0]}) == {getattr(python, field[0]).offset}, \"{c}.{field[0]}\");"
                   for field in python._fields_]
    checks += [f"_Static_assert(offsetof(vitc_api, {field[0]}) == {getattr(_abi.ApiTable, field[0]).offset}, \"{field[0]}\");"
               for field in _abi.ApiTable._fields_]
    source = tmp_path / "layout.c"
    source.write_text('#include "vitc-c/Model.h"\n' + "\n".join(checks) + "\n")
    subprocess.run([f"{LLVM}/clang", "-std=c11", f"-I{source_dir}/include", "-fsyntax-only", source], check=True)
