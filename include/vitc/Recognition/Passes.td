#ifndef VITC_RECOGNITION_PASSES_TD
#define VITC_RECOGNITION_PASSES_TD

include "mlir/Pass/PassBase.td"

class VitC_RecognitionPass<string flag> : Pass<flag, "::mlir::func::FuncOp"> {
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::tensor::TensorDialect", "::vitc::vit::ViTDialect"
  ];
}

def RaiseGenerics : VitC_RecognitionPass<"vit-raise-generics"> {
  let summary = "raise generics and named ops to the vocabulary that recognition reads";
  let description = [{
    For linalg that other front ends made, torch-mlir and StableHLO among them. By what an op computes, not by its name:

    - a product summed over loops, be it a generic, a matmul or a batch_matmul, is a `linalg.contract`; a broadcast of a factor
      goes into its index map;
    - what a reduction combines is computed before it, but for the product of a contraction;
    - a body of several ops becomes an op each, and those that have a kind a `linalg.elementwise`. Scalars become tensors of
      rank 0; what is the same along a loop is computed once; ops on constants are folded;
    - other reductions of one value are a `linalg.reduce`; results that nobody reads (the index of a maximum) are dropped;
    - what only moves elements is a `linalg.transpose`, a `linalg.broadcast` or a `linalg.fill`;
    - a 2-D convolution is a `vit.conv`, and a vector that is added along its channels the bias;
    - index maps with a constant lose it, and the tensor its unit dimension.

    ```mlir
    // before
    %y = linalg.generic {…} ins(%x : tensor<4x8xf32>) outs(%init : tensor<4x8xf32>) {
    ^bb0(%in: f32, %out: f32):
      %0 = math.exp %in : f32
      %1 = arith.mulf %0, %half : f32
      linalg.yield %1 : f32
    } -> tensor<4x8xf32>
    // after: %h = dense<0.5> : tensor<f32>
    %0 = linalg.elementwise kind=#linalg.elementwise_kind<exp> ins(%x : tensor<4x8xf32>) …
    %y = linalg.elementwise kind=#linalg.elementwise_kind<mul> … ins(%0, %h : tensor<4x8xf32>, tensor<f32>) …
    ```

    Postcondition: what is left as a generic has a body of one op that has no kind, or is no function of scalars alone.
    Results are the same, bit for bit: the order within a sum is open in linalg.
  }];
}

def RaiseSoftmax : VitC_RecognitionPass<"vit-raise-softmax"> {
  let summary = "raise a softmax spelled in maximum, exponential and sum";
  let description = [{
    ```mlir
    // before: %max and %sum by linalg.reduce along dimension 1, repeated along it
    %shifted = linalg.elementwise kind=#linalg.elementwise_kind<sub> … ins(%x, %max : tensor<4x8xf32>, tensor<4xf32>) …
    %e = linalg.elementwise kind=#linalg.elementwise_kind<exp> ins(%shifted : tensor<4x8xf32>) …
    %y = linalg.elementwise kind=#linalg.elementwise_kind<div> … ins(%e, %sum : tensor<4x8xf32>, tensor<4xf32>) …
    // after
    %y = linalg.softmax dimension(1) ins(%x : tensor<4x8xf32>) …
    ```

    Maximum and sum run along the same dimension of the same values; intermediate values have no other readers. A product
    with the reciprocal of the sum is the same, and so is the quotient without a maximum, wherever it is a number.
  }];
}

def RaiseLayerNorm : VitC_RecognitionPass<"vit-raise-layer-norm"> {
  let summary = "raise a layer or root mean square normalization spelled in means";
  let description = [{
    ```mlir
    // before: %mean = Σ x / C, %variance = Σ (x − %mean)² / C
    %root = linalg.elementwise kind=#linalg.elementwise_kind<sqrt> ins(%variance_plus_epsilon : tensor<2x7xf32>) …
    %n = linalg.elementwise kind=#linalg.elementwise_kind<div> … ins(%centered, %root : tensor<2x7x8xf32>, tensor<2x7xf32>) …
    %y = linalg.elementwise kind=#linalg.elementwise_kind<mul> … ins(%n, %gamma : tensor<2x7x8xf32>, tensor<8xf32>) …
    // after
    %y = vit.layer_norm %x scale(%gamma : tensor<8xf32>) {epsilon = 1.0e-6 : f32} : tensor<2x7x8xf32>
    ```

    The normalised dimension is the last one, the variance is biased, intermediate values have no other readers. Any
    spelling of 1/√ and of the square is read. A product with and a sum of a constant vector that follow become scale and
    bias, also of a `vit.layer_norm` that was there before. Where no mean is subtracted, x / √(Σ x² / C + ε) is a
    `vit.rms_norm`.
  }];
}

def RaiseActivations : VitC_RecognitionPass<"vit-raise-activations"> {
  let summary = "raise GELU, SiLU, QuickGELU and HardSwish spelled in elementwise ops";
  let description = [{
    Starting from erf, tanh, exp or a clamp, their argument and the values computed from them are written as polynomials in the
    input and the transcendental; those that are an activation's, in whatever order and grouping, become it.

    ```mlir
    // before
    %0 = linalg.elementwise kind=#linalg.elementwise_kind<div> … ins(%x, %sqrt2 : tensor<4x8xf32>, tensor<f32>) …
    %1 = linalg.elementwise kind=#linalg.elementwise_kind<erf> ins(%0 : tensor<4x8xf32>) …
    %2 = linalg.elementwise kind=#linalg.elementwise_kind<add> … ins(%1, %one : tensor<4x8xf32>, tensor<f32>) …
    %3 = linalg.elementwise kind=#linalg.elementwise_kind<mul> ins(%x, %2 : tensor<4x8xf32>, tensor<4x8xf32>) …
    %4 = linalg.elementwise kind=#linalg.elementwise_kind<mul> … ins(%3, %half : tensor<4x8xf32>, tensor<f32>) …
    // after
    %4 = vit.gelu %x : tensor<4x8xf32>
    ```
  }];
}

def SimplifySoftmax : VitC_RecognitionPass<"vit-simplify-softmax"> {
  let summary = "drop the guard against rows of NaN after a softmax that has none";
  let description = [{
    Masked attention is exported with a guard: a row of scores that are −∞ as a whole becomes NaN, then 0. The guard does
    nothing where no row can be masked so: the scores are products of queries and keys, scaled, with finite constants added,
    and one mask at most that is constant and leaves every row a score. Products are taken to be finite.

    ```mlir
    // before: %mask is a constant of finite elements
    %scores = linalg.elementwise kind=#linalg.elementwise_kind<add> … ins(%qk, %mask : tensor<2x6x17x17xf32>, tensor<17x17xf32>) …
    %p = linalg.softmax dimension(3) ins(%scores : tensor<2x6x17x17xf32>) …
    %nan = linalg.generic … ins(%p : tensor<2x6x17x17xf32>) { arith.cmpf uno, %in, %in } …
    %guarded = linalg.elementwise kind=#linalg.elementwise_kind<select> … ins(%nan, %zero, %p : …) …
    // after: readers of %guarded read %p
    ```
  }];
}

def RecognizeLinear : VitC_RecognitionPass<"vit-recognize-linear"> {
  let summary = "recognise dense layers";
  let description = [{
    ```mlir
    // before: the weight is a constant (K, N) or (N, K), the bias a constant (N)
    %0 = linalg.contract indexing_maps = [(b, m, n, k) -> (b, m, k), … -> (k, n), … -> (b, m, n)] ins(%x, %w : …) outs(%zero : …)
    %1 = linalg.elementwise kind=#linalg.elementwise_kind<add> … ins(%0, %b : tensor<2x7x6xf32>, tensor<6xf32>) …
    // after
    %1 = vit.linear %x, %w bias(%b : tensor<6xf32>) : (tensor<2x7x8xf32>, tensor<8x6xf32>) -> tensor<2x7x6xf32>
    ```
  }];
}

def RecognizeAttention : VitC_RecognitionPass<"vit-recognize-attention"> {
  let summary = "recognise scaled dot-product attention";
  let description = [{
    Anchored on a softmax: its probabilities, through views, are contracted along the softmax's dimension with values; its
    scores, through views, scalar factors, sums and masks, are the contraction of queries and keys. Every loop of the two
    contractions is a number whose digits are batch, head, query or key, by what of query, key and value they index. Queries
    may be the same along batch and heads (learned ones), which they are repeated along.

    A mask puts a number in the place of scores. It is the addend that is this number there and 0 elsewhere, if the number is
    so low that a score vanishes beside it (−10³⁰), or if it is low (−10⁸) and a constant mask leaves every row a score.
    Scores are taken to be less than 10⁷ in magnitude.

    ```mlir
    // before: packed queries, keys and values, %qk = tensor<1x6x197x197xf32>
    %t = linalg.transpose ins(%packed : tensor<1x197x3x6x64xf32>) … permutation = [2, 0, 3, 1, 4]
    %scores = linalg.contract … ins(%q_times_s, %k_transposed_times_s : tensor<1x6x197x64xf32>, tensor<1x6x64x197xf32>) …
    %probs = linalg.softmax dimension(3) ins(%scores : tensor<1x6x197x197xf32>) …
    %out = linalg.contract … ins(%probs, %v : tensor<1x6x197x197xf32>, tensor<1x6x197x64xf32>) …
    // after
    %heads = tensor.expand_shape %linear [[0], [1], [2, 3]] … : tensor<1x197x1152xf32> into tensor<1x197x18x64xf32>
    %q = tensor.extract_slice %heads[0, 0, 0, 0] [1, 197, 6, 64] …
    %a = vit.attention %q, %k, %v {scale = 0.125 : f32} : (…) -> tensor<1x197x6x64xf32>
    ```

    Two things that models do with the inside of an attention are part of this pass. Scores of an earlier layer that are
    combined along keys or queries by constants become `vit.inherit`, made smaller by convolutions `vit.score_down`, and a
    softmax over them with its values `vit.attend`: inherited attention. Probabilities that a 1 × 1 convolution combines
    across heads become `vit.reattend` between `vit.scores` and `vit.attend`: re-attention.

    Postcondition: operands of an attention are slices of an expanded source wherever that is enough, and its result is
    read through one transpose or reshape. Readers of the scores or the probabilities get results of the attention.
  }];
}

def RecognizeVisualTokens : VitC_RecognitionPass<"vit-recognize-visual-tokens"> {
  let summary = "recognise tokenizers and projectors of visual tokens";
  let description = [{
    Both are attention of one head, and told from it by what flows into them:

    - A **tokenizer** pools positions. Softmax runs over the positions of a map x, whose scores are products of x itself with
      weights that are constant, or made of constants and earlier tokens alone; what is pooled is x, or one linear layer
      of x (a 1 × 1 convolution, in groups or not, is one). x itself is not made of tokens alone. A bias of the scores is
      dropped: it is the same for all positions of a token, and softmax over these subtracts it again; it has to be finite.
    - A **projector** adds to x what its positions choose of tokens: queries are x or one linear layer of x, keys and
      values are t or one linear layer of t, the same t, which is not x; the sum with x is part of it.

    ```mlir
    // before: a static tokenizer, %w = tensor<256x16xf32> constant, in ICCV 2021 form
    %scores = linalg.contract … ins(%x, %w : tensor<1x196x256xf32>, tensor<256x16xf32>) … -> tensor<1x196x16xf32>
    %maps = linalg.softmax dimension(1) ins(%scores : tensor<1x196x16xf32>) …
    %tokens = linalg.contract … ins(%maps_transposed, %x : tensor<1x16x196xf32>, tensor<1x196x256xf32>) …
    // after
    %tokens = vit.tokenize %x, %w_transposed {scale = 1.0 : f32} : (tensor<1x196x256xf32>, tensor<16x256xf32>) -> tensor<1x16x256xf32>

    // before: a projector
    %scores = linalg.contract … ins(%q, %k : tensor<1x196x256xf32>, tensor<1x16x256xf32>) … -> tensor<1x196x16xf32>
    %maps = linalg.softmax dimension(2) ins(%scores : tensor<1x196x16xf32>) …
    %read = linalg.contract … ins(%maps, %t : tensor<1x196x16xf32>, tensor<1x16x256xf32>) …
    %y = linalg.elementwise kind=#linalg.elementwise_kind<add> ins(%x, %read : …) …
    // after
    %y = vit.project %x, %q, %k, %t {scale = 1.0 : f32} : (…) -> tensor<1x196x256xf32>
    ```

    Precondition: softmax is raised, linear layers and attention are not recognised yet.
  }];
}

def RecognizeLayerScale : VitC_RecognitionPass<"vit-recognize-layer-scale"> {
  let summary = "recognise the learned factor of a residual branch";
  let description = [{
    ```mlir
    // before: %gamma is a constant (C), the only reader of %0 adds the residual
    %0 = linalg.elementwise kind=#linalg.elementwise_kind<mul> … ins(%x, %gamma : tensor<2x7x8xf32>, tensor<8xf32>) …
    // after
    %0 = vit.layer_scale %x, %gamma : tensor<2x7x8xf32>, tensor<8xf32>
    ```
  }];
}

def RecognizePatchEmbed : VitC_RecognitionPass<"vit-recognize-patch-embed"> {
  let summary = "recognise patch embedding";
  let description = [{
    ```mlir
    // before: stride = kernel, no padding; flattened and transposed in either order
    %0 = vit.conv %image, %w {strides = array<i64: 16, 16>, …} : … -> tensor<1x384x14x14xf32>
    %1 = tensor.collapse_shape %0 [[0], [1], [2, 3]] : tensor<1x384x14x14xf32> into tensor<1x384x196xf32>
    %2 = linalg.transpose ins(%1 : tensor<1x384x196xf32>) … permutation = [0, 2, 1]
    // after
    %2 = vit.patch_embed %image, %w : (tensor<1x3x224x224xf32>, tensor<384x3x16x16xf32>) -> tensor<1x196x384xf32>
    ```
  }];
}

def RecognizeTokens : VitC_RecognitionPass<"vit-recognize-tokens"> {
  let summary = "recognise how the token sequence is put together";
  let description = [{
    Reads concatenations along the token dimension, sums with positions and slices of such sequences as a list of pieces:
    rows that do not depend on the input, and patches. Rows of the prefix that an output reads by themselves are class
    tokens; rows that no output reads are registers; rows that are only read together with all others have no known role.

    ```mlir
    // before: %cls = tensor<1x8xf32>, %pos = tensor<5x8xf32>, constants
    %0 = tensor.concat dim(1) %cls_of_every_image, %patches : (tensor<2x1x8xf32>, tensor<2x4x8xf32>) -> tensor<2x5x8xf32>
    %1 = linalg.elementwise kind=#linalg.elementwise_kind<add> … ins(%0, %pos : tensor<2x5x8xf32>, tensor<5x8xf32>) …
    // after: %prefix = %cls + %pos[0 : 1], %rest = %pos[1 : 5]
    %1 = vit.assemble prefix(%prefix : tensor<1x8xf32>) patches(%patches : tensor<2x4x8xf32>)
         position(%rest : tensor<4x8xf32>) {cls = 1, registers = 0} -> tensor<2x5x8xf32>
    ```
  }];
}

def SimplifyLayout : VitC_RecognitionPass<"vit-simplify-layout"> {
  let summary = "shorten chains of transposes, reshapes and slices";
  let description = [{
    Rebuilds a value that a chain of views defines from its source where that takes fewer transposes, or fewer ops.

    ```mlir
    // before
    %0 = linalg.transpose ins(%x : tensor<2x7x6x64xf32>) … permutation = [0, 2, 1, 3]
    %1 = linalg.transpose ins(%0 : tensor<2x6x7x64xf32>) … permutation = [0, 2, 1, 3]
    %2 = tensor.collapse_shape %1 [[0], [1], [2, 3]] : tensor<2x7x6x64xf32> into tensor<2x7x384xf32>
    // after
    %2 = tensor.collapse_shape %x [[0], [1], [2, 3]] : tensor<2x7x6x64xf32> into tensor<2x7x384xf32>
    ```
  }];
}

def PruneRows : Pass<"vit-prune-rows", "::mlir::ModuleOp"> {
  let summary = "compute only the tokens that somebody reads";
  let description = [{
    Where at most half of the rows of a value are read, its producer computes these alone. Legal wherever rows do not mix:
    an elementwise op, a norm and a linear layer of given rows need the same rows of their operands; an attention needs
    these rows of its queries, and all of its keys and values. So it is the last block, after which a classifier reads the
    CLS token alone, that becomes smaller: of the 12 N C² + 2 N² C products of a block 2 N C² + 10 C² + 2 N C are left.
    A projection to queries, keys and values is split, since more of its rows are read as keys and values.

    An attention of which only scores or probabilities are read becomes `vit.scores` and a softmax: projections then lose
    the values. Maps are rows as well: row m of softmax(s Q Kᵀ + ..) is made of query m and of all keys, so that where rows
    of the scores or the probabilities are all that is read, only their queries are computed: N C² + C² + N C products for
    one row. If the output of the attention is read too, queries are those that either needs. Rows of Ψ A Θᵀ
    are those of Ψ; mixing heads keeps queries apart.

    ```mlir
    // before
    %n = vit.layer_norm %x {epsilon = 1.0e-6 : f32} : tensor<1x197x384xf32>
    %cls = tensor.extract_slice %n[0, 0, 0] [1, 1, 384] [1, 1, 1] : tensor<1x197x384xf32> to tensor<1x1x384xf32>
    // after
    %row = tensor.extract_slice %x[0, 0, 0] [1, 1, 384] [1, 1, 1] : tensor<1x197x384xf32> to tensor<1x1x384xf32>
    %cls = vit.layer_norm %row {epsilon = 1.0e-6 : f32} : tensor<1x1x384xf32>
    ```

    Precondition: recognition is done, and reported. Numbers do not change.
  }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect", "::vitc::vit::ViTDialect"];
}

def RewriteInheritance : Pass<"vit-rewrite-inheritance", "::mlir::ModuleOp"> {
  let summary = "compute inherited scores by less";
  let description = [{
    - The bias of Ψ is dropped where a softmax over keys is all that reads the scores: it is the same for all keys of a
      query. A layer that inherits from this one forbids it.
    - Push-through: scores that are nothing but s Q Kᵀ, inherited by Θ and Ψ (a chain of them is composed first, biases
      become one constant matrix B), are s (Ψ Q)(Θ K)ᵀ + B. That is three products of N² d a head instead of two of N³, and
      the layer is an attention again. Done where 3 d < 2 N; not where the scores have addends that are no constant
      matrix, such as the residual from an earlier stage, or where they are inherited after softmax.

    ```mlir
    // before
    %r, %a = vit.attention %q, %k, %v {scale = 0.125 : f32} : (…) -> tensor<1x196x5x64xf32> scores tensor<1x5x196x196xf32>
    %i = vit.inherit %a theta(%t : tensor<196x196xf32>) psi(%p : tensor<196x196xf32>) : …
    %y = vit.attend %i, %w : (tensor<1x5x196x196xf32>, tensor<1x196x5x64xf32>) -> tensor<1x196x5x64xf32>
    // after
    %pq = linalg.contract … ins(%p, %q : tensor<196x196xf32>, tensor<1x196x5x64xf32>) …
    %tk = linalg.contract … ins(%t, %k : tensor<196x196xf32>, tensor<1x196x5x64xf32>) …
    %y = vit.attention %pq, %tk, %w {scale = 0.125 : f32} : (…) -> tensor<1x196x5x64xf32>
    ```

    Precondition: recognition is done, and reported. Results differ by rounding.
  }];
  let options = [Option<"pushThrough", "push-through", "bool", "true", "move Θ and Ψ to keys and queries where that is less">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect",
                           "::vitc::vit::ViTDialect"];
}

def MergeProjections : VitC_RecognitionPass<"vit-merge-projections"> {
  let summary = "make one linear layer of the queries, keys and values of an attention";
  let description = [{
    Linear layers of one input whose results are nothing but heads of attentions, all as wide, become one: the input is
    read once. Weights and biases are constants, one after the other; a missing bias is zero.

    ```mlir
    // before: so Hugging Face's models have it; likewise %k and %v
    %0 = vit.linear %x, %wq bias(%bq : tensor<384xf32>) : (tensor<1x197x384xf32>, tensor<384x384xf32>) -> tensor<1x197x384xf32>
    %q = tensor.expand_shape %0 [[0], [1], [2, 3]] … : tensor<1x197x384xf32> into tensor<1x197x6x64xf32>
    %a = vit.attention %q, %k, %v {scale = 0.125 : f32} : …
    // after, and %k and %v are other slices
    %w = tensor.concat dim(1) %wq, %wk, %wv : … -> tensor<384x1152xf32>
    %0 = vit.linear %x, %w bias(%b : tensor<1152xf32>) : (tensor<1x197x384xf32>, tensor<384x1152xf32>) -> tensor<1x197x1152xf32>
    %heads = tensor.expand_shape %0 [[0], [1], [2, 3]] … : tensor<1x197x1152xf32> into tensor<1x197x18x64xf32>
    %q = tensor.extract_slice %heads[0, 0, 0, 0] [1, 197, 6, 64] …
    ```

    Precondition: rows are pruned, which splits projections. Numbers do not change.
  }];
}

def RewriteVisualTokens : Pass<"vit-rewrite-visual-tokens", "::mlir::ModuleOp"> {
  let summary = "project tokens, not positions";
  let description = [{
    There are fewer tokens than positions. Each of the two is done where it saves products, which shapes decide:

    - Pool first: a tokenizer of projected values, Aᵀ(Y W + 1 bᵀ), is (Aᵀ Y) W + 1 bᵀ, because the maps of a token sum to
      one: Aᵀ 1 = 1. Of P C E products L C E are left. Not where something else reads the projected values.
    - Folded projector: with queries Y W_Q + 1 b_Qᵀ and keys T W_K + 1 b_Kᵀ,

          Q Kᵀ = Y (T W_K W_Qᵀ)ᵀ + 1 (T W_K b_Q)ᵀ + (Y W_Q b_K) 1ᵀ + 1 (b_Qᵀ b_K) 1ᵀ.

      Positions are the queries of keys T (W_K W_Qᵀ), whose matrix is computed at compile time. b_Q contributes one number
      a token, an addend. The last two terms are the same for all tokens of a position, and softmax over tokens subtracts
      them again: b_K is dropped, where it is finite. Of P C D + L C_T D products L C_T C are left. Not where something
      else reads the queries.

    ```mlir
    // before
    %v = vit.linear %x, %w bias(%b : tensor<1024xf32>) : (tensor<1x196x512xf32>, tensor<512x1024xf32>) -> tensor<1x196x1024xf32>
    %t = vit.tokenize %x, %a values(%v : tensor<1x196x1024xf32>) {scale = 1.0 : f32} : (…, tensor<8x512xf32>) -> tensor<1x8x1024xf32>
    // after
    %p = vit.tokenize %x, %a {scale = 1.0 : f32} : (…, tensor<8x512xf32>) -> tensor<1x8x512xf32>
    %t = vit.linear %p, %w bias(%b : tensor<1024xf32>) : (tensor<1x8x512xf32>, tensor<512x1024xf32>) -> tensor<1x8x1024xf32>
    ```

    Precondition: recognition is done, and reported. Results differ by rounding. Source: Wu et al., arXiv 2006.03677, §3.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect",
                           "::vitc::vit::ViTDialect"];
}

def ComposeInheritance : Pass<"vit-compose-inheritance", "::mlir::ModuleOp"> {
  let summary = "compute scores that several layers made of one another at once";
  let description = [{
    A layer makes Ψ A Θᵀ + B of scores A, B constant. Two of them are again one such: Ψ₂ (Ψ₁ A Θ₁ᵀ + B₁) Θ₂ᵀ + B₂ =
    (Ψ₂ Ψ₁) A (Θ₂ Θ₁)ᵀ + (Ψ₂ B₁ Θ₂ᵀ + B₂), since products of matrices are associative and distribute over sums. It holds
    for any A, before softmax or after; nothing that stands between the layers is moved over a softmax. Weights of a
    chain are multiplied when the model is compiled.

    Done for the part of a chain that saves most: where the layers in between are read by the next one alone, or where the
    chain starts from smaller maps. One layer with a bias of Θ becomes Ψ A Θᵀ + B too where Ψ first is less, as it is
    where few queries are read.

    ```mlir
    // before
    %i = vit.inherit %a theta(%t1 : tensor<49x49xf32>) psi(%p1 : tensor<49x49xf32>) psi_bias(%b : tensor<49xf32>) : …
    %j = vit.inherit %i theta(%t2 : tensor<49x49xf32>) psi(%p2 : tensor<49x49xf32>) : …
    // after: %t = t2 · t1, %p = p2 · p1 and %c = p2 · (b 1ᵀ) · t2ᵀ, constants
    %k = vit.inherit %a theta(%t : tensor<49x49xf32>) psi(%p : tensor<49x49xf32>) : …
    %j = linalg.elementwise kind=#linalg.elementwise_kind<add> … ins(%k, %c : tensor<1x8x49x49xf32>, tensor<49x49xf32>) …
    ```

    Precondition: recognition is done, and reported. Results differ by rounding.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect",
                           "::vitc::vit::ViTDialect"];
}

def MergeAddends : Pass<"vit-merge-addends", "::mlir::ModuleOp"> {
  let summary = "add constants that are added to the same scores to one another";
  let description = [{
    s Q Kᵀ + b + m = s Q Kᵀ + (b + m): with b a relative position bias (h, n, n) and m the mask of shifted windows
    (windows, 1, n, n), both constants, the sum is one constant (windows, h, n, n). Addition is associative but for
    rounding; an element −∞ stays −∞.

    The sum is larger than its parts, and is read from memory once a run where those stay in the cache. It is made where
    it is at most `max-bytes`, which a core's second-level cache holds beside the rest; else both are added as they are.

    ```mlir
    // before: %bias and %mask are constants
    %a = vit.attention %q, %k, %v addends(%mask, %bias : tensor<16x1x49x49xf32>, tensor<2x49x49xf32>) {…} : …
    // after: %sum is computed when the model is compiled
    %a = vit.attention %q, %k, %v addends(%sum : tensor<16x2x49x49xf32>) {…} : …
    ```

    Precondition: recognition is done, and reported. Results differ by rounding.
  }];
  let options = [Option<"maxBytes", "max-bytes", "int64_t", "524288", "the largest sum that is made">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect"];
}

def ComposeMoves : Pass<"vit-compose-moves", "::mlir::ModuleOp"> {
  let summary = "move tokens once instead of by a chain of rolls and transposes";
  let description = [{
    A shifted window attention rolls its picture (two slices and a concatenation along each axis), then cuts it into
    windows (a transpose), and undoes both afterwards: three copies of the picture each time. A chain of slices,
    concatenations, transposes and reshapes that keeps channels together is one permutation of rows, or a choice of
    them. It is found by doing the same to row numbers, which proves it; `vit.gather_rows` copies each row once.

    Where the batch is dynamic, it is the outermost factor of the first dimension of every value of the chain: no move may
    transpose, cut or join along it, so that what holds for one picture holds for all.

    ```mlir
    // before
    %0 = tensor.extract_slice %x[0, 3, 0, 0] [1, 25, 28, 32] [1, 1, 1, 1] : …
    %1 = tensor.extract_slice %x[0, 0, 0, 0] [1, 3, 28, 32] [1, 1, 1, 1] : …
    %2 = tensor.concat dim(1) %0, %1 : (…) -> tensor<1x28x28x32xf32>
    %3 = tensor.expand_shape %2 [[0], [1, 2], [3, 4], [5]] … : … into tensor<1x4x7x4x7x32xf32>
    %4 = linalg.transpose ins(%3 : tensor<1x4x7x4x7x32xf32>) … permutation = [0, 1, 3, 2, 4, 5]
    // after
    %0 = tensor.collapse_shape %x [[0], [1, 2], [3]] : tensor<1x28x28x32xf32> into tensor<1x784x32xf32>
    %1 = vit.gather_rows %0, %rows : tensor<1x784x32xf32>, tensor<784xi32> -> tensor<1x784x32xf32>
    %4 = tensor.expand_shape %1 [[0], [1, 2, 3, 4], [5]] … : … into tensor<1x4x4x7x7x32xf32>
    ```

    Done for chains with a concatenation and another copy, of which nobody else reads a part. Precondition: recognition is
    done, and reported. Numbers do not change.
  }];
  let dependentDialects = ["::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect", "::vitc::vit::ViTDialect"];
}

def FoldPrefix : Pass<"vit-fold-prefix", "::mlir::ModuleOp"> {
  let summary = "project the class token and registers of the first block when the model is compiled";
  let description = [{
    Norms and projections keep rows apart, so that those of a sequence are those of its prefix and those of its patches.
    The prefix (class token and registers with their positions) does not depend on the input: 3 (1 + R) C² products are
    made once, when the model is compiled.

    ```mlir
    // before: %prefix is a constant (5, 384)
    %x = vit.assemble prefix(%prefix : tensor<5x384xf32>) patches(%p : tensor<1x256x384xf32>) … -> tensor<1x261x384xf32>
    %n = vit.layer_norm %x {epsilon = 1.0e-6 : f32} : tensor<1x261x384xf32>
    %y = vit.linear %n, %w : (tensor<1x261x384xf32>, tensor<384x1152xf32>) -> tensor<1x261x1152xf32>
    // after: %z = linear(layer_norm(%prefix)), a constant
    %rows = tensor.extract_slice %x[0, 5, 0] [1, 256, 384] [1, 1, 1] : …
    %n = vit.layer_norm %rows {epsilon = 1.0e-6 : f32} : tensor<1x256x384xf32>
    %q = vit.linear %n, %w : (tensor<1x256x384xf32>, tensor<384x1152xf32>) -> tensor<1x256x1152xf32>
    %y = vit.assemble prefix(%z : tensor<5x1152xf32>) patches(%q : tensor<1x256x1152xf32>) … -> tensor<1x261x1152xf32>
    ```

    Done for one picture at a time, whose rows are one after the other in memory: the projection then writes them where
    they are to be, beside the constants. With more pictures they would be copied, which takes longer than is saved.
    Precondition: recognition is done, and reported, for the second sequence is none of the model's. Numbers do not change.
  }];
  let dependentDialects = ["::mlir::tensor::TensorDialect", "::vitc::vit::ViTDialect"];
}

def AddTaps : Pass<"vit-add-taps", "::mlir::ModuleOp"> {
  let summary = "make tensors of attention blocks outputs";
  let description = [{
    A function's `vit.taps` lists what it is to return besides its results: `KIND` or `KIND:LAYERS`, with LAYERS such as
    `0-3,-1`. Layers are the attentions that were recognised, in their order, counted from 0, negatives from the end.
    Results are called `tap.KIND.LAYER`. With `vit.tap_only` all other results are dropped, but for those that `vit.taps` names,
    and so is what only they need.

    | kind | shape | what |
    | --- | --- | --- |
    | `scores` | (B, h, Nq, Nk) | what softmax is taken of: after scale, bias and mask |
    | `attention` | (B, h, Nq, Nk) | after softmax |
    | `cls_attention` | (B, h, 1, Nk) | the row of `attention` that the class token has, where there is one |
    | `queries`, `keys`, `values` | (B, h, N, d) | after their bias, before the scale |
    | `tokens` | (B, N, C) | the residual stream after the block, with its MLP |
    | `norms` | (B, N) | L2 norms of `tokens` |

    Windows count as pictures, images first. Scores that are inherited (`vit.attend`) have no queries and keys: a layer that
    is named is refused, one of all is left out with a remark.

    ```mlir
    // before: func.func @main(%x: …) -> (tensor<1x384xf32> {vit.name = "y"}) attributes {vit.tap_only, vit.taps = ["cls_attention:-1"]}
    %a = vit.attention %q, %k, %v {scale = 0.125 : f32} : (…) -> tensor<1x197x6x64xf32>
    …
    return %y : tensor<1x384xf32>
    // after: func.func @main(%x: …) -> (tensor<1x6x1x197xf32> {vit.dims = …, vit.name = "tap.cls_attention.11"})
    %a, %p = vit.attention %q, %k, %v {scale = 0.125 : f32} : (…) -> tensor<1x197x6x64xf32> probs tensor<1x6x197x197xf32>
    %row = tensor.extract_slice %p[0, 0, 0, 0] [1, 6, 1, 197] [1, 1, 1, 1] : tensor<1x6x197x197xf32> to tensor<1x6x1x197xf32>
    return %row : tensor<1x6x1x197xf32>
    ```

    Precondition: recognition is done, and reported; nothing is rewritten yet. Postcondition: no function has `vit.taps`.
  }];
  let dependentDialects = ["::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect", "::vitc::vit::ViTDialect"];
}

def Explain : Pass<"vit-explain", "::mlir::ModuleOp"> {
  let summary = "report what was recognised and why the rest was not";
  let description = [{
    Counts the recognised ops, and reads and removes the attributes `vit.missed` that recognisers left on what they
    refused: a dictionary from candidate to reason.

    ```mlir
    // before; the report says: missed: attention at /head/Softmax (linalg.softmax): no contraction reads the probabilities
    %y = linalg.softmax {vit.missed = {attention = "no contraction reads the probabilities"}} dimension(1) …
    // after
    %y = linalg.softmax dimension(1) …
    ```
  }];
  let options = [Option<"format", "format", "std::string", "", "print the report: text or json">];
}

#endif
