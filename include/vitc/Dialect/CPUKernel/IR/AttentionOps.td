#ifndef VITC_DIALECT_CPUKERNEL_IR_ATTENTIONOPS_TD
#define VITC_DIALECT_CPUKERNEL_IR_ATTENTIONOPS_TD

include "vitc/Dialect/CPUKernel/IR/CPUKernelBase.td"

def CPUKernel_AttentionOp : CPUKernel_KernelOp<"attention"> {
  let summary = "scaled dot-product attention over packed keys";
  let description = [{
    scores[b.., h, m, n] = cap(scale · Σ_d q[b.., m, h, d] · k[b.., n, g, d]) + Σ addends, probs = softmax over n,
    out[b.., m, h, e] = Σ_n probs[b.., h, m, n] · v[b.., n, g, e], g = ⌊h · G / H⌋, and cap(s) = c · tanh(s / c) with a
    `softcap` c, else s. The keys come packed by `vcpu.pack` with permutation [.., head, feature, token]:
    (B.., G, ⌈N / nr⌉, D, nr), zeros past N. q, v and out are token-major and may be strided views of a projection's
    output.

    A work item is up to `mr` query rows of one head; their full score rows stay in scratch. Masked entries are −inf
    addends: their probability is 0, and a row of nothing else is NaN, as in ONNX Runtime, or 0 with `zero_masked`.
    Where there are `value_panels`, both products are of bf16 (as in `vcpu.gemm`): the keys are packed in pairs of
    features, the values, by `vcpu.pack` with permutation [.., head, token, feature], in pairs of tokens; scaled q and the
    exponentials are rounded. The softmax is f32. v itself is read for its sizes alone.

    `causal` masks n > m + (N − M). Source: Vaswani et al., arXiv 1706.03762, equation 1.

    - (C1) q is (B.., M, H, D), k (B.., G, ⌈N / nr⌉, D, nr), v (B.., N, G, E), out (B.., M, H, E), all f32; H, G, D, E
      and nr are static, and G divides H. With value panels k is bf16 (B.., G, ⌈N / nr⌉, ⌈D / 2⌉, 2 · nr).
    - (C2) Every addend is f32 and broadcasts to (B.., H, M, N) from the right; a dynamic size is not 1.
    - (C3) The outputs are out, then scores where `store_scores`, then probs where `store_probs`, both (B.., H, M, N).
    - (C4) `mr` is positive; `lanes` is a power of two and divides nr.
    - (C5) The last dimension of memrefs has stride 1.
    - (C6) Value panels are bf16 (B.., G, ⌈E / nr⌉, ⌈N / 2⌉, 2 · nr).
  }];
  let arguments = (ins CPUKernel_Shaped:$query, CPUKernel_Shaped:$key, CPUKernel_Shaped:$value,
                   Optional<CPUKernel_Shaped>:$value_panels, Variadic<CPUKernel_Shaped>:$addends, Variadic<CPUKernel_Shaped>:$outputs, F32Attr:$scale,
                   UnitAttr:$causal, OptionalAttr<F32Attr>:$softcap, UnitAttr:$zero_masked,
                   UnitAttr:$store_scores, UnitAttr:$store_probs, I64Attr:$mr, DefaultValuedAttr<I64Attr, "16">:$lanes);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let assemblyFormat = [{
    `ins` `(` $query `,` $key `,` $value `:` type($query) `,` type($key) `,` type($value) `)`
    (`value_panels` `(` $value_panels^ `:` type($value_panels) `)`)? (`addends` `(` $addends^ `:` type($addends) `)`)? `outs` `(` $outputs `:` type($outputs) `)` attr-dict
    (`->` type($results)^)?
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = dpsDeclaration # [{
    ::mlir::ShapedType getQueryType() { return ::llvm::cast<::mlir::ShapedType>(getQuery().getType()); }
    ::mlir::ShapedType getKeyType() { return ::llvm::cast<::mlir::ShapedType>(getKey().getType()); }
    ::mlir::ShapedType getValueType() { return ::llvm::cast<::mlir::ShapedType>(getValue().getType()); }
    int64_t getBatchRank() { return getQueryType().getRank() - 3; }
    int64_t getHeads() { return getQueryType().getShape().end()[-2]; }
    int64_t getKeyHeads() { return getValueType().getShape().end()[-2]; }
    /// Bytes of a q row in scratch, and of all that does not depend on the number of keys: q rows and row sums.
    int64_t getQueryRowBytes();
    int64_t getFixedScratchBytes();
    ::mlir::OpFoldResult getScratchBytes(::mlir::OpBuilder &builder);
    ::mlir::OpFoldResult getMacs(::mlir::OpBuilder &builder);
    bool hasBF16Products() { return !!getValuePanels(); }
    /// nr, the keys of a panel.
    int64_t getPanelWidth() { return getKeyType().getShape().back() / (hasBF16Products() ? 2 : 1); }
    /// Rows of a panel of keys: features, or pairs of them.
    int64_t getPanelRows() { return getKeyType().getShape().end()[-2]; }
  }];
}

#endif
