"""The lit suite of vitc: one RUN line a test, FileCheck on what comes out.

Substitutions besides lit's own: %python (the project's interpreter), %vitc_src (the source tree), %vitc_plugin, and every tool by its
name. Features: `all` in long runs (tools/check --all), `plugin` where there is one (VITC_PLUGIN), and the CPU flags `avx2`, `avx512f`, `amx_tile` of the machine.
"""
import os

import lit.formats
from lit.llvm import llvm_config
from lit.llvm.subst import ToolSubst

config.name = "vitc"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test", ".ll"]
config.excludes = ["Unit", "python", "Lint", "Inputs", "OutOfTree", "lit.cfg.py", "CMakeLists.txt"]
config.test_source_root = os.path.join(config.vitc_source_dir, "test")
config.test_exec_root = os.path.join(config.vitc_build_dir, "test")

# An unscoped variable of one function must not satisfy a check of the next; a prefix that no line uses is a typo.
config.environment["FILECHECK_OPTS"] = "-enable-var-scope --allow-unused-prefixes=false --dump-input=fail"
# LLVM's libraries are not built with AddressSanitizer: what our code annotates in containers and allocators, theirs does not.
config.environment["ASAN_OPTIONS"] = "detect_container_overflow=0:allow_user_poisoning=0"
config.environment["PYTHONPATH"] = os.path.join(config.vitc_source_dir, "python")

config.substitutions.append(("%python", config.python_executable))
config.substitutions.append(("%vitc_plugin", config.vitc_plugin))
config.substitutions.append(("%vitc_src", config.vitc_source_dir))
llvm_config.use_default_substitutions()
llvm_config.add_tool_substitutions(
    [ToolSubst(name, unresolved="ignore") for name in ("vitc-opt", "vitc-run", "vitc-translate", "vitc")]
    + ["mlir-opt", "split-file", "llvm-readelf", "llvm-objdump", "llvm-nm"],
    [config.vitc_tools_dir, config.llvm_tools_dir],
)

if os.path.exists(config.vitc_plugin):
    config.available_features.add("plugin")
if lit_config.params.get("all"):
    config.available_features.add("all")
with open("/proc/cpuinfo") as cpuinfo:
    flags = next((line.split() for line in cpuinfo if line.startswith("flags")), [])
config.available_features.update({"avx2", "avx512f", "amx_tile"} & set(flags))
