#ifndef VITC_DIALECT_CPUKERNEL_IR_ROWOPS_TD
#define VITC_DIALECT_CPUKERNEL_IR_ROWOPS_TD

include "vitc/Dialect/CPUKernel/IR/PackOps.td"

def CPUKernel_LayerNormOp : CPUKernel_KernelOp<"layer_norm"> {
  let summary = "layer normalization or root mean square normalization of rows";
  let description = [{
    out[m, c] = (x[m, c] − mean) / √(variance + ε) · scale[c] + bias[c], the mean and the biased variance over row m, in
    two passes; with `uncentered` the mean is taken for 0. A work item is one row. The output may be the input. Sources:
    Ba et al., arXiv 1607.06450, equation 4; Zhang and Sennrich, arXiv 1910.07467, equation 4.

    - (C1) input and out are (M, C), scale and bias, where present, (C), all f32; C is static and positive.
    - (C2) There is one output. `lanes` is a power of two.
    - (C3) The last dimension of memrefs has stride 1.
  }];
  let arguments = (ins CPUKernel_Shaped:$input, Optional<CPUKernel_Shaped>:$scale, Optional<CPUKernel_Shaped>:$bias,
                   Variadic<CPUKernel_Shaped>:$outputs, F32Attr:$epsilon, UnitAttr:$uncentered,
                   DefaultValuedAttr<I64Attr, "16">:$lanes);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let assemblyFormat = [{
    `ins` `(` $input `:` type($input) `)` (`scale` `(` $scale^ `:` type($scale) `)`)?
    (`bias` `(` $bias^ `:` type($bias) `)`)? `outs` `(` $outputs `:` type($outputs) `)` attr-dict
    (`->` type($results)^)?
  }];
  let hasVerifier = 1;
}

def CPUKernel_SoftmaxOp : CPUKernel_MoveOp<"softmax"> {
  let summary = "softmax of rows";
  let description = [{
    out[m, c] = e^(x[m, c] − max) / Σ e^(x[m, ·] − max). A work item is one row. The output may be the input. An element
    of −inf gives 0; a row of nothing else, or with +inf or NaN in it, gives NaN.

    - (C1) input and out are (M, C), f32.
    - (C2) `lanes` is a power of two.
    - (C3) The last dimension of memrefs has stride 1.
  }];
  let arguments = (ins CPUKernel_Shaped:$input, CPUKernel_Shaped:$output, DefaultValuedAttr<I64Attr, "16">:$lanes);
  let assemblyFormat = [{
    `ins` `(` $input `:` type($input) `)` `outs` `(` $output `:` type($output) `)` attr-dict (`->` type($result)^)?
  }];
}

#endif
