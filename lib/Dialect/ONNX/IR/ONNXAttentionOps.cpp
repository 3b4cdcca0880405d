// Verifiers of attention and what goes with it.

#include "ONNXVerification.h"

#include "vitc/Dialect/ONNX/IR/ONNX.h"

using namespace mlir;
using namespace vitc::onnx;

/// The operands that are present have the element type of the first.
static LogicalResult verifySameElementType(Operation *op, ArrayRef<Named> operands) {
  Type expected = getElementTypeOrSelf(operands.front().value);
  for (Named operand : operands)
    if (operand.value && getElementTypeOrSelf(operand.value) != expected)
      return op->emitOpError() << "expected " << operand.name << " of type " << expected << ", got "
                               << getElementTypeOrSelf(operand.value);
  return success();
}

LogicalResult AttentionOp::verify() {
  if (failed(verifySameRank(*this, {{"q", getQ()}, {"k", getK()}, {"v", getV()}}, 3))) // attention_c1
    return failure();
  std::optional<int64_t> rank = getRank(getQ());
  if (rank && *rank > 4) // attention_c1
    return emitOpError() << "expected q of rank 3 or 4, got rank " << *rank;
  int64_t queryHeads = getQNumHeads().value_or(0), keyHeads = getKvNumHeads().value_or(0);
  if (rank == 3 && (queryHeads <= 0 || keyHeads <= 0 || queryHeads % keyHeads != 0)) // attention_c2
    return emitOpError() << "expected q_num_heads as a multiple of kv_num_heads, got " << queryHeads << " and "
                         << keyHeads;
  bool hasPast = static_cast<bool>(getPastKey());
  if (hasPast != static_cast<bool>(getPastValue()) || (hasPast && getNonpadKvSeqlen())) // attention_c3
    return emitOpError() << "expected both past_key and past_value, or none, and none with nonpad_kv_seqlen";
  if (getQkMatmulOutputMode() < 0 || getQkMatmulOutputMode() > 3) // attention_c4
    return emitOpError() << "expected qk_matmul_output_mode from 0 to 3, got " << getQkMatmulOutputMode();
  Type keyType = getElementTypeOrSelf(getQ()), valueType = getElementTypeOrSelf(getV());
  for (auto [operand, type] :
       {std::pair(Named{"k", getK()}, keyType), std::pair(Named{"past_key", getPastKey()}, keyType),
        std::pair(Named{"past_value", getPastValue()}, valueType)})
    if (operand.value && getElementTypeOrSelf(operand.value) != type) // attention_c5
      return emitOpError() << "expected " << operand.name << " of type " << type << ", got "
                           << getElementTypeOrSelf(operand.value);
  for (int64_t size : {getLeftWindowSize(), getRightWindowSize()})
    if (size < -1) // attention_c6
      return emitOpError() << "expected window sizes of at least -1, got " << size;
  return success();
}

LogicalResult MultiHeadAttentionOp::verify() {
  std::optional<int64_t> rank = getRank(getQuery());
  bool isPacked = rank == 5;
  if (rank && *rank != 3 && !isPacked) // multi_head_attention_c1
    return emitOpError() << "expected query of rank 3 or 5, got rank " << *rank;
  if (rank && isPacked == static_cast<bool>(getKey())) // multi_head_attention_c1
    return emitOpError() << "expected a key with a query of rank 3, and none with one of rank 5, got rank " << *rank;
  if (getValue() && !getKey()) // multi_head_attention_c1
    return emitOpError() << "expected no value without a key";
  std::optional<int64_t> keyRank = getRank(getKey()), valueRank = getRank(getValue());
  bool fits = getValue() ? keyRank == 3 || keyRank == 4 : keyRank == 5;
  if (keyRank && (!fits || (valueRank && valueRank != keyRank))) // multi_head_attention_c2
    return emitOpError() << "expected a key of rank 5, or key and value of rank 3 or 4, got rank " << *keyRank
                         << (getValue() ? " and a value" : " and no value");
  if (getNumHeads() <= 0) // multi_head_attention_c3
    return emitOpError() << "expected a positive num_heads, got " << getNumHeads();
  if (static_cast<bool>(getPastKey()) != static_cast<bool>(getPastValue())) // multi_head_attention_c4
    return emitOpError() << "expected both past_key and past_value, or none";
  return verifySameElementType(*this, {{"query", getQuery()}, // multi_head_attention_c5
                                       {"key", getKey()},
                                       {"value", getValue()},
                                       {"bias", getBias()},
                                       {"attention_bias", getAttentionBias()},
                                       {"past_key", getPastKey()},
                                       {"past_value", getPastValue()}});
}

LogicalResult RotaryEmbeddingOp::verify() {
  std::optional<int64_t> rank = getRank(getX());
  if (rank && *rank != 3 && *rank != 4) // rotary_embedding_c1
    return emitOpError() << "expected x of rank 3 or 4, got rank " << *rank;
  if (rank == 3 && getNumHeads() <= 0) // rotary_embedding_c2
    return emitOpError() << "expected a positive num_heads with x of rank 3, got " << getNumHeads();
  if (getRotaryEmbeddingDim() < 0 || getRotaryEmbeddingDim() % 2 != 0) // rotary_embedding_c3
    return emitOpError() << "expected an even rotary_embedding_dim, got " << getRotaryEmbeddingDim();
  if (failed(verifySameElementType(
          *this, {{"x", getX()}, {"cos_cache", getCosCache()}, {"sin_cache", getSinCache()}}))) // rotary_embedding_c4
    return failure();
  int64_t cacheRank = getPositionIds() ? 2 : 3;
  if (failed(verifyRank(*this, {"cos_cache", getCosCache()}, cacheRank)) || // rotary_embedding_c5
      failed(verifyRank(*this, {"sin_cache", getSinCache()}, cacheRank)) ||
      failed(verifyRank(*this, {"position_ids", getPositionIds()}, 2)))
    return failure();
  return verifySameShape(*this, {"x", getX()}, {"y", getY()}); // rotary_embedding_c1
}
