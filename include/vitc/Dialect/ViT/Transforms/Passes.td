#ifndef VITC_DIALECT_VIT_TRANSFORMS_PASSES_TD
#define VITC_DIALECT_VIT_TRANSFORMS_PASSES_TD

include "mlir/Pass/PassBase.td"

def SplitBatchPass : Pass<"vit-split-batch", "::mlir::func::FuncOp"> {
  let summary = "run a batch in several passes";
  let description = [{
    A function of a batch becomes one of a part of it (of one image, where that multiplies enough with the weights in the mean), and
    says in `vit.passes` how often it is to run for the whole: what lies between two layers then stays in the caches, and
    takes the memory of a part. That is done where all sizes are known, all inputs and outputs have the batch as first
    dimension, and every op keeps images apart: images are the outermost part of the first dimension of whatever depends on
    the inputs, and every op runs along that dimension. Else nothing is changed.

    ```mlir
    // before
    func.func @main(%x: tensor<8x196x384xf32>) -> tensor<8x196x384xf32> {
      %y = vit.linear %x, %w : (tensor<8x196x384xf32>, tensor<384x384xf32>) -> tensor<8x196x384xf32>
      …
    // after
    func.func @main(%x: tensor<1x196x384xf32>) -> tensor<1x196x384xf32> attributes {vit.passes = 8} {
      %y = vit.linear %x, %w : (tensor<1x196x384xf32>, tensor<384x384xf32>) -> tensor<1x196x384xf32>
      …
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect"];
}

def ExpandTokensPass : Pass<"vit-expand-tokens"> {
  let summary = "split patch embedding and token assembly into what kernels do";
  let description = [{
    `vit.patch_embed` becomes patches as rows and a `vit.linear`, so that what follows a patch embedding (the position
    of each token) fuses like any other epilogue; `vit.assemble` becomes an addition and two insertions into one
    token buffer. Patches of an image whose channels are innermost (tokens that are read as one) lie in a few runs of memory
    each: such an embedding becomes a `vit.conv`, which needs no rows.

    ```mlir
    // before
    %p = vit.patch_embed %image, %w bias(%b : tensor<384xf32>) : (…, tensor<384x3x16x16xf32>) -> tensor<1x196x384xf32>
    // after
    %r = vit.patchify %image {patch = array<i64: 16, 16>} : tensor<1x3x224x224xf32> -> tensor<1x196x768xf32>
    %p = vit.linear %r, %w2 bias(%b : tensor<384xf32>) {transposed} : (…, tensor<384x768xf32>) -> tensor<1x196x384xf32>
    ```

    Postcondition: no `vit.patch_embed` and no `vit.assemble`.
  }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect"];
}

def ExpandVisualTokensPass : Pass<"vit-expand-visual-tokens"> {
  let summary = "make tokenizers and projectors attention of one head";
  let description = [{
    A token is what its weights, as a query, choose of the positions; a position reads the tokens by its query, and is added
    to what it reads. Softmax and the product with the values are then one kernel, in one pass over the positions.

    ```mlir
    // before
    %t = vit.tokenize %x, %w {scale = 1.0 : f32} : (tensor<?x196x256xf32>, tensor<16x256xf32>) -> tensor<?x16x256xf32>
    // after: %q = %w for every picture, as one head; %k = %x as one head
    %r = vit.attention %q, %k, %k {scale = 1.0 : f32} : (tensor<?x16x1x256xf32>, tensor<?x196x1x256xf32>,
                                                         tensor<?x196x1x256xf32>) -> tensor<?x16x1x256xf32>
    %t = tensor.collapse_shape %r [[0], [1, 2], [3]] : tensor<?x16x1x256xf32> into tensor<?x16x256xf32>
    ```

    Postcondition: no `vit.tokenize` and no `vit.project`.
  }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect"];
}

def ExpandScoresPass : Pass<"vit-expand-scores"> {
  let summary = "split attention in parts into matrix products and softmax";
  let description = [{
    `vit.scores`, `vit.attend`, `vit.inherit` and `vit.reattend` become `linalg.contract`, `linalg.softmax`, sums and, for
    the keys' side of an inheritance, `vit.linear`; `vit.score_down` becomes `vit.conv`. A `vit.attention` whose values nobody reads becomes its scores.

    ```mlir
    // before
    %y = vit.inherit %a theta(%t : tensor<49x49xf32>) theta_bias(%b : tensor<49xf32>) psi(%p : tensor<49x49xf32>)
      : tensor<1x8x49x49xf32> -> tensor<1x8x49x49xf32>
    // after
    %0 = vit.linear %a, %t bias(%b : tensor<49xf32>) {transposed} : (…, tensor<49x49xf32>) -> tensor<1x8x49x49xf32>
    %y = linalg.contract … ins(%p, %0 : tensor<49x49xf32>, tensor<1x8x49x49xf32>) …
    ```

    Postcondition: none of the five ops is left.
  }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect"];
}

def FuseEpiloguesPass : Pass<"vit-fuse-epilogues"> {
  let summary = "pull elementwise work into the epilogue of the contraction that feeds it";
  let description = [{
    An elementwise op (`vit.gelu`, `vit.silu`, `vit.layer_scale`, any structured op with parallel loops only and identity
    maps from the contraction's result to its own) that is the only reader of a `vit.linear` or `vit.conv` moves into its
    epilogue. Other operands become extras with their index maps; splat constants become scalars. An op that reads the
    rows of a `vit.linear` merged (a batch norm of tokens) first takes their extents, and an activation that reads views of
    a contraction moves before them.

    ```mlir
    // before
    %0 = vit.linear %x, %w : (tensor<4x8xf32>, tensor<8x6xf32>) -> tensor<4x6xf32>
    %1 = vit.gelu %0 : tensor<4x6xf32>
    // after
    %1 = vit.linear %x, %w : (tensor<4x8xf32>, tensor<8x6xf32>) -> tensor<4x6xf32> epilogue {
    ^bb0(%acc: f32):
      %g = vit.gelu %acc : f32
      vit.yield %g : f32
    }
    ```

    Precondition: recognition is done. Numbers do not change: every element sees the same operations in the same order.
  }];
}

#endif
