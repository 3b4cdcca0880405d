// What a loop nest over its result does not say: writes at positions that the run decides, and sorting.
#ifndef VITC_DIALECT_VIT_IR_INDEXINGOPS_TD
#define VITC_DIALECT_VIT_IR_INDEXINGOPS_TD

include "vitc/Dialect/ViT/IR/ViTBase.td"

def ViT_ScatterOp : ViT_Op<"scatter", [Pure, ViT_ReifiesShapes, AllTypesMatch<["data", "result"]>]> {
  let summary = "a tensor with elements or slices updated at indices";
  let description = [{
    With an `axis`, y is `data`, then y[i.., indices[i.., j, k..], k..] = updates[i.., j, k..]; without one,
    y[indices[i.., :].., k..] = updates[i.., k..]. Updates follow each other in row-major order; each
    replaces an element, or with a `reduction` becomes their sum, product, maximum or minimum. Integers are signed, or
    unsigned with `is_unsigned`; the sum and the maximum of bools are their or, the others their and. Negative indices count from the end; then they are clamped to
    the dimension, and in the other dimensions updates beyond those of `data` are ignored.

    - (C1) `data` has at least one dimension; `updates` has its element type.
    - (C2) With an `axis`, which is in [0, rank), `indices` and `updates` have the same shape and the rank of `data`.
    - (C3) Without one, `indices` is (i.., L), L static in [1, rank], and `updates` (i.., k..), k.. the dimensions of
      `data` from L on.
    - (C4) `reduction` is none, add, mul, max or min.
  }];
  let arguments = (ins AnyRankedTensor:$data, RankedTensorOf<[I32, I64]>:$indices, AnyRankedTensor:$updates,
                   OptionalAttr<I64Attr>:$axis, DefaultValuedStrAttr<StrAttr, "none">:$reduction, UnitAttr:$is_unsigned);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = [{
    $updates `into` $data `at` $indices attr-dict `:` type($updates) `,` type($indices) `->` type($result)
  }];
  let hasVerifier = 1;
}

def ViT_TopKOp : ViT_Op<"top_k", [Pure, ViT_ReifiesShapes]> {
  let summary = "the k first elements of each row in sorted order, and where they are";
  let description = [{
    The last dimension is sorted from the greatest element down, or with `smallest` from the least up; of equal elements
    the first one comes first. Integers are signed, or unsigned with `is_unsigned`. Where NaN stands is undefined.

    - (C1) x is (B.., N), values and indices (B.., K), K static and at most N; x has at least one dimension.
    - (C2) values has the element type of x.
  }];
  let arguments = (ins AnyRankedTensor:$x, UnitAttr:$smallest, UnitAttr:$is_unsigned);
  let results = (outs AnyRankedTensor:$values, RankedTensorOf<[I64]>:$indices);
  let assemblyFormat = "$x attr-dict `:` type($x) `->` type($values) `,` type($indices)";
  let hasVerifier = 1;
}

#endif
