// Visual tokens: a few rows that stand for a map, made from its positions and projected back to them.
#ifndef VITC_DIALECT_VIT_IR_VISUALTOKENSOPS_TD
#define VITC_DIALECT_VIT_IR_VISUALTOKENSOPS_TD

include "vitc/Dialect/ViT/IR/ViTBase.td"

def ViT_TokenizeOp : ViT_Op<"tokenize", [Pure, ViT_ReifiesShapes, ViT_HasMacs]> {
  let summary = "visual tokens, each a mean over the positions of a map";
  let description = [{
    maps[b.., l, p] = softmax over p of scale · Σ_c weights[b.., l, c] · x[b.., p, c],
    tokens[b.., l, e] = Σ_p maps[b.., l, p] · values[b.., p, e], where values are x if there are none.

    Softmax runs over the P positions: the maps of a token sum to one. Weights without batch are the same for all pictures
    (W_Aᵀ of a static tokenizer); with batch they are made from earlier tokens (a recurrent one). Values are a projection
    of x. Source: Wu et al., "Visual Transformers" (arXiv 2006.03677): T = softmax_HW(X W_A)ᵀ X in the ICCV 2021 text,
    T = softmax_HW(X W_A)ᵀ (X W_V) in the first version.

    - (C1) x is (B.., P, C) with at least one B, weights (L, C) or (B.., L, C), values (B.., P, E).
    - (C2) tokens are (B.., L, E), E = C without values; maps, where present, (B.., L, P).
  }];
  let arguments = (ins RankedTensorOf<[AnyFloat]>:$x, RankedTensorOf<[AnyFloat]>:$weights,
                   Optional<RankedTensorOf<[AnyFloat]>>:$values, F32Attr:$scale);
  let results = (outs RankedTensorOf<[AnyFloat]>:$tokens, Optional<RankedTensorOf<[AnyFloat]>>:$maps);
  let assemblyFormat = [{
    $x `,` $weights (`values` `(` $values^ `:` type($values) `)`)? attr-dict `:`
    `(` type($x) `,` type($weights) `)` `->` type($tokens) (`maps` type($maps)^)?
  }];
  let hasVerifier = 1;
}

def ViT_ProjectOp : ViT_Op<"project", [Pure, ViT_ReifiesShapes, ViT_HasMacs]> {
  let summary = "visual tokens projected back to the positions of their map";
  let description = [{
    maps[b.., p, l] = softmax over l of (scale · Σ_d query[b.., p, d] · key[b.., l, d] + Σ addends),
    y[b.., p, c] = x[b.., p, c] + Σ_l maps[b.., p, l] · value[b.., l, c].

    Queries are a projection of the positions x, keys and values of the tokens. Source: Wu et al., "Visual Transformers"
    (arXiv 2006.03677): X + softmax_L((X W_Q)(T W_K)ᵀ) T in the ICCV 2021 text, (T W_V) for the last T in the first
    version.

    - (C1) x is (B.., P, C) with at least one B, query (B.., P, D), key (B.., L, D), value (B.., L, C).
    - (C2) y is as x; maps, where present, are (B.., P, L), to which every addend broadcasts.
  }];
  let arguments = (ins RankedTensorOf<[AnyFloat]>:$x, RankedTensorOf<[AnyFloat]>:$query,
                   RankedTensorOf<[AnyFloat]>:$key, RankedTensorOf<[AnyFloat]>:$value,
                   Variadic<RankedTensorOf<[AnyFloat]>>:$addends, F32Attr:$scale);
  let results = (outs RankedTensorOf<[AnyFloat]>:$result, Optional<RankedTensorOf<[AnyFloat]>>:$maps);
  let assemblyFormat = [{
    $x `,` $query `,` $key `,` $value (`addends` `(` $addends^ `:` type($addends) `)`)? attr-dict `:`
    `(` type($x) `,` type($query) `,` type($key) `,` type($value) `)` `->` type($result) (`maps` type($maps)^)?
  }];
  let hasVerifier = 1;
}

#endif
