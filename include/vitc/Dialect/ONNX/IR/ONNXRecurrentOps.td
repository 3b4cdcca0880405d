#ifndef VITC_DIALECT_ONNX_IR_ONNXRECURRENTOPS_TD
#define VITC_DIALECT_ONNX_IR_ONNXRECURRENTOPS_TD

include "vitc/Dialect/ONNX/IR/ONNXBase.td"

defvar ONNX_RecurrentConstraints = [{
    `x` is (T, B, I), T steps of B sequences of vectors of I elements, `y` is (T, D, B, H) with D directions, and a state is
    (D, B, H); with `layout` 1 the batch stands first: (B, T, I), (B, T, D, H), (B, D, H). `w` is (D, G · H, I), `r` is
    (D, G · H, H), `b` is (D, 2 · G · H), those of `w` before those of `r`, for G gates. A sequence that `sequence_lens`
    ends before T keeps its state from there on, and its results are 0; backwards it begins at its end. `activations`
    name one function a nonlinearity, of each direction; `activation_alpha` and `activation_beta` are the arguments of
    those that have any, in that order. `clip`, where present, bounds their operands.

    - (C1) `x`, `w` and `r` have rank 3, `b` and `p` have rank 2 and `sequence_lens` rank 1, as far as they are present.
    - (C2) D is 2 for `direction` "bidirectional", else 1, and `w`, `r` and `b` agree with it and with H, the last extent
      of `r`, and with `hidden_size` where that is present.
    - (C3) `layout` is 0 or 1.
    - (C4) `activations` are empty or name known functions, for each direction as many as there are nonlinearities.
}];

class ONNX_RecurrentOp<string mnemonic, string what, dag moreOperands = (ins), dag moreAttributes = (ins),
                       dag moreResults = (outs), string moreFormat = "", list<Trait> traits = []>
    : ONNX_Op<mnemonic, !listconcat([AttrSizedOperandSegments], traits)> {
  let summary = what # " over the steps of sequences";
  let description = ONNX_RecurrentConstraints;
  let arguments = !con((ins ONNX_FloatTensor:$x, ONNX_FloatTensor:$w, ONNX_FloatTensor:$r, Optional<ONNX_FloatTensor>:$b,
                        Optional<TensorOf<[I32]>>:$sequence_lens, Optional<ONNX_FloatTensor>:$initial_h), moreOperands,
                       (ins OptionalAttr<DenseF32ArrayAttr>:$activation_alpha,
                        OptionalAttr<DenseF32ArrayAttr>:$activation_beta, OptionalAttr<StrArrayAttr>:$activations,
                        OptionalAttr<F32Attr>:$clip, ONNX_Word<["forward", "reverse", "bidirectional"]>:$direction,
                        OptionalAttr<ONNX_I64Attr>:$hidden_size, ONNX_Int<0>:$layout), moreAttributes);
  let results = !con((outs ONNX_FloatTensor:$y, Optional<ONNX_FloatTensor>:$y_h), moreResults);
  let assemblyFormat = "operands attr-dict `:` `(` type(operands) `)` `->` type($y) (`y_h` type($y_h)^)?" # moreFormat;
  let extraClassDefinition = ONNX_InferShapes<"inferRecurrent(*this, shapes)">.definition;
  let hasVerifier = 1;
}

def ONNX_GRUOp : ONNX_RecurrentOp<"GRU", "gated recurrent unit (gates z, r, h)", (ins),
                                  (ins ONNX_Bool<0>:$linear_before_reset)>;
def ONNX_LSTMOp : ONNX_RecurrentOp<"LSTM", "long short-term memory (gates i, o, f, c)",
                                   (ins Optional<ONNX_FloatTensor>:$initial_c, Optional<ONNX_FloatTensor>:$p),
                                   (ins ONNX_Bool<0>:$input_forget), (outs Optional<ONNX_FloatTensor>:$y_c),
                                   " (`y_c` type($y_c)^)?", [AttrSizedResultSegments]>;
def ONNX_RNNOp : ONNX_RecurrentOp<"RNN", "recurrent network (one gate)">;

#endif
