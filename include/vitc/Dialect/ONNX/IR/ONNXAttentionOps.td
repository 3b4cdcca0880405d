#ifndef VITC_DIALECT_ONNX_IR_ONNXATTENTIONOPS_TD
#define VITC_DIALECT_ONNX_IR_ONNXATTENTIONOPS_TD

include "vitc/Dialect/ONNX/IR/ONNXBase.td"

def ONNX_AttentionOp : ONNX_Op<"Attention", [AttrSizedOperandSegments, AttrSizedResultSegments],
                               ["input(0)", "input(1)", "input(2)", "input(0)"]> {
  let summary = "scaled dot-product attention over heads";
  let description = [{
    Heads are a dimension (rank 4: batch, heads, tokens, features) or consecutive features (rank 3: batch, tokens,
    heads · features, with `q_num_heads` and `kv_num_heads`). ONNX's Attention (newest opset) defines the rest.

    - (C1) `q`, `k` and `v` have the same rank, 3 or 4.
    - (C2) `q_num_heads` and `kv_num_heads` are present and positive with rank 3, and the first is a multiple of the
      second.
    - (C3) `past_key` and `past_value` are both present or both absent, and only absent with `nonpad_kv_seqlen`.
    - (C4) `qk_matmul_output_mode` is in [0, 3].
    - (C5) `q`, `k` and `past_key` have the same element type, and so have `v` and `past_value`.
    - (C6) The window sizes are at least −1, which is no bound.
  }];
  let arguments = (ins ONNX_FloatTensor:$q, ONNX_FloatTensor:$k, ONNX_FloatTensor:$v, Optional<ONNX_Tensor>:$attn_mask,
                   Optional<ONNX_FloatTensor>:$past_key, Optional<ONNX_FloatTensor>:$past_value,
                   Optional<ONNX_I64Tensor>:$nonpad_kv_seqlen, ONNX_Bool<0>:$is_causal,
                   OptionalAttr<ONNX_I64Attr>:$kv_num_heads, OptionalAttr<ONNX_I64Attr>:$q_num_heads,
                   ONNX_Int<0>:$qk_matmul_output_mode, OptionalAttr<F32Attr>:$scale, ONNX_Float<"0.0f">:$softcap,
                   OptionalAttr<TypeAttr>:$softmax_precision, ONNX_Int<-1>:$left_window_size,
                   ONNX_Int<-1>:$right_window_size);
  let results = (outs ONNX_FloatTensor:$y, Optional<ONNX_FloatTensor>:$present_key,
                 Optional<ONNX_FloatTensor>:$present_value, Optional<ONNX_FloatTensor>:$qk_matmul_output);
  let assemblyFormat = [{
    operands attr-dict `:` `(` type(operands) `)` `->` type($y) (`present_key` type($present_key)^)?
    (`present_value` type($present_value)^)? (`qk_matmul_output` type($qk_matmul_output)^)?
  }];
  let hasVerifier = 1;
}

def ONNX_MultiHeadAttentionOp : ONNX_Op<"com.microsoft.MultiHeadAttention",
                                        [AttrSizedOperandSegments, AttrSizedResultSegments]> {
  let summary = "attention as ONNX Runtime's optimizer writes it";
  let description = [{
    Queries are (B, M, H · D), or with keys and values (B, M, H, 3, D). Keys and values are (B, N, H · D) and (B, N, H · E),
    or together (B, N, H, 2, D) in `key`, or as they were kept, (B, H, N, D) and (B, H, N, E). `bias` is that of the three
    projections, one after the other. `key_padding_mask` counts the keys of each picture (B), or says where they begin as
    well (2 B: first all ends, then all beginnings), or has an element, positive where a key may be read, for each key
    (B, N) or each query and key (B, M, N); where it may not, `mask_filter_value` is added to the score, as is
    `attention_bias`, whatever the mask says. `unidirectional` is a causal mask, `qk` are the scores.
    Source: ONNX Runtime's com.microsoft operators, version 1.

    - (C1) `query` has rank 3 or 5. With rank 5 there are no `key` and no `value`, with rank 3 there is a `key`.
    - (C2) `key` has rank 5 without a `value`, else the rank of `value`, 3 or 4.
    - (C3) `num_heads` is positive.
    - (C4) `past_key` and `past_value` are both present or both absent.
    - (C5) All float operands have one element type.
  }];
  let arguments = (ins ONNX_FloatTensor:$query, Optional<ONNX_FloatTensor>:$key, Optional<ONNX_FloatTensor>:$value,
                   Optional<ONNX_FloatTensor>:$bias, Optional<ONNX_IndexTensor>:$key_padding_mask,
                   Optional<ONNX_FloatTensor>:$attention_bias, Optional<ONNX_FloatTensor>:$past_key,
                   Optional<ONNX_FloatTensor>:$past_value, Optional<ONNX_IndexTensor>:$past_sequence_length,
                   Optional<ONNX_IndexTensor>:$cache_indirection, ONNX_I64Attr:$num_heads,
                   ONNX_Float<"-10000.0f">:$mask_filter_value, ONNX_Float<"0.0f">:$scale, ONNX_Bool<0>:$unidirectional);
  let results = (outs ONNX_FloatTensor:$output, Optional<ONNX_FloatTensor>:$present_key,
                 Optional<ONNX_FloatTensor>:$present_value, Optional<ONNX_FloatTensor>:$qk);
  let assemblyFormat = [{
    operands attr-dict `:` `(` type(operands) `)` `->` type($output) (`present_key` type($present_key)^)?
    (`present_value` type($present_value)^)? (`qk` type($qk)^)?
  }];
  let hasVerifier = 1;
}

def ONNX_RotaryEmbeddingOp : ONNX_Op<"RotaryEmbedding"> {
  let summary = "turns pairs of features by angles that depend on the token's position";
  let description = [{
    `x` is (batch, heads, tokens, features) or (batch, tokens, heads · features) with `num_heads`. Feature i of the first
    R (all, where `rotary_embedding_dim` is 0) is paired with feature i + R/2, or, `interleaved`, with its neighbour, and
    (a, b) becomes (a cos − b sin, a sin + b cos). The caches are (batch, tokens, R/2), or (positions, R/2) with
    `position_ids` (batch, tokens). Source: Su et al., arXiv 2104.09864, equation 34.

    - (C1) `x` and `y` have the same shape, of rank 3 or 4.
    - (C2) `num_heads` is positive with rank 3.
    - (C3) `rotary_embedding_dim` is even and not negative.
    - (C4) The operands, but for `position_ids`, have one element type.
    - (C5) The caches have rank 3, or 2 with `position_ids`, which have rank 2.
  }];
  let arguments = (ins ONNX_FloatTensor:$x, ONNX_FloatTensor:$cos_cache, ONNX_FloatTensor:$sin_cache,
                   Optional<ONNX_I64Tensor>:$position_ids, ONNX_Bool<0>:$interleaved, ONNX_Int<0>:$num_heads,
                   ONNX_Int<0>:$rotary_embedding_dim);
  let results = (outs ONNX_FloatTensor:$y);
  let extraClassDefinition = ONNX_SameShape;
  let hasVerifier = 1;
}

#endif
