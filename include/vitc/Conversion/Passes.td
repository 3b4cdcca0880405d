#ifndef VITC_CONVERSION_PASSES_TD
#define VITC_CONVERSION_PASSES_TD

include "mlir/Pass/PassBase.td"

def ConvertCPUKernelToLLVMPass : Pass<"convert-vcpu-to-llvm", "::mlir::ModuleOp"> {
  let summary = "read the runtime's frame";
  let description = [{
    `vcpu.buffer`, `vcpu.symbol` and `vcpu.scratch` become loads from the frame (`vitc_frame` in lib/Runtime/Program.h),
    `vcpu.barrier` a call of the runtime's `vitc_barrier`.

    Precondition: `vcpu-lower-launches` has run. Postcondition: no vcpu op but what `unrealized_conversion_cast`s hide.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

def ConvertViTToCPUPass : Pass<"convert-vit-to-cpu"> {
  let summary = "choose a CPU kernel and its schedule for every vit op";
  let description = [{
    Every vit op becomes kernel ops of the `vcpu` dialect, in destination-passing style on tensors, with tile sizes and
    packed layouts from the cost model for the CPU level `level`. Weights are packed by `vcpu.pack`, which is folded where
    they are constants. Elementwise vit ops that fused with nothing become `linalg.generic`.

    With the `precision` bf16, packed constants are bf16, and so are both operands of products where the level multiplies
    bf16 faster than f32; sums, epilogues, softmax and norms stay f32. `auto` is bf16 on such levels, fp32 on others.

    ```mlir
    // before
    %y = vit.linear %x, %w : (tensor<2x197x384xf32>, tensor<384x1152xf32>) -> tensor<2x197x1152xf32>
    // after
    %a = tensor.collapse_shape %x [[0, 1], [2]] : tensor<2x197x384xf32> into tensor<394x384xf32>
    %p = vcpu.pack ins(%w : tensor<384x1152xf32>) outs(%0 : tensor<36x384x32xf32>) permutation = [0, 1] …
    %c = vcpu.gemm ins(%a, %p : …) outs(%1 : tensor<394x1152xf32>) {mr = 14, nr = 32, lanes = 16, …}
    %y = tensor.expand_shape %c [[0, 1], [2]] … : tensor<394x1152xf32> into tensor<2x197x1152xf32>
    ```

    Where one level of Strassen's algorithm pays, a product becomes `vcpu.strassen_rows` and `vcpu.strassen_gemm`, which
    mix rows of one image alone (the first dimension of the function's inputs counts images); where Winograd's does, a
    convolution becomes `vcpu.winograd_conv`. With `plain-products` neither is used.

    Schedules that were measured (`vitc --tune`) are an attribute of the module, and count more than the cost model:

    ```mlir
    module attributes {vit.tuning = {"znver4 fp32 gemm 394x384x1152" = {mc = 394, pack_a = 0}}} …
    ```

    Precondition: the `fused` stage. Postcondition: no vit op but `vit.procedure` and `vit.extent`.
  }];
  let options = [Option<"level", "level", "std::string", /*default=*/"\"host\"", "the CPU level, as in --mcpu">,
                 Option<"precision", "precision", "std::string", /*default=*/"\"fp32\"",
                        "of products, as in --precision">,
                 Option<"plainProducts", "plain-products", "bool", /*default=*/"false",
                        "by neither Strassen's nor Winograd's algorithm, as in --plain-products">];
  let dependentDialects = ["::mlir::affine::AffineDialect", "::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect",
                           "::vitc::vcpu::CPUKernelDialect"];
}

def ConvertViTToGPUPass : Pass<"convert-vit-to-gpu"> {
  let summary = "choose a GPU kernel for every vit op that has one";
  let description = [{
    Products, attention and norms become kernel ops of the `vgpu` dialect, in destination-passing style on tensors, where
    a kernel for tensor cores has their form and sizes; the others are left for `convert-vit-to-linalg`. Operands of
    products are rounded to `element`, sums, softmax, norms and the residual stream are f32. What is only read rounded is
    stored so: roundings move up through views, and kernels write it rounded.

    ```mlir
    // before
    %y = vit.linear %x, %w : (tensor<2x197x384xf32>, tensor<1152x384xf32>) {transposed} -> tensor<2x197x1152xf32>
    // after
    %0 = tensor.collapse_shape %x [[0, 1], [2]] : tensor<2x197x384xf32> into tensor<394x384xf32>
    %a = arith.truncf %0 : tensor<394x384xf32> to tensor<394x384xbf16>
    %b = arith.truncf %w : tensor<1152x384xf32> to tensor<1152x384xbf16>
    %c = vgpu.gemm ins(%a, %b : …) outs(%1 : tensor<394x1152xf32>) {tile_m = 128, tile_n = 128} -> …
    %y = tensor.expand_shape %c [[0, 1], [2]] … : tensor<394x1152xf32> into tensor<2x197x1152xf32>
    ```

    Convolutions come first, channels last. Transposes sink through what is elementwise, views and pooling until they
    cancel, and what then follows a product directly becomes part of its epilogue, as by `vit-fuse-epilogues`.

    For sm_80 and sm_89, products, convolutions and attention are those of warps (`mma_sync`).

    Tiles of products are those that are expected to take the least time, or what was measured (`vit.tuning`, as for
    `convert-vit-to-cpu`):

    ```mlir
    module attributes {vit.tuning = {"cuda-sm_90 bf16 gemm+bias 394x384x1152" = {tile_m = 64, tile_n = 96, stages = 4}}} …
    ```

    With `explain`, why an op has no kernel stays on it, as what recognisers refused does:

    ```mlir
    %y = vit.attention %q, %k, %v {scale = 1.0 : f32, vit.missed = {kernel = "a bias of an open number of batches"}} : …
    ```

    Precondition: the `fused` stage.
  }];
  let options = [Option<"capability", "capability", "int64_t", /*default=*/"90",
                        "the compute capability: 80, 89 or 90">,
                 Option<"element", "element", "std::string", /*default=*/"\"bf16\"",
                        "what tensor cores multiply: bf16, f16 or tf32">,
                 Option<"explain", "explain", "bool", /*default=*/"false", "leave on ops why they have no kernel">];
  let dependentDialects = ["::mlir::affine::AffineDialect", "::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect",
                           "::vitc::vgpu::GPUKernelDialect"];
}

def ConvertViTToLinalgPass : Pass<"convert-vit-to-linalg"> {
  let summary = "write every vit op as structured ops of upstream dialects";
  let description = [{
    What a target has no kernel for, and what another MLIR stack reads: products become `linalg.contract` or the loops of
    a window as `linalg.generic`, followed by their bias and epilogue; attention becomes two contractions and
    `linalg.softmax`; norms become means over rows. Shapes may be dynamic. The ops `vit.procedure`, `vit.scatter`,
    `vit.top_k` and `vit.extent` stay.

    ```mlir
    // before
    %y = vit.linear %x, %w : (tensor<2x197x384xf32>, tensor<384x1152xf32>) -> tensor<2x197x1152xf32>
    // after
    %0 = tensor.empty() : tensor<2x197x1152xf32>
    %1 = linalg.fill ins(%zero : f32) outs(%0 : tensor<2x197x1152xf32>) -> tensor<2x197x1152xf32>
    %y = linalg.contract indexing_maps = […] ins(%x, %w : …) outs(%1 : …) -> tensor<2x197x1152xf32>
    ```

    Precondition: the `fused` stage, or the first part of it.
  }];
  let dependentDialects = ["::mlir::affine::AffineDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::math::MathDialect", "::mlir::tensor::TensorDialect"];
}

def ConvertONNXToLinalgPass : Pass<"convert-onnx-to-linalg", "::mlir::func::FuncOp"> {
  let summary = "convert the onnx stage to the linalg stage";
  let description = [{
    What ONNX says directly becomes an op of the vit dialect (LayerNormalization, Gelu, Swish, Conv, ConvTranspose); all
    else becomes linalg and tensor, in the form that recognition reads: `linalg.contract` and `linalg.elementwise` with
    broadcasting in the index maps and the broadcast unit dimensions dropped from the operand, constants second and
    reshaped themselves, scalars of rank 0, reassociations from axes, rank-reducing slices.

    Before: every extent is static, or an expression over symbols that are extents of arguments. After: no op of the onnx
    dialect is left, and types carry no encoding. Each symbol is read once, by a `tensor.dim` at the entry. Unsigned
    integers are signless; an argument or result that was unsigned says so in `vit.element_type`.

    All nodes that cannot be converted are named in one error.

    Example:
    ```mlir
    func.func @scale(%x: tensor<1x6x197x64xf32>) -> tensor<1x6x197x64xf32> {
      %0 = onnx.Constant dense<0.125> : tensor<f32> : tensor<f32>
      %1 = onnx.Mul %0, %x : (tensor<f32>, tensor<1x6x197x64xf32>) -> tensor<1x6x197x64xf32>
      return %1 : tensor<1x6x197x64xf32>
    }
    // becomes
    #scalar = affine_map<(d0, d1, d2, d3) -> ()>
    #identity = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
    func.func @scale(%x: tensor<1x6x197x64xf32>) -> tensor<1x6x197x64xf32> {
      %0 = arith.constant dense<0.125> : tensor<f32>
      %1 = tensor.empty() : tensor<1x6x197x64xf32>
      %2 = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps = [#identity, #scalar, #identity]
             ins(%x, %0 : tensor<1x6x197x64xf32>, tensor<f32>) outs(%1 : tensor<1x6x197x64xf32>) -> tensor<1x6x197x64xf32>
      return %2 : tensor<1x6x197x64xf32>
    }
    ```
  }];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::math::MathDialect", "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect",
    "::mlir::tensor::TensorDialect", "::vitc::vit::ViTDialect"];
}

#endif
