#ifndef VITC_TRANSFORMS_PASSES_TD
#define VITC_TRANSFORMS_PASSES_TD

include "mlir/Pass/PassBase.td"

def ExpandMathPass : Pass<"vitc-expand-math"> {
  let summary = "expand transcendental functions into arithmetic";
  let description = [{
    Scalars and vectors of f32: `math.exp`, `vit.gelu` and `vit.silu` become short polynomials of our own, the other
    functions of the math dialect upstream's, f16 and bf16 take the same path through f32. What
    processors would call a library for becomes integer arithmetic: rounding to bf16, to nearest even with NaN kept. What stays are functions
    that processors have (abs, ceil, copysign, floor, fma, round, roundeven, sqrt, trunc); a function that would
    become a call to libm is an error. Of f64 there are exp and log.

    Before:
    ```mlir
    %y = vit.silu %x : vector<16xf32>
    ```
    After: x / (1 + e^-x) in about twenty `arith` and `math.fma` ops.

    Precondition: no function of the math dialect on tensors. Postcondition: no call to libm once lowered.
  }];
  let options = [Option<"level", "level", "std::string", /*default=*/"\"x86-64-v3\"",
                        "the CPU level, as in --mcpu: where lanes permute (AVX-512), functions may use tables">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::LLVM::LLVMDialect", "::mlir::math::MathDialect",
                           "::mlir::vector::VectorDialect"];
}

def PrepareLoopsPass : Pass<"vitc-prepare-loops"> {
  let summary = "bring what no kernel took into a form that lowers to loops";
  let description = [{
    `tensor.concat` of up to 32 operands becomes insertions, `tensor.pad` a fill and an insertion, `linalg.softmax` its
    four loops; named structured ops become generic, elementwise producers with one reader fuse into consumers that read
    each element once, and constants move into bodies, so that every op is self-contained. Each op gets a
    `tensor.empty` and constants of its own.

    ```mlir
    // before
    %c = tensor.concat dim(0) %a, %b : (tensor<2x4xf32>, tensor<3x4xf32>) -> tensor<5x4xf32>
    // after
    %e = tensor.empty() : tensor<5x4xf32>
    %0 = tensor.insert_slice %a into %e[0, 0] [2, 4] [1, 1] : tensor<2x4xf32> into tensor<5x4xf32>
    %c = tensor.insert_slice %b into %0[2, 0] [3, 4] [1, 1] : tensor<3x4xf32> into tensor<5x4xf32>
    ```

    With `through-views` they also fuse where the consumer reads a view of the producer that merges or splits axes: it then
    computes on the axes that both have, as a residual that is added to windows which are put back into their image.

    Postcondition: of linalg, only structured ops whose bodies read nothing from outside.
  }];
  let dependentDialects = ["::mlir::affine::AffineDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect"];
  let options = [Option<"throughViews", "through-views", "bool", "false", "fuse through views that merge or split axes">];
}

def ExpandDynamicShapesPass : Pass<"vitc-expand-dynamic-shapes"> {
  let summary = "make views of several dynamic sizes explicit";
  let description = [{
    Upstream's expand-strided-metadata computes one dynamic size of a reassociation group from the others, and knows no way
    where there are two. Their sizes are operands of the op: here strides are computed from them.

    ```mlir
    // before
    %y = memref.expand_shape %x [[0, 1], [2]] output_shape [%b, %m, 16] : memref<?x16xf32> into memref<?x?x16xf32>
    // after
    %stride = affine.apply affine_map<()[s0] -> (s0 * 16)>()[%m]
    %y = memref.reinterpret_cast %base to offset: [0], sizes: [%b, %m, 16], strides: [%stride, 16, 1] : …
    ```
  }];
  let dependentDialects = ["::mlir::affine::AffineDialect", "::mlir::memref::MemRefDialect"];
}

#endif
