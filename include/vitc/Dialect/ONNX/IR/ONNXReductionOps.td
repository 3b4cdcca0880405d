#ifndef VITC_DIALECT_ONNX_IR_ONNXREDUCTIONOPS_TD
#define VITC_DIALECT_ONNX_IR_ONNXREDUCTIONOPS_TD

include "vitc/Dialect/ONNX/IR/ONNXBase.td"

defvar ONNX_ReduceDefinitions = ONNX_InferShapes<[{inferReduction(
    *this, env, getAxes(), getKeepdims(), getNoopWithEmptyAxes(), shapes)}]>.definition # [{
  ::llvm::SmallVector<::mlir::Value> $cppClass::getShapeOperands() {
    return ::vitc::onnx::detail::presentOperands({getAxes()});
  }
}];

class ONNX_ReduceOp<string mnemonic, string what, Type type = ONNX_WideTensor, list<Trait> traits = []>
    : ONNX_Op<mnemonic, !listconcat([ONNX_ShapedByOperands], traits)> {
  let summary = what # " over dimensions";
  let description = [{
    Reduces the dimensions `axes` (negative ones count from the end), all where `axes` is absent or empty, none then
    with `noop_with_empty_axes`. Reduced dimensions stay as 1 with `keepdims`.

    - (C1) `axes` is a list (rank 1); constant ones are distinct and in [−rank, rank).
    - (C2) The rank of the result is that of `data`, with `keepdims`.
  }];
  let arguments = (ins type:$data, Optional<ONNX_I64Tensor>:$axes, ONNX_Bool<1>:$keepdims,
                   ONNX_Bool<0>:$noop_with_empty_axes);
  let results = (outs type:$reduced);
  let extraClassDefinition = ONNX_ReduceDefinitions;
  let hasVerifier = 1;
}

/// Those that shapes are computed with.
class ONNX_ArithmeticReduceOp<string mnemonic, string what, Type type = ONNX_WideTensor>
    : ONNX_ReduceOp<mnemonic, what, type, [ONNX_ShapeArithmetic]> {
  let extraClassDefinition = !strconcat(ONNX_ReduceDefinitions, ONNX_FoldByEvaluation);
  let hasFolder = 1;
}

/// Orders: min and max also take bytes and bools.
def ONNX_OrderedTensor : TensorOf<!listconcat(ONNX_WideTypes, [I8, UI8, I1])>;

def ONNX_ReduceL1Op : ONNX_ReduceOp<"ReduceL1", "sum of absolute values">;
def ONNX_ReduceL2Op : ONNX_ReduceOp<"ReduceL2", "root of the sum of squares">;
def ONNX_ReduceLogSumOp : ONNX_ReduceOp<"ReduceLogSum", "logarithm of the sum">;
def ONNX_ReduceLogSumExpOp : ONNX_ReduceOp<"ReduceLogSumExp", "logarithm of the sum of exponentials">;
def ONNX_ReduceMaxOp : ONNX_ArithmeticReduceOp<"ReduceMax", "maximum", ONNX_OrderedTensor>;
def ONNX_ReduceMeanOp : ONNX_ReduceOp<"ReduceMean", "mean">;
def ONNX_ReduceMinOp : ONNX_ArithmeticReduceOp<"ReduceMin", "minimum", ONNX_OrderedTensor>;
def ONNX_ReduceProdOp : ONNX_ArithmeticReduceOp<"ReduceProd", "product">;
def ONNX_ReduceSumOp : ONNX_ArithmeticReduceOp<"ReduceSum", "sum">;
def ONNX_ReduceSumSquareOp : ONNX_ReduceOp<"ReduceSumSquare", "sum of squares">;

class ONNX_ArgOp<string mnemonic, string what> : ONNX_Op<mnemonic, [], [ONNX_AsI64]> {
  let summary = "where the " # what # " along a dimension is";
  let description = [{
    The first index of the extremum, with `select_last_index` the last one.

    - (C1) `axis` is in [−rank, rank).
  }];
  let arguments = (ins ONNX_NumericTensor:$data, ONNX_Int<0>:$axis, ONNX_Bool<1>:$keepdims,
                   ONNX_Bool<0>:$select_last_index);
  let results = (outs ONNX_I64Tensor:$reduced);
  let hasVerifier = 1;
}

def ONNX_ArgMaxOp : ONNX_ArgOp<"ArgMax", "maximum">;
def ONNX_ArgMinOp : ONNX_ArgOp<"ArgMin", "minimum">;

class ONNX_SoftmaxLikeOp<string mnemonic, string what> : ONNX_Op<mnemonic, [SameOperandsAndResultShape]> {
  let summary = what # " along one dimension";
  let description = [{
    - (C1) Operand and result have the same shape.
    - (C2) `axis` is in [−rank, rank).
  }];
  let arguments = (ins ONNX_FloatTensor:$input, ONNX_Int<-1>:$axis);
  let results = (outs ONNX_FloatTensor:$output);
  let extraClassDefinition = ONNX_SameShape;
  let hasVerifier = 1;
}

def ONNX_LogSoftmaxOp : ONNX_SoftmaxLikeOp<"LogSoftmax", "logarithm of softmax">;
def ONNX_SoftmaxOp : ONNX_SoftmaxLikeOp<"Softmax", "softmax">;

class ONNX_CumulativeOp<string mnemonic, string folded> : ONNX_Op<mnemonic, [ONNX_ShapedByOperands]> {
  let summary = folded # " of the elements up to each position along one dimension";
  let description = [{
    `exclusive` leaves out the element itself, `reverse` begins at the end.

    - (C1) `x` and `y` have the same shape.
    - (C2) `axis` is a scalar; a constant one is in [−rank, rank).
  }];
  let arguments = (ins ONNX_WideTensor:$x, ONNX_IndexTensor:$axis, ONNX_Bool<0>:$exclusive, ONNX_Bool<0>:$reverse);
  let results = (outs ONNX_WideTensor:$y);
  let extraClassDefinition = ONNX_SameShape # [{
    ::llvm::SmallVector<::mlir::Value> $cppClass::getShapeOperands() { return {getAxis()}; }
    ::llvm::LogicalResult $cppClass::verify() { return ::vitc::onnx::detail::verifyCumulative(*this, getAxis()); }
  }];
  let hasVerifier = 1;
}

def ONNX_CumProdOp : ONNX_CumulativeOp<"CumProd", "products">;
def ONNX_CumSumOp : ONNX_CumulativeOp<"CumSum", "sums">;

def ONNX_TopKOp : ONNX_Op<"TopK", [], [ONNX_AsInput, ONNX_AsI64]> {
  let summary = "the k largest or smallest elements along one dimension, and where they are";
  let description = [{
    - (C1) `axis` is in [−rank, rank).
    - (C2) `k` is a scalar or has one element.
    - (C3) `values` and `indices` have the same shape.
  }];
  let arguments = (ins ONNX_NumericTensor:$x, ONNX_I64Tensor:$k, ONNX_Int<-1>:$axis, ONNX_Bool<1>:$largest,
                   ONNX_Bool<1>:$sorted);
  let results = (outs ONNX_NumericTensor:$values, ONNX_I64Tensor:$indices);
  let hasVerifier = 1;
}

#endif
