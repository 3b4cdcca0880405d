#include "KernelOpDetail.h"

#include "mlir/IR/AffineExpr.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace vitc::vcpu;
using namespace vitc::vcpu::detail;

void StrassenRowsOp::getEffects(Effects &effects) { addKernelEffects(*this, effects); }
void StrassenGemmOp::getEffects(Effects &effects) { addKernelEffects(*this, effects); }

/// The rows of all groups' quadrants, of `rows` rows of A.
static int64_t countHalves(int64_t rows, int64_t group) {
  return ShapedType::isDynamic(rows) ? rows : rows / group * llvm::divideCeil(group, 2);
}

static LogicalResult verifyGroup(Operation *op, int64_t group, ShapedType rows) {
  if (group < 1 || (!rows.isDynamicDim(0) && rows.getDimSize(0) % group != 0)) // strassen_rows_c2, strassen_gemm_c4
    return op->emitOpError("expects a positive group that divides the rows, got ") << group << " and " << rows;
  return success();
}

/// Whether `sums` is what strassen_rows makes of rows (M, K), K static and even.
static bool areSums(ShapedType sums, ShapedType rows, int64_t group) {
  return sums.getRank() == 3 && sums.getElementType().isF32() && sums.getDimSize(0) == 4 &&
         sizesMatch(sums.getDimSize(1), countHalves(rows.getDimSize(0), group)) && !sums.isDynamicDim(2) &&
         sums.getDimSize(2) >= rows.getDimSize(1) / 2;
}

/// Whether a type is f32 (M, K) with a K that can be halved.
static bool hasHalves(ShapedType rows) {
  return rows.getRank() == 2 && rows.getElementType().isF32() && !rows.isDynamicDim(1) && rows.getDimSize(1) > 0 &&
         rows.getDimSize(1) % 2 == 0;
}

LogicalResult StrassenRowsOp::verify() {
  if (getLanes() < 1 || !llvm::isPowerOf2_64(getLanes())) // strassen_rows_c2
    return emitOpError("expects lanes to be a power of two, got ") << getLanes();
  ShapedType input = getInputType(), output = getOutputType();
  if (!hasHalves(input)) // strassen_rows_c1
    return emitOpError("expects f32 rows (M, K) of a static, even K, got ") << input;
  if (failed(verifyGroup(*this, getGroup(), input)))
    return failure();
  if (!areSums(output, input, getGroup())) // strassen_rows_c1
    return emitOpError("expects f32 sums (4, halves of ") << input << ", at least K / 2), got " << output;
  return verifyContiguousRows(*this); // strassen_rows_c3
}

OpFoldResult StrassenRowsOp::getWorkItems(OpBuilder &builder) { return sizeOf(builder, getLoc(), getOutput(), 1); }

LogicalResult StrassenGemmOp::verify() {
  int64_t mr = getMr(), nr = getNr(), lanes = getLanes();
  if (mr < 1 || lanes < 1 || nr < lanes || nr % lanes != 0) // strassen_gemm_c4
    return emitOpError("expects mr and lanes to be positive and lanes to divide nr, got mr ")
           << mr << ", nr " << nr << ", lanes " << lanes;
  if (getOutputs().empty() || getOutputs().size() > 2) // strassen_gemm_c2
    return emitOpError("expects one or two outputs, got ") << getOutputs().size();
  ShapedType a = getAType(), b = getBType(), c = getCType();
  if (!hasHalves(a)) // strassen_gemm_c1
    return emitOpError("expects f32 rows (M, K) of a static, even K, got ") << a;
  if (failed(verifyGroup(*this, getGroup(), a)))
    return failure();
  if (!areSums(shapedType(getSums()), a, getGroup())) // strassen_gemm_c1
    return emitOpError("expects the sums of ") << a << ", got " << getSums().getType();
  if (c.getRank() != 2 || c.isDynamicDim(1) || c.getDimSize(1) < 1 || c.getDimSize(1) % (2 * nr) != 0 ||
      !isF32Of(getOutputs()[0], {a.getDimSize(0), c.getDimSize(1)})) // strassen_gemm_c1
    return emitOpError("expects an output of the rows of ") << a << " and pairs of panels, got " << c;
  if (!b.hasStaticShape() || !isF32Of(getB(), {c.getDimSize(1) / nr, a.getDimSize(1), nr})) // strassen_gemm_c1
    return emitOpError("expects f32 panels (N / nr, K, nr) for ") << a << " and " << c << ", got " << b;
  if (givesSums() && !areSums(shapedType(getOutputs()[1]), c, getGroup())) // strassen_gemm_c2
    return emitOpError("expects sums of ") << c << " as the second output, got " << getOutputs()[1].getType();
  if (failed(verifyContiguousRows(*this))) // strassen_gemm_c5
    return failure();
  return verifyEpilogue(*this, getEpilogue(), getExtras(), getExtraMaps(), c); // strassen_gemm_c2, strassen_gemm_c3
}

OpFoldResult StrassenGemmOp::getMacs(OpBuilder &builder) {
  // Seven products of quadrants, (M / 2, K / 2) by (K / 2, N / 2).
  OpFoldResult elements = countElements(builder, getLoc(), getOutputs()[0], 7 * getDepth());
  return foldSizes(builder, getLoc(), builder.getAffineSymbolExpr(0).floorDiv(4), {elements});
}
