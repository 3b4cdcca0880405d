"""The machine that bench/gpu/run.py is on, and what it can do at most."""
from __future__ import annotations

import ctypes
import importlib.metadata
import os
import pathlib
import platform
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import toolkit
import vitc
from vitc._cuda import driver

DISTRIBUTIONS = ("numpy", "torch", "triton", "torch_tensorrt", "tensorrt", "timm", "nvidia-cublas", "nvidia-cudnn-cu13",
                 "nvidia-cudnn-cu12")
NVIDIA_SMI = ("nvidia-smi", "--query-gpu=driver_version,clocks.sm,clocks.mem,power.limit", "--format=csv,noheader")


class Missing(Exception):
    """What cannot be measured here, and why."""


def is_mock() -> bool:
    return "mock" in pathlib.Path(os.environ.get("VITC_LIBCUDA", "")).name


def synchronize() -> None:
    driver().synchronize(0, 0)


def _asked(function: str, buffer: Any, *arguments: Any) -> Any:
    """What a function of the driver writes; None where the driver lacks it."""
    try:
        with driver().current(0):
            driver().call(function, buffer if isinstance(buffer, ctypes.Array) else ctypes.byref(buffer), *arguments)
    except (AttributeError, vitc.Error):
        return None
    return buffer.value


def describe() -> dict[str, str]:
    """Names and versions, for the head of a report."""
    name = _asked("cuDeviceGetName", ctypes.create_string_buffer(256), 256, 0)
    version = _asked("cuDriverGetVersion", ctypes.c_int())
    memory = _asked("cuDeviceTotalMem_v2", ctypes.c_size_t(), 0)
    found = {
        "GPU": name.decode() if name else "the mock of the driver" if is_mock() else "unknown",
        "GPU memory": f"{memory / 2**30:.1f} GiB" if memory else "unknown",
        "CUDA of the driver": f"{version // 1000}.{version % 1000 // 10}" if version else "unknown",
        "driver and clocks": _first_line(*NVIDIA_SMI),
        "CPU": _cpu(), "Python": platform.python_version(), "ptxas": toolkit.version("ptxas"),
    }
    for package in DISTRIBUTIONS:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = "missing"
    return found


def _first_line(program: str, *arguments: str) -> str:
    if not shutil.which(program):
        return "missing"
    printed = subprocess.run([program, *arguments], capture_output=True, text=True).stdout.strip()
    return printed.splitlines()[0] if printed else "unknown"


def _cpu() -> str:
    model = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    return f"{model[1] if model else platform.machine()}, {len(os.sched_getaffinity(0))} cores"


def copy_rate(bytes_: int, rounds: int) -> float:
    """Bytes a second that a copy within the GPU reads and writes: the median of several."""
    source, sink = (vitc.DeviceArray((bytes_,), np.uint8) for _ in range(2))
    arguments = ctypes.c_uint64(sink.address), ctypes.c_uint64(source.address), ctypes.c_size_t(bytes_), None

    def copy() -> None:
        with driver().current(0):
            driver().call("cuMemcpyDtoDAsync_v2", *arguments)

    try:
        copy()
    except AttributeError as error:
        raise Missing(f"the driver lacks a function: {error}") from None
    return 2 * bytes_ / seconds_of(copy, rounds, calls=20)


def seconds_of(call: Callable[[], object], rounds: int, calls: int) -> float:
    """The median of what one of `calls` calls takes that are put on the GPU one after another."""
    times = []
    for _ in range(rounds):
        synchronize()
        start = time.perf_counter()
        for _ in range(calls):
            call()
        synchronize()
        times.append((time.perf_counter() - start) / calls)
    return float(np.median(times))


class Cublas:
    """Products of bf16 by cuBLAS, without PyTorch: C = A · B, all of them row-major."""

    NAMES = ("libcublas.so.13", "libcublas.so.12", "/usr/local/cuda/lib64/libcublas.so")
    BF16, FLOAT32_SUMS, DEFAULT = 14, 68, -1  # CUDA_R_16BF, CUBLAS_COMPUTE_32F, CUBLAS_GEMM_DEFAULT

    def __init__(self, m: int, k: int, n: int) -> None:
        self.library, self.handle, self.sizes = self._load(), ctypes.c_void_p(), (m, k, n)
        self.a, self.b = _random_bf16((m, k), 1), _random_bf16((k, n), 2)
        self.c = vitc.DeviceArray((m, n), np.uint16)
        self._check("cublasCreate_v2", ctypes.byref(self.handle))

    def __call__(self) -> None:
        """In its own order, column-major: Cᵀ = Bᵀ · Aᵀ."""
        m, k, n = self.sizes
        one, zero, pointer = ctypes.byref(ctypes.c_float(1)), ctypes.byref(ctypes.c_float(0)), ctypes.c_void_p
        self._check("cublasGemmEx", self.handle, 0, 0, n, m, k, one, pointer(self.b.address), self.BF16, n,
                    pointer(self.a.address), self.BF16, k, zero, pointer(self.c.address), self.BF16, n, self.FLOAT32_SUMS,
                    self.DEFAULT)

    def _load(self) -> ctypes.CDLL:
        for name in self.NAMES:
            try:
                return ctypes.CDLL(name)
            except OSError:
                continue
        raise Missing("libcublas is not installed")

    def _check(self, function: str, *arguments: Any) -> None:
        with driver().current(0):
            status = getattr(self.library, function)(*arguments)
        if status:
            raise Missing(f"{function} failed with status {status}")


def _random_bf16(shape: tuple[int, ...], seed: int) -> vitc.DeviceArray:
    """Normal values: a GPU multiplies zeros faster, since they cost it less power."""
    drawn = np.random.default_rng(seed).standard_normal((min(shape[0], 1024), shape[1]), dtype=np.float32)
    return vitc.to_device(np.resize((drawn.view(np.uint32) >> 16).astype(np.uint16), shape))
