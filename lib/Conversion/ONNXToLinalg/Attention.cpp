//===- Attention ----------------------------------------------------------===//
//
// onnx.Attention is a vit.attention: operands become token-major, (batch, tokens, heads, features), masks and windows
// become addends. Scores that are read before all addends are in are computed apart.
//
//===----------------------------------------------------------------------===//

#include "Attention.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "vitc/Dialect/ViT/IR/ViT.h"
#include <cmath>
#include <limits>

using namespace mlir;
using namespace vitc::onnx;
using linalg::ElementwiseKind;

Tensor vitc::onnx::swapTokensAndHeads(Node &node, const Tensor &x) { return node.transpose(x, {0, 2, 1, 3}); }

Tensor vitc::onnx::toTokenMajor(Node &node, const Tensor &x, int64_t heads) {
  if (x.getRank() == 4)
    return swapTokensAndHeads(node, x);
  AffineExpr features = node.symbols.simplify(x.extents[2].floorDiv(heads));
  return node.reshape(x, {x.extents[0], x.extents[1], node.extent(heads), features});
}

Cached vitc::onnx::appendToPast(Node &node, const Tensor &tokens, Value past, bool keepsPresent) {
  Cached cached{tokens};
  if (past)
    cached.tokens = node.concat({swapTokensAndHeads(node, node.get(past)), tokens}, 1);
  if (keepsPresent)
    cached.present = swapTokensAndHeads(node, cached.tokens);
  return cached;
}

LogicalResult vitc::onnx::checkHeads(Node &node, ArrayRef<Tensor> operands) {
  for (const Tensor &operand : operands)
    if (!isa<AffineConstantExpr>(operand.extents[2]) || !isa<AffineConstantExpr>(operand.extents[3]))
      return node.refuse("its numbers of heads or features are not static");
  return success();
}

/// 0 where the mask allows, else −∞; a float mask is what it is.
static Tensor getAddend(Node &node, const Tensor &mask, Type type) {
  if (!mask.getElementType().isInteger(1))
    return mask;
  Tensor zero = node.scalar(0, type), lowest = node.scalar(-std::numeric_limits<double>::infinity(), type);
  return node.elementwise(ElementwiseKind::select, {mask, zero, lowest}, mask.extents);
}

/// The mask with as many columns as there are keys: those that it lacks are not allowed.
static FailureOr<Tensor> completeMask(Node &node, const Tensor &mask, AffineExpr columns) {
  AffineExpr missing = node.symbols.simplify(columns - mask.extents.back());
  auto count = dyn_cast<AffineConstantExpr>(missing);
  if (isExtent(missing, 0))
    return mask;
  if (isExtent(mask.extents.back(), 1))
    return node.refuse("its mask has one column, which may be meant for the first key or for all; expected one a key");
  if (!count)
    return node.refuse("the extents of its mask cannot be shown to agree");
  SmallVector<int64_t> none(mask.getRank(), 0), after = none;
  after.back() = count.getValue();
  Type type = mask.getElementType();
  return node.pad(mask, none, after, type.isInteger(1) ? getScalarAttr(0, type) : getLowestAttr(type, false));
}

namespace {
/// Which keys n a query m may read, as far as that follows from their positions: those from m + offset − left to
/// m + offset + right, and those before `lengths`, where that is given, for each picture; the offset is then its length
/// less the number of queries.
struct Band {
  AffineExpr offset;
  std::optional<int64_t> left, right;
  std::optional<Tensor> lengths;
};
} // namespace

/// The band as an addend of shape (M, N), or (B, 1, M, N) with lengths.
static Tensor getBandAddend(Node &node, const Band &band, ExtentsRef scores, Type type) {
  SmallVector<Tensor> operands;
  Extents extents{scores[2], scores[3]};
  if (band.lengths) {
    operands.push_back(node.addDims(*band.lengths, {1, 2, 3}));
    extents.insert(extents.begin(), {scores[0], node.extent(1)});
  }
  Value shift = node.indexValue(band.lengths ? scores[2] : band.offset);
  return node.map(operands, extents, type, [&](OpBuilder &b, Location loc, ValueRange lengths) -> Value {
    Value query = linalg::IndexOp::create(b, loc, extents.size() - 2);
    Value key = linalg::IndexOp::create(b, loc, extents.size() - 1);
    Value allowed = arith::ConstantOp::create(b, loc, b.getBoolAttr(true));
    auto restrict = [&](arith::CmpIPredicate order, Value value, Value bound) {
      allowed = arith::AndIOp::create(b, loc, allowed, arith::CmpIOp::create(b, loc, order, value, bound));
    };
    Value offset = shift;
    if (band.lengths) {
      Value length = arith::IndexCastOp::create(b, loc, b.getIndexType(), lengths[0]);
      restrict(arith::CmpIPredicate::slt, key, length);
      offset = arith::SubIOp::create(b, loc, length, shift);
    }
    Value distance = arith::SubIOp::create(b, loc, key, arith::AddIOp::create(b, loc, query, offset));
    if (band.left)
      restrict(arith::CmpIPredicate::sge, distance, arith::ConstantIndexOp::create(b, loc, -*band.left));
    if (band.right)
      restrict(arith::CmpIPredicate::sle, distance, arith::ConstantIndexOp::create(b, loc, *band.right));
    Value zero = arith::ConstantOp::create(b, loc, getScalarAttr(0, type));
    Value lowest = arith::ConstantOp::create(b, loc, getLowestAttr(type, /*isUnsigned=*/false));
    return arith::SelectOp::create(b, loc, allowed, zero, lowest);
  });
}

namespace {
/// What decides which keys a query reads.
struct Masking {
  SmallVector<Tensor> addends; ///< of shapes that broadcast to the scores
  bool isCausal = false;       ///< n ≤ m + (N − M), beside the addends
  bool mayMaskRows = false;    ///< whether a query may have no key at all
};
} // namespace

static FailureOr<Masking> getMasking(AttentionOp op, Node &node, ExtentsRef scores, Type type) {
  Masking masking;
  masking.mayMaskRows = op.getAttnMask() || op.getNonpadKvSeqlen() || op.getLeftWindowSize() >= 0;
  if (op.getAttnMask()) {
    FailureOr<Tensor> mask = completeMask(node, node.get(op.getAttnMask()), scores[3]);
    if (failed(mask))
      return failure();
    masking.addends.push_back(getAddend(node, *mask, type));
    if (!TensorBuilder::broadcasts(masking.addends, scores))
      return node.refuse("the extents of its mask cannot be shown to broadcast");
  }
  Band band{node.extent(0), std::nullopt, std::nullopt, std::nullopt};
  if (op.getPastKey())
    band.offset = node.get(op.getPastKey()).extents[2];
  if (op.getNonpadKvSeqlen())
    band.lengths = node.get(op.getNonpadKvSeqlen());
  if (op.getLeftWindowSize() >= 0)
    band.left = op.getLeftWindowSize();
  if (op.getRightWindowSize() >= 0)
    band.right = op.getRightWindowSize();
  if (op.getIsCausal()) {
    masking.isCausal = !band.lengths && isExtent(node.symbols.simplify(scores[3] - scores[2] - band.offset), 0);
    band.right = masking.isCausal ? std::nullopt : std::optional<int64_t>(0);
  }
  if (band.left || band.right || band.lengths)
    masking.addends.push_back(getBandAddend(node, band, scores, type));
  return masking;
}

static Tensor scaleBy(Node &node, const Tensor &x, double factor) {
  return node.elementwise(ElementwiseKind::mul, {x, node.scalar(factor, x.getElementType())}, x.extents);
}

/// scale · q kᵀ, by softcap where `cap` is positive, as (B, H, M, N).
static Tensor computeScores(Node &node, const Tensor &q, const Tensor &k, double scale, double cap) {
  AffineExpr groups = k.extents[2], members = node.symbols.simplify(q.extents[2].floorDiv(groups));
  Tensor grouped = node.reshape(q, {q.extents[0], q.extents[1], groups, members, q.extents[3]});
  // Loops: batch, head of k, member of its group, query, key, feature.
  auto getMap = [&](ArrayRef<unsigned> loops) {
    auto dims = llvm::map_to_vector(loops, [&](unsigned loop) { return node.builder.getAffineDimExpr(loop); });
    return AffineMap::get(6, 0, dims, node.getContext());
  };
  Tensor product = node.contract(grouped, getMap({0, 3, 1, 2, 5}), k, getMap({0, 4, 1, 5}), getMap({0, 1, 2, 3, 4}),
                                 {q.extents[0], groups, members, q.extents[1], k.extents[1]});
  Tensor scores = scaleBy(node, node.reshape(product, {q.extents[0], q.extents[2], q.extents[1], k.extents[1]}), scale);
  if (cap > 0)
    scores = scaleBy(node, node.elementwise(ElementwiseKind::tanh, {scaleBy(node, scores, 1 / cap)}), cap);
  return scores;
}

/// The softmax is computed in the operands' type, which is also its results': another softmax_precision rounds
/// differently inside.
static FailureOr<SmallVector<Tensor>> convertAttention(AttentionOp op, Node &node) {
  Type type = node.getResultElementType();
  int64_t keyHeads = op.getKvNumHeads().value_or(0);
  auto getTokens = [&](Value operand, int64_t heads) { return toTokenMajor(node, node.get(operand), heads); };
  Tensor q = getTokens(op.getQ(), op.getQNumHeads().value_or(0));
  Cached k = appendToPast(node, getTokens(op.getK(), keyHeads), op.getPastKey(), bool(op.getPresentKey()));
  Cached v = appendToPast(node, getTokens(op.getV(), keyHeads), op.getPastValue(), bool(op.getPresentValue()));
  if (k.tokens.getElementType() != type || v.tokens.getElementType() != type)
    return node.refuse("operands of different element types are not supported");
  if (failed(checkHeads(node, {q, k.tokens, v.tokens})))
    return failure();
  Extents pairwise{q.extents[0], q.extents[2], q.extents[1], k.tokens.extents[1]};
  FailureOr<Masking> masking = getMasking(op, node, pairwise, type);
  if (failed(masking))
    return failure();

  double scale = op.getScale() ? op.getScale()->convertToDouble() : 1 / std::sqrt(getStaticExtent(q.extents[3]));
  double cap = op.getSoftcap().convertToDouble();
  bool isMasked = masking->isCausal || !masking->addends.empty();
  int64_t mode = op.getQkMatmulOutput() ? op.getQkMatmulOutputMode() : -1;
  bool readsEarlier = (mode == 0 && (isMasked || cap > 0)) || (mode == 1 && isMasked);
  Type pairwiseType = node.getType(pairwise, type);
  Extents result{q.extents[0], q.extents[1], q.extents[2], v.tokens.extents[3]};
  OpBuilder &b = node.builder;
  auto addends = llvm::map_to_vector(masking->addends, [](const Tensor &addend) { return addend.value; });
  auto flag = [&](bool value) { return value ? b.getUnitAttr() : UnitAttr(); };
  auto attention = vitc::vit::AttentionOp::create(
      b, node.loc, node.getType(result, type), mode >= 0 && mode < 3 && !readsEarlier ? pairwiseType : Type(),
      mode == 3 ? pairwiseType : Type(), q.value, k.tokens.value, v.tokens.value, addends, b.getF32FloatAttr(scale),
      flag(masking->isCausal), cap > 0 ? b.getF32FloatAttr(cap) : FloatAttr(), flag(masking->mayMaskRows));

  Tensor y{attention.getResult(), result};
  SmallVector<Tensor> results{node.get(op.getQ()).getRank() == 3 ? node.reshape(y, node.getResultExtents())
                                                                 : swapTokensAndHeads(node, y)};
  if (op.getPresentKey())
    results.push_back(k.present);
  if (op.getPresentValue())
    results.push_back(v.present);
  if (readsEarlier)
    results.push_back(computeScores(node, q, k.tokens, scale, mode == 1 ? cap : 0));
  else if (mode >= 0)
    results.push_back({mode == 3 ? attention.getProbs() : attention.getScores(), pairwise});
  return results;
}

void vitc::onnx::populateAttentionPatterns(NodePatterns &patterns) { patterns.add(convertAttention); }
