#ifndef VITC_DIALECT_VIT_IR_VITOPS_TD
#define VITC_DIALECT_VIT_IR_VITOPS_TD

include "vitc/Dialect/ViT/IR/ViTAttributes.td"
include "vitc/Dialect/ViT/IR/ViTBase.td"

def ViT_GeluApproximate : I32EnumAttr<"GeluApproximate", "how GELU is computed", [
    I32EnumAttrCase<"none", 0>, I32EnumAttrCase<"tanh", 1>]> {
  let cppNamespace = "::vitc::vit";
}

def ViT_GeluOp : ViT_Op<"gelu", [Pure, ViT_CostInterface, SameOperandsAndResultType, Elementwise, Scalarizable, Vectorizable, Tensorizable]> {
  let summary = "Gaussian error linear unit, elementwise";
  let description = [{
    `none`: x/2 · (1 + erf(x/√2)); `tanh`: x/2 · (1 + tanh(√(2/π) · (x + 0.044715 x³))).
    Source: Hendrycks and Gimpel, arXiv 1606.08415, equations 1 and 2.
  }];
  let arguments = (ins FloatLike:$input,
                   DefaultValuedAttr<ViT_GeluApproximate, "::vitc::vit::GeluApproximate::none">:$approximate);
  let results = (outs FloatLike:$result);
  let assemblyFormat = "$input attr-dict `:` type($result)";
}

def ViT_InheritStage : I32EnumAttr<"InheritStage", "what an inherited score was", [
    I32EnumAttrCase<"pre", 0>, I32EnumAttrCase<"post", 1>]> {
  let cppNamespace = "::vitc::vit";
}

def ViT_SiluOp : ViT_Op<"silu", [Pure, ViT_CostInterface, SameOperandsAndResultType, Elementwise, Scalarizable, Vectorizable, Tensorizable]> {
  let summary = "x · sigmoid(β x), elementwise";
  let description = [{
    β is 1 for SiLU (Elfwing et al., arXiv 1702.03118, equation 12) and 1.702 for CLIP's QuickGELU.
  }];
  let arguments = (ins FloatLike:$input,
                   DefaultValuedAttr<F32Attr, "1.0f">:$beta);
  let results = (outs FloatLike:$result);
  let assemblyFormat = "$input attr-dict `:` type($result)";
}

def ViT_HardSwishOp : ViT_Op<"hard_swish", [Pure, ViT_CostInterface, SameOperandsAndResultType, Elementwise, Scalarizable, Vectorizable, Tensorizable]> {
  let summary = "x · min(max(x + 3, 0), 6) / 6, elementwise";
  let description = [{ Source: Howard et al., arXiv 1905.02244, section 5.2. }];
  let arguments = (ins FloatLike:$input);
  let results = (outs FloatLike:$result);
  let assemblyFormat = "$input attr-dict `:` type($result)";
}

def ViT_LayerNormOp : ViT_Op<"layer_norm", [Pure, ViT_ReifiesShapes, ViT_CostInterface, AttrSizedOperandSegments, AllTypesMatch<["input", "result"]>]> {
  let summary = "layer normalization over the last dimension";
  let description = [{
    y = (x − mean(x)) / √(var(x) + ε) · scale + bias, the mean and the biased variance over the last dimension.
    Source: Ba et al., arXiv 1607.06450, equation 4.

    - (C1) scale and bias, where present, have shape (C), C the last dimension of x.
  }];
  let arguments = (ins RankedTensorOf<[AnyFloat]>:$input, Optional<RankedTensorOf<[AnyFloat]>>:$scale,
                   Optional<RankedTensorOf<[AnyFloat]>>:$bias, F32Attr:$epsilon);
  let results = (outs RankedTensorOf<[AnyFloat]>:$result);
  let assemblyFormat = [{
    $input (`scale` `(` $scale^ `:` type($scale) `)`)? (`bias` `(` $bias^ `:` type($bias) `)`)? attr-dict `:` type($result)
  }];
  let hasVerifier = 1;
}

def ViT_RmsNormOp : ViT_Op<"rms_norm", [Pure, ViT_ReifiesShapes, ViT_CostInterface, AllTypesMatch<["input", "result"]>]> {
  let summary = "root mean square normalization over the last dimension";
  let description = [{
    y = x / √(mean(x²) + ε) · scale, the mean over the last dimension.
    Source: Zhang and Sennrich, arXiv 1910.07467, equation 4.

    - (C1) scale, where present, has shape (C), C the last dimension of x.
  }];
  let arguments = (ins RankedTensorOf<[AnyFloat]>:$input, Optional<RankedTensorOf<[AnyFloat]>>:$scale, F32Attr:$epsilon);
  let results = (outs RankedTensorOf<[AnyFloat]>:$result);
  let assemblyFormat = "$input (`scale` `(` $scale^ `:` type($scale) `)`)? attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def ViT_LayerScaleOp : ViT_Op<"layer_scale", [Pure, ViT_ReifiesShapes, ViT_CostInterface, AllTypesMatch<["input", "result"]>]> {
  let summary = "scales every channel by a learned factor";
  let description = [{
    y[.., c] = x[.., c] · gamma[c]. Source: Touvron et al., arXiv 2103.17239, equation 4.

    - (C1) gamma has shape (C), C the last dimension of x.
  }];
  let arguments = (ins RankedTensorOf<[AnyFloat]>:$input, RankedTensorOf<[AnyFloat]>:$gamma);
  let results = (outs RankedTensorOf<[AnyFloat]>:$result);
  let assemblyFormat = "$input `,` $gamma attr-dict `:` type($input) `,` type($gamma)";
  let hasVerifier = 1;
}

def ViT_YieldOp : ViT_Op<"yield", [Pure, Terminator, ParentOneOf<["LinearOp", "ConvOp"]>]> {
  let summary = "the value of an epilogue";
  let arguments = (ins AnyType:$value);
  let assemblyFormat = "$value attr-dict `:` type($value)";
}

def ViT_LinearOp : ViT_Op<"linear", [Pure, IsolatedFromAbove, ViT_ReifiesShapes, ViT_HasMacs, AttrSizedOperandSegments]> {
  let summary = "a dense layer and what follows it";
  let description = [{
    y[.., n] = epilogue(Σ_k x[.., k] · W[k, n] + bias[n], extras..). With `transposed`, the weight is stored (N, K).
    The epilogue is a region over scalars: its arguments are the accumulator and one element of each extra operand,
    read through that operand's index map, an affine map from the dimensions of y. An empty region is the identity.

    - (C1) x has shape (batch.., K), W (K, N) or (N, K), bias (N), y (batch.., N).
    - (C2) There is one map an extra operand, from rank(y) dimensions to its rank.
    - (C3) The region is empty or has one block whose arguments are the accumulator and one scalar an extra operand,
      and which yields y's element type.
  }];
  let arguments = (ins RankedTensorOf<[AnyFloat]>:$input, RankedTensorOf<[AnyFloat]>:$weight,
                   Optional<RankedTensorOf<[AnyFloat]>>:$bias, Variadic<RankedTensorOf<[AnyFloat]>>:$extras,
                   UnitAttr:$transposed, DefaultValuedAttr<AffineMapArrayAttr, "{}">:$extra_maps);
  let results = (outs RankedTensorOf<[AnyFloat]>:$result);
  let regions = (region MaxSizedRegion<1>:$epilogue);
  let assemblyFormat = [{
    $input `,` $weight (`bias` `(` $bias^ `:` type($bias) `)`)? (`extras` `(` $extras^ `:` type($extras) `)`)?
    attr-dict `:` `(` type($input) `,` type($weight) `)` `->` type($result) (`epilogue` $epilogue^)?
  }];
  let hasVerifier = 1;
}

def ViT_ConvOp : ViT_Op<"conv", [Pure, IsolatedFromAbove, ViT_ReifiesShapes, ViT_HasMacs, AttrSizedOperandSegments]> {
  let summary = "a convolution and what follows it";
  let description = [{
    y = epilogue(conv(x, W) + bias, extras..) in two dimensions. x is (B, C, H, W); the weight is (F, C/groups, kh, kw), or
    (C, F/groups, kh, kw) with `transposed` (a transposed convolution: the gradient of a convolution of that stride).
    `pads` are top, left, bottom, right. The epilogue is as in `vit.linear`.

    - (C1) x, W and y have rank 4 and agree on B, C, F; bias has shape (F).
    - (C2) strides and dilations have two positive values, pads four that are not negative; groups divides C and F.
    - (C3) The static height and width of y are those the window gives; a transposed convolution may have up to
      stride − 1 more (ONNX's output_padding).
    - (C4) Epilogue, extras and maps are as in `vit.linear` (C2), (C3).
  }];
  let arguments = (ins RankedTensorOf<[AnyFloat]>:$input, RankedTensorOf<[AnyFloat]>:$weight,
                   Optional<RankedTensorOf<[AnyFloat]>>:$bias, Variadic<RankedTensorOf<[AnyFloat]>>:$extras,
                   DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$pads, DenseI64ArrayAttr:$dilations,
                   DefaultValuedAttr<I64Attr, "1">:$groups, UnitAttr:$transposed,
                   DefaultValuedAttr<AffineMapArrayAttr, "{}">:$extra_maps);
  let results = (outs RankedTensorOf<[AnyFloat]>:$result);
  let regions = (region MaxSizedRegion<1>:$epilogue);
  let assemblyFormat = [{
    $input `,` $weight (`bias` `(` $bias^ `:` type($bias) `)`)? (`extras` `(` $extras^ `:` type($extras) `)`)?
    attr-dict `:` `(` type($input) `,` type($weight) `)` `->` type($result) (`epilogue` $epilogue^)?
  }];
  let hasVerifier = 1;
}

def ViT_PatchEmbedOp : ViT_Op<"patch_embed", [Pure, ViT_ReifiesShapes, ViT_HasMacs]> {
  let summary = "cuts an image into patches and projects each to a token";
  let description = [{
    A convolution whose stride is its kernel, its output read as tokens in raster order: image (B, Cin, H, W), weight
    (C, Cin, ph, pw), bias (C), result (B, H/ph · W/pw, C). Source: Dosovitskiy et al., arXiv 2010.11929, equation 1.

    - (C1) ph divides H and pw divides W; both are static, and image and weight agree on Cin.
    - (C2) The result is (B, H/ph · W/pw, C), the bias (C).
  }];
  let arguments = (ins RankedTensorOf<[AnyFloat]>:$image, RankedTensorOf<[AnyFloat]>:$weight,
                   Optional<RankedTensorOf<[AnyFloat]>>:$bias);
  let results = (outs RankedTensorOf<[AnyFloat]>:$result);
  let assemblyFormat = [{
    $image `,` $weight (`bias` `(` $bias^ `:` type($bias) `)`)? attr-dict `:`
    `(` type($image) `,` type($weight) `)` `->` type($result)
  }];
  let hasVerifier = 1;
}

def ViT_PatchifyOp : ViT_Op<"patchify", [Pure, ViT_ReifiesShapes, ViT_CostInterface]> {
  let summary = "the patches of an image as rows";
  let description = [{
    y[b, i · (W / pw) + j, (c · ph + u) · pw + v] = image[b, c, i · ph + u, j · pw + v], with patch = [ph, pw].

    - (C1) image is (B, C, H, W); ph divides H and pw divides W; all but B are static.
    - (C2) The result is (B, H/ph · W/pw, C · ph · pw).
  }];
  let arguments = (ins RankedTensorOf<[AnyFloat]>:$image, DenseI64ArrayAttr:$patch);
  let results = (outs RankedTensorOf<[AnyFloat]>:$result);
  let assemblyFormat = "$image attr-dict `:` type($image) `->` type($result)";
  let hasVerifier = 1;
}

def ViT_GatherRowsOp : ViT_Op<"gather_rows", [Pure, ViT_ReifiesShapes, ViT_CostInterface]> {
  let summary = "rows in another order";
  let description = [{
    y[b, t, :] = x[b, rows[t], :]. What views, rolls and transposes of tokens come to where channels stay together, as
    the windows of a shifted window attention do (arXiv 2103.14030, §3.2). Indices are in [0, R).

    - (C1) x is (B, R, C), C static; rows is (T), T static.
    - (C2) The result is (B, T, C).
  }];
  let arguments = (ins RankedTensorOf<[AnyFloat]>:$input, RankedTensorOf<[I32]>:$rows);
  let results = (outs RankedTensorOf<[AnyFloat]>:$result);
  let assemblyFormat = "$input `,` $rows attr-dict `:` type($input) `,` type($rows) `->` type($result)";
  let hasVerifier = 1;
}

def ViT_AssembleOp : ViT_Op<"assemble", [Pure, ViT_ReifiesShapes, ViT_CostInterface, AttrSizedOperandSegments]> {
  let summary = "prefix tokens, then patches with their positions";
  let description = [{
    y[b, i] = prefix[i] for i < n, and y[b, n + j] = patches[b, j] + position[j]. The prefix rows do not depend on the
    input and hold their own positions; they are `cls` class tokens, read by an output, and `registers`, which none
    reads (arXiv 2309.16588). Both layouts that exporters write (positions before or after the registers go in) are this.

    - (C1) prefix is (n, C), patches (B, P, C), position (P, C), y (B, n + P, C).
    - (C2) cls + registers is at most n; the rest are prefix tokens of unknown role.
  }];
  let arguments = (ins Optional<RankedTensorOf<[AnyFloat]>>:$prefix, RankedTensorOf<[AnyFloat]>:$patches,
                   Optional<RankedTensorOf<[AnyFloat]>>:$position, I64Attr:$cls, I64Attr:$registers);
  let results = (outs RankedTensorOf<[AnyFloat]>:$result);
  let assemblyFormat = [{
    (`prefix` `(` $prefix^ `:` type($prefix) `)`)? `patches` `(` $patches `:` type($patches) `)`
    (`position` `(` $position^ `:` type($position) `)`)? attr-dict `->` type($result)
  }];
  let hasVerifier = 1;
}

def ViT_AttentionOp : ViT_Op<"attention", [Pure, ViT_ReifiesShapes, ViT_HasMacs, AttrSizedResultSegments]> {
  let summary = "scaled dot-product attention over heads";
  let description = [{
    scores[b.., h, m, n] = cap(scale · Σ_d q[b.., m, h, d] · k[b.., n, g, d]) + Σ addends, probs = softmax over n,
    out[b.., m, h, e] = Σ_n probs[b.., h, m, n] · v[b.., n, g, e]. Operands are token-major: the form in which a
    projection leaves them, so that a match needs one expand and one slice and no transpose. Addends (relative
    position bias, masks) broadcast to (b.., h, m, n) from the right. `causal` masks n > m + (N − M).
    Source: Vaswani et al., arXiv 1706.03762, equation 1.

    Keys and values may have fewer heads than queries, G: head h reads g = ⌊h · G / H⌋ (grouped queries, arXiv 2305.13245).
    With a `softcap` c, cap(s) = c · tanh(s / c), else s. A row of the scores that is −∞ throughout gives NaN, and
    zeros with `zero_masked`.

    - (C1) q is (B.., M, H, D), k (B.., N, G, D), v (B.., N, G, E), out (B.., M, H, E), H a multiple of G.
    - (C2) Every addend broadcasts to (B.., H, M, N); so do scores and probs, which have that shape.
    - (C3) softcap, where present, is positive.
  }];
  let arguments = (ins RankedTensorOf<[AnyFloat]>:$query, RankedTensorOf<[AnyFloat]>:$key, RankedTensorOf<[AnyFloat]>:$value,
                   Variadic<RankedTensorOf<[AnyFloat]>>:$addends, F32Attr:$scale, UnitAttr:$causal,
                   OptionalAttr<F32Attr>:$softcap, UnitAttr:$zero_masked);
  let results = (outs RankedTensorOf<[AnyFloat]>:$result, Optional<RankedTensorOf<[AnyFloat]>>:$scores,
                 Optional<RankedTensorOf<[AnyFloat]>>:$probs);
  let assemblyFormat = [{
    $query `,` $key `,` $value (`addends` `(` $addends^ `:` type($addends) `)`)? attr-dict `:`
    `(` type($query) `,` type($key) `,` type($value) `)` `->` type($result)
    (`scores` type($scores)^)? (`probs` type($probs)^)?
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// Whether there are as many heads of keys and values as of queries.
    bool hasOwnKeys() { return getKey().getType().getShape().end()[-2] == getQuery().getType().getShape().end()[-2]; }
  }];
}

include "vitc/Dialect/ViT/IR/DataOps.td"
include "vitc/Dialect/ViT/IR/IndexingOps.td"
include "vitc/Dialect/ViT/IR/ScoresOps.td"
include "vitc/Dialect/ViT/IR/VisualTokensOps.td"

#endif
