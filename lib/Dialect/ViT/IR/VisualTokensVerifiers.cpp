// What the descriptions of vit.tokenize and vit.project call (C1), (C2): one check each, named op_cN.
#include "VerifyShapes.h"

#include "vitc/Dialect/ViT/IR/ViT.h"

using namespace mlir;
using namespace vitc::vit;
using namespace vitc::vit::detail;

using Shape = SmallVector<int64_t>;

static ArrayRef<int64_t> shapeOf(Value value) { return cast<RankedTensorType>(value.getType()).getShape(); }

/// (batch.., rows, columns).
static Shape inBatch(ArrayRef<int64_t> batch, int64_t rows, int64_t columns) {
  Shape shape(batch);
  shape.append({rows, columns});
  return shape;
}

/// Whether `x` is (B.., P, C) with at least one B.
static LogicalResult verifyPositions(Operation *op, Value x) {
  if (shapeOf(x).size() >= 3)
    return success();
  return op->emitOpError("expected positions (B.., P, C) of rank 3 or more, got ") << x.getType();
}

LogicalResult TokenizeOp::verify() {
  if (failed(verifyPositions(*this, getX()))) // tokenize_c1
    return failure();
  ArrayRef<int64_t> x = shapeOf(getX()), weights = shapeOf(getWeights());
  ArrayRef<int64_t> batch = x.drop_back(2);
  int64_t positions = x[x.size() - 2], channels = x.back();
  if (weights.size() != 2 && weights.size() != x.size()) // tokenize_c1
    return emitOpError("expected weights (L, C) or (B.., L, C), got ") << getWeights().getType();
  int64_t tokens = weights[weights.size() - 2];
  Shape expected = weights.size() == 2 ? Shape{tokens, channels} : inBatch(batch, tokens, channels);
  if (failed(verifyShape(*this, "weights", getWeights(), expected))) // tokenize_c1
    return failure();
  int64_t features = getValues() ? shapeOf(getValues()).back() : channels;
  if (getValues() && failed(verifyShape(*this, "values", getValues(), inBatch(batch, positions, features))))
    return failure();                                                                      // tokenize_c1
  if (failed(verifyShape(*this, "tokens", getTokens(), inBatch(batch, tokens, features)))) // tokenize_c2
    return failure();
  return getMaps() ? verifyShape(*this, "maps", getMaps(), inBatch(batch, tokens, positions))
                   : success(); // tokenize_c2
}

LogicalResult ProjectOp::verify() {
  if (failed(verifyPositions(*this, getX()))) // project_c1
    return failure();
  ArrayRef<int64_t> x = shapeOf(getX()), query = shapeOf(getQuery()), key = shapeOf(getKey());
  if (query.size() != x.size() || key.size() != x.size()) // project_c1
    return emitOpError("expected a query and a key of rank ")
           << x.size() << ", got " << getQuery().getType() << " and " << getKey().getType();
  ArrayRef<int64_t> batch = x.drop_back(2);
  int64_t positions = x[x.size() - 2], tokens = key[key.size() - 2], features = query.back();
  Shape maps = inBatch(batch, positions, tokens);
  if (failed(verifyShape(*this, "a query", getQuery(), inBatch(batch, positions, features))) || // project_c1
      failed(verifyShape(*this, "a key", getKey(), inBatch(batch, tokens, features))) ||        // project_c1
      failed(verifyShape(*this, "a value", getValue(), inBatch(batch, tokens, x.back()))) ||    // project_c1
      failed(verifyShape(*this, "a result", getResult(), x)))                                   // project_c2
    return failure();
  if (getMaps() && failed(verifyShape(*this, "maps", getMaps(), maps))) // project_c2
    return failure();
  return verifyAddends(*this, getAddends(), maps); // project_c2
}
