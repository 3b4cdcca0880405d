"""The engines that bench/gpu/run.py measures beside vitc. Each function makes a call without arguments that puts one run on the
GPU; what cannot be made raises Missing with the reason."""
from __future__ import annotations

import functools
import importlib
import pathlib
import tempfile
from collections.abc import Callable
from typing import Any

import numpy as np
import vitc
from cases import Case
from machine import Cublas, Missing

# The models of timm that graphs/ were exported from, and what they were made with.
TIMM: dict[str, tuple[str, dict[str, object]]] = {
    "vit_b16": ("vit_base_patch16_224", {}),
    "dinov2_s14_reg4": ("vit_small_patch14_reg4_dinov2", {"img_size": 224}),
    "swin_t": ("swin_tiny_patch4_window7_224", {}),
}
DEVICE = "cuda"  # of PyTorch; "cpu" to try the engines without a GPU


@functools.cache
def torch() -> Any:
    try:
        import torch as module
    except ImportError:
        raise Missing("PyTorch is not installed") from None
    if DEVICE == "cuda" and not module.cuda.is_available():
        raise Missing("PyTorch sees no GPU")
    module.set_grad_enabled(False)
    return module


def module_and_input(case: Case, batch: int) -> tuple[Any, Any]:
    """The model in bf16, and a batch for it."""
    pytorch = torch()
    try:
        import timm
    except ImportError:
        raise Missing("timm is not installed") from None
    if case.name not in TIMM:
        raise Missing("timm has no such model")
    name, options = TIMM[case.name]
    pytorch.manual_seed(0)
    module = timm.create_model(name, pretrained=False, **options).eval().to(DEVICE, pytorch.bfloat16)
    shape, = case.shapes(batch).values()
    return module, pytorch.randn(shape, device=DEVICE, dtype=pytorch.bfloat16)


def eager(case: Case, batch: int) -> Callable[[], object]:
    module, x = module_and_input(case, batch)
    return functools.partial(module, x)


def compiled(case: Case, batch: int) -> Callable[[], object]:
    """With CUDA graphs, as `max-autotune` has them."""
    module, x = module_and_input(case, batch)
    torch()._dynamo.reset()
    call = functools.partial(torch().compile(module, mode="max-autotune", fullgraph=True, dynamic=False), x)
    call()  # compiles
    return call


def ahead_of_time(case: Case, batch: int) -> Callable[[], object]:
    """AOTInductor: a package that is loaded again."""
    module, x = module_and_input(case, batch)
    inductor = importlib.import_module("torch._inductor")
    exported = torch().export.export(module, (x,))
    package = inductor.aoti_compile_and_package(exported, package_path=f"{tempfile.mkdtemp()}/model.pt2",
                                                inductor_configs={"max_autotune": True})
    return functools.partial(inductor.aoti_load_package(package), x)


def tensorrt(case: Case, batch: int, folder: pathlib.Path) -> Callable[[], object]:
    """From the same graph and weights as vitc, with bf16 allowed."""
    try:
        import tensorrt as trt
    except ImportError:
        raise Missing("TensorRT is not installed") from None
    logger = trt.Logger(trt.Logger.ERROR)
    builder = trt.Builder(logger)
    network = builder.create_network(0)
    parser = trt.OnnxParser(network, logger)
    if not parser.parse_from_file(str(folder / f"{case.name}.onnx")):
        raise Missing(f"TensorRT does not take the graph: {parser.get_error(0)}")
    config, profile = builder.create_builder_config(), builder.create_optimization_profile()
    if hasattr(trt.BuilderFlag, "BF16"):
        config.set_flag(trt.BuilderFlag.BF16)
    (name, shape), = case.shapes(batch).items()
    profile.set_shape(name, shape, shape, shape)
    config.add_optimization_profile(profile)
    plan = builder.build_serialized_network(network, config)
    if plan is None:
        raise Missing("TensorRT built no engine")
    engine = trt.Runtime(logger).deserialize_cuda_engine(plan)
    context = engine.create_execution_context()
    context.set_input_shape(name, shape)
    arrays, random = {}, np.random.default_rng(0)
    for index in range(engine.num_io_tensors):
        tensor = engine.get_tensor_name(index)
        extents = tuple(context.get_tensor_shape(tensor))
        arrays[tensor] = vitc.to_device(random.standard_normal(extents, dtype=np.float32))
        context.set_tensor_address(tensor, arrays[tensor].address)

    def run(kept: Any = (engine, arrays)) -> None:
        context.execute_async_v3(0)

    return run


MODEL_PEERS = {"torch eager": eager, "torch.compile max-autotune": compiled, "AOTInductor": ahead_of_time, "TensorRT": tensorrt}


def product_by_torch(case: Case) -> Callable[[], object]:
    """cuBLAS, as PyTorch calls it; without the bias and GELU that vitc's kernel has."""
    (m, k), = case.shapes(1).values()
    x, w = (torch().randn(shape, device=DEVICE, dtype=torch().bfloat16) for shape in ((m, k), (k, case.macs // (m * k))))
    return functools.partial(torch().matmul, x, w)


def product_by_cublas(case: Case) -> Callable[[], object]:
    (m, k), = case.shapes(1).values()
    return Cublas(m, k, case.macs // (m * k))


def attention_by(backend: str, case: Case) -> Callable[[], object]:
    """PyTorch's scaled dot product attention by one of its backends."""
    from torch.nn import attention

    batch, tokens, width = case.shapes(1)["q"]
    shape = (batch, tokens, case.heads, width // case.heads)
    q, k, v = (torch().randn(shape, device=DEVICE, dtype=torch().bfloat16).transpose(1, 2) for _ in range(3))
    backend = getattr(attention.SDPBackend, backend)

    def run() -> Any:
        with attention.sdpa_kernel(backend):
            return torch().nn.functional.scaled_dot_product_attention(q, k, v)

    return run


def norm_by_torch(case: Case) -> Callable[[], object]:
    shape = case.shapes(1)["x"]
    x = torch().randn(shape, device=DEVICE, dtype=torch().bfloat16)
    g, b = (torch().randn(shape[-1:], device=DEVICE, dtype=torch().bfloat16) for _ in range(2))
    return functools.partial(torch().nn.functional.layer_norm, x, shape[-1:], g, b, 1e-6)


def _after_torch(make: Callable[[Case], Callable[[], object]]) -> Callable[[Case], Callable[[], object]]:
    """Says what lacks before the peer imports it."""
    def made(case: Case) -> Callable[[], object]:
        torch()
        return make(case)

    return made


KERNEL_PEERS = {
    "gemm": {"torch.matmul (cuBLAS)": product_by_torch, "cuBLAS": product_by_cublas},
    "attention": {"cuDNN SDPA": _after_torch(functools.partial(attention_by, "CUDNN_ATTENTION")),
                  "Flash SDPA": _after_torch(functools.partial(attention_by, "FLASH_ATTENTION"))},
    "layer_norm": {"torch layer_norm": norm_by_torch},
}
