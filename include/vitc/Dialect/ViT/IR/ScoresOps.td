// Attention in parts: its scores and what becomes of them, for models that hand scores on from layer to layer or mix
// the heads.
#ifndef VITC_DIALECT_VIT_IR_SCORESOPS_TD
#define VITC_DIALECT_VIT_IR_SCORESOPS_TD

include "vitc/Dialect/ViT/IR/ViTBase.td"

def ViT_ScoresOp : ViT_Op<"scores", [Pure, ViT_ReifiesShapes, ViT_HasMacs]> {
  let summary = "the scores of an attention, before softmax";
  let description = [{
    y[b.., h, m, n] = scale · Σ_d q[b.., m, h, d] · k[b.., n, h, d] + Σ addends; as the first half of `vit.attention`.

    - (C1) q is (B.., M, H, D), k (B.., N, H, D), y (B.., H, M, N).
    - (C2) Every addend broadcasts to y.
  }];
  let arguments = (ins RankedTensorOf<[AnyFloat]>:$query, RankedTensorOf<[AnyFloat]>:$key,
                   Variadic<RankedTensorOf<[AnyFloat]>>:$addends, F32Attr:$scale);
  let results = (outs RankedTensorOf<[AnyFloat]>:$result);
  let assemblyFormat = [{
    $query `,` $key (`addends` `(` $addends^ `:` type($addends) `)`)? attr-dict `:`
    `(` type($query) `,` type($key) `)` `->` type($result)
  }];
  let hasVerifier = 1;
}

def ViT_AttendOp : ViT_Op<"attend", [Pure, ViT_ReifiesShapes, ViT_HasMacs]> {
  let summary = "the values that given scores choose";
  let description = [{
    probs = softmax over n of (scores + Σ addends), out[b.., m, h, e] = Σ_n probs[b.., h, m, n] · v[b.., n, h, e]; as the
    second half of `vit.attention`. With `normalized`, the scores are probabilities (of any sum) and softmax is left out.

    - (C1) scores are (B.., H, M, N), v (B.., N, H, E), out (B.., M, H, E); probs, where present, as the scores.
    - (C2) Every addend broadcasts to the scores; there are no addends and no probs with `normalized`.
  }];
  let arguments = (ins RankedTensorOf<[AnyFloat]>:$scores, RankedTensorOf<[AnyFloat]>:$value,
                   Variadic<RankedTensorOf<[AnyFloat]>>:$addends, UnitAttr:$normalized);
  let results = (outs RankedTensorOf<[AnyFloat]>:$result, Optional<RankedTensorOf<[AnyFloat]>>:$probs);
  let assemblyFormat = [{
    $scores `,` $value (`addends` `(` $addends^ `:` type($addends) `)`)? attr-dict `:`
    `(` type($scores) `,` type($value) `)` `->` type($result) (`probs` type($probs)^)?
  }];
  let hasVerifier = 1;
}

def ViT_InheritOp : ViT_Op<"inherit", [Pure, ViT_ReifiesShapes, ViT_HasMacs, AttrSizedOperandSegments]> {
  let summary = "scores made from those of an earlier layer";
  let description = [{
    Θ and Ψ act on keys and on queries, the same for all heads: y = Ψ (A Θᵀ + 1 b_Θᵀ) + b_Ψ 1ᵀ for every matrix A of the
    scores. What is absent is the identity, or zero. `stage` says whether A are scores (`pre` softmax) or probabilities
    (`post`). Source: Zhang et al., "You Only Need Less Attention at Each Stage in Vision Transformers" (arXiv
    2406.00427): A^l = Ψ(Θ(A^(l−1))ᵀ)ᵀ, Θ and Ψ linear layers over tokens.

    - (C1) A is (B.., H, M, N), Θ (N', N), b_Θ (N'), Ψ (M', M), b_Ψ (M'), y (B.., H, M', N'); M' = M without Ψ, N' = N
      without Θ.
    - (C2) b_Θ comes with Θ, b_Ψ with Ψ; there is Θ or Ψ.
  }];
  let arguments = (ins RankedTensorOf<[AnyFloat]>:$scores, Optional<RankedTensorOf<[AnyFloat]>>:$theta,
                   Optional<RankedTensorOf<[AnyFloat]>>:$theta_bias, Optional<RankedTensorOf<[AnyFloat]>>:$psi,
                   Optional<RankedTensorOf<[AnyFloat]>>:$psi_bias,
                   DefaultValuedAttr<ViT_InheritStage, "::vitc::vit::InheritStage::pre">:$stage);
  let results = (outs RankedTensorOf<[AnyFloat]>:$result);
  let assemblyFormat = [{
    $scores (`theta` `(` $theta^ `:` type($theta) `)`)? (`theta_bias` `(` $theta_bias^ `:` type($theta_bias) `)`)?
    (`psi` `(` $psi^ `:` type($psi) `)`)? (`psi_bias` `(` $psi_bias^ `:` type($psi_bias) `)`)?
    attr-dict `:` type($scores) `->` type($result)
  }];
  let extraClassDeclaration = [{
    /// Whether Ψ is applied before Θ: where that is less, and Θ has no bias, which Ψ would have to be applied to.
    bool isQueriesFirst();
  }];
  let hasVerifier = 1;
}

def ViT_ScoreDownOp : ViT_Op<"score_down", [Pure, ViT_ReifiesShapes, ViT_HasMacs]> {
  let summary = "the scores of a stage, made smaller for the next";
  let description = [{
    A convolution without padding of the maps as images, (B, H, M, N) to (B, G, M', N'): the residual between stages of
    arXiv 2406.00427, where a depthwise convolution and one over heads follow each other. Tokens are in raster order,
    so that a stride of 4 is not a 2 × 2 pool of the picture.

    - (C1) scores is (B, H, M, N), filter (G, H/groups, kh, kw), bias (G), y (B, G, ⌊(M − kh)/stride⌋ + 1,
      ⌊(N − kw)/stride⌋ + 1); M and N are static.
    - (C2) groups divides H and G; stride is positive.
  }];
  let arguments = (ins RankedTensorOf<[AnyFloat]>:$scores, RankedTensorOf<[AnyFloat]>:$filter,
                   Optional<RankedTensorOf<[AnyFloat]>>:$bias, I64Attr:$stride, DefaultValuedAttr<I64Attr, "1">:$groups);
  let results = (outs RankedTensorOf<[AnyFloat]>:$result);
  let assemblyFormat = [{
    $scores `,` $filter (`bias` `(` $bias^ `:` type($bias) `)`)? attr-dict `:`
    `(` type($scores) `,` type($filter) `)` `->` type($result)
  }];
  let hasVerifier = 1;
}

def ViT_ReattendOp : ViT_Op<"reattend", [Pure, ViT_ReifiesShapes, ViT_HasMacs]> {
  let summary = "attention maps mixed across heads";
  let description = [{
    y[b.., g, m, n] = Σ_h Θ[g, h] · probs[b.., h, m, n] + shift[g]. Source: Zhou et al., "DeepViT" (arXiv 2103.11886),
    equation 3; the normalisation that follows there is folded into Θ and shift.

    - (C1) probs is (B.., H, M, N), Θ (G, H), shift (G), y (B.., G, M, N).
  }];
  let arguments = (ins RankedTensorOf<[AnyFloat]>:$probs, RankedTensorOf<[AnyFloat]>:$theta,
                   Optional<RankedTensorOf<[AnyFloat]>>:$shift);
  let results = (outs RankedTensorOf<[AnyFloat]>:$result);
  let assemblyFormat = [{
    $probs `,` $theta (`shift` `(` $shift^ `:` type($shift) `)`)? attr-dict `:`
    `(` type($probs) `,` type($theta) `)` `->` type($result)
  }];
  let hasVerifier = 1;
}

#endif
