// Shapes of attention.

#include "vitc/Dialect/ONNX/IR/ONNX.h"

using namespace mlir;
using namespace vitc::onnx;

/// The tokens of `k`, (batch, heads, tokens, features), and of the past before them.
template <typename OpType>
static FailureOr<Extent> countKeys(OpType op, const SymbolicShape &k) {
  if (!op.getPastKey())
    return k[2];
  SymbolicShape past = extentsOf(op.getPastKey());
  if (past.size() != 4)
    return op.emitOpError() << "expected past_key of rank 4, got shape " << str(past);
  return k[2] + past[2];
}

/// The shapes of present_key and present_value, where the op has them.
template <typename OpType>
static void appendPresent(OpType op, const SymbolicShape &k, const SymbolicShape &v, const Extent &keys,
                          SmallVectorImpl<SymbolicShape> &shapes) {
  if (op.getPresentKey())
    shapes.push_back({k[0], k[1], keys, k[3]});
  if (op.getPresentValue())
    shapes.push_back({v[0], v[1], keys, v[3]});
}

/// (batch, tokens, heads · features) as (batch, heads, tokens, features).
static FailureOr<SymbolicShape> splitHeads(AttentionOp op, SymbolicShape shape, std::optional<int64_t> heads) {
  if (shape.size() == 4)
    return shape;
  std::optional<Extent> features = shape.size() == 3 && heads ? shape[2].divideExactly(*heads) : std::nullopt;
  if (!features)
    return op.emitOpError() << "expected a whole number of features a head, got shape " << str(shape);
  return SymbolicShape{shape[0], *heads, shape[1], *features};
}

LogicalResult AttentionOp::inferShapes(ShapeEnv &env, SmallVectorImpl<SymbolicShape> &shapes) {
  FailureOr<SymbolicShape> q = splitHeads(*this, extentsOf(getQ()), getQNumHeads());
  FailureOr<SymbolicShape> k = splitHeads(*this, extentsOf(getK()), getKvNumHeads());
  FailureOr<SymbolicShape> v = splitHeads(*this, extentsOf(getV()), getKvNumHeads());
  if (failed(q) || failed(k) || failed(v))
    return failure();
  if (failed(checkEqual(*this, env, "features of q and k", (*q)[3], (*k)[3])) ||
      failed(checkEqual(*this, env, "tokens of k and v", (*k)[2], (*v)[2])))
    return failure();
  FailureOr<Extent> keys = countKeys(*this, *k);
  if (failed(keys))
    return failure();
  if (extentsOf(getQ()).size() == 3)
    shapes.push_back({(*q)[0], (*q)[2], (*q)[1] * (*v)[3]});
  else
    shapes.push_back({(*q)[0], (*q)[1], (*q)[2], (*v)[3]});
  appendPresent(*this, *k, *v, *keys, shapes);
  if (getQkMatmulOutput())
    shapes.push_back({(*q)[0], (*q)[1], (*q)[2], *keys});
  return success();
}

//===----------------------------------------------------------------------===//
// MultiHeadAttention
//===----------------------------------------------------------------------===//

/// (B, N, heads · features), (B, N, heads, parts, features) or (B, heads, N, features) as (B, heads, N, features).
static FailureOr<SymbolicShape> splitHeads(MultiHeadAttentionOp op, ArrayRef<Extent> shape) {
  Extent heads = op.getNumHeads();
  std::optional<Extent> features = shape.size() == 3 ? shape[2].divideExactly(heads) : shape.back();
  if (!features || (shape.size() > 3 && shape[shape.size() == 5 ? 2 : 1] != heads))
    return op.emitOpError() << "expected a whole number of features for each of " << heads.str() << " heads, got shape "
                            << str(shape);
  return SymbolicShape{shape[0], heads, shape[shape.size() == 4 ? 2 : 1], *features};
}

LogicalResult MultiHeadAttentionOp::inferShapes(ShapeEnv &env, SmallVectorImpl<SymbolicShape> &shapes) {
  auto packed = [&](Value operand) { return operand ? operand : getKey() ? getKey() : getQuery(); };
  FailureOr<SymbolicShape> q = splitHeads(*this, extentsOf(getQuery()));
  FailureOr<SymbolicShape> k = splitHeads(*this, extentsOf(packed(getKey())));
  FailureOr<SymbolicShape> v = splitHeads(*this, extentsOf(packed(getValue())));
  if (failed(q) || failed(k) || failed(v) ||
      failed(checkEqual(*this, env, "features of query and key", (*q)[3], (*k)[3])) ||
      failed(checkEqual(*this, env, "tokens of key and value", (*k)[2], (*v)[2])))
    return failure();
  FailureOr<Extent> keys = countKeys(*this, *k);
  if (failed(keys))
    return failure();
  shapes.push_back({(*q)[0], (*q)[2], (*q)[1] * (*v)[3]});
  appendPresent(*this, *k, *v, *keys, shapes);
  if (getQk())
    shapes.push_back({(*q)[0], (*q)[1], (*q)[2], *keys});
  return success();
}
