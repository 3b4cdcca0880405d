#ifndef VITC_TRANSFORMS_PASSES_TD
#define VITC_TRANSFORMS_PASSES_TD

include "mlir/Pass/PassBase.td"

def ExpandMath : Pass<"vitc-expand-math"> {
  let summary = "expand transcendental functions into arithmetic";
  let description = [{
    Scalars and vectors of f32: `math.exp`, `vit.gelu` and `vit.silu` become short polynomials of our own, the other
    functions of the math dialect upstream's, f16 and bf16 take the same path through f32. What stays are functions
    that processors have (abs, ceil, copysign, floor, fma, round, roundeven, sqrt, trunc); a function that would
    become a call to libm is an error.

    Before:
    ```mlir
    %y = vit.silu %x : vector<16xf32>
    ```
    After: x / (1 + e^-x) in about twenty `arith` and `math.fma` ops.

    Precondition: no function of the math dialect on tensors. Postcondition: no call to libm once lowered.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect", "::mlir::vector::VectorDialect"];
}

#endif
