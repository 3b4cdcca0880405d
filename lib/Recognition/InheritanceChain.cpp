#include "InheritanceChain.h"

#include "vitc/Dialect/ViT/Utils/Einsum.h"

using namespace mlir;
using namespace vitc;
using linalg::ElementwiseKind;

InheritanceChain vitc::chainTo(vit::InheritOp last) {
  InheritanceChain chain;
  for (vit::InheritOp link = last; link; link = link.getScores().getDefiningOp<vit::InheritOp>())
    chain.insert(chain.begin(), link);
  return chain;
}

/// The product of two factors of which a null one is the identity.
static Value multiply(Value factor, Value rest, OpBuilder &builder, Location loc) {
  return factor && rest ? vit::Einsum(builder, loc, 0).contract("ab", factor, "bc", rest, "ac")
         : factor       ? factor
                        : rest;
}

/// matrix (a, b) + a vector along one of the two; a null matrix is zero, of `shape`.
static Value addVector(Value matrix, ArrayRef<int64_t> shape, Value vector, StringRef along, OpBuilder &builder,
                       Location loc) {
  if (!vector)
    return matrix;
  if (!matrix) {
    auto type = RankedTensorType::get(shape, getElementTypeOrSelf(vector));
    matrix = arith::ConstantOp::create(builder, loc, builder.getZeroAttr(type));
  }
  return vit::Einsum(builder, loc, 0).elementwise(ElementwiseKind::add, "ab", matrix, along, vector);
}

ComposedInheritance vitc::compose(ArrayRef<vit::InheritOp> chain, Value addend, OpBuilder &builder, Location loc) {
  vit::Einsum einsum(builder, loc, 0);
  ComposedInheritance whole{{}, {}, addend};
  for (vit::InheritOp link : chain) {
    // Ψ ((.. + B) Θᵀ + 1 b_Θᵀ) + b_Ψ 1ᵀ = .. + Ψ (B Θᵀ + 1 b_Θᵀ) + b_Ψ 1ᵀ.
    Value theta = link.getTheta(), psi = link.getPsi(), matrix = whole.addend;
    ArrayRef<int64_t> before = cast<RankedTensorType>(link.getScores().getType()).getShape().take_back(2);
    ArrayRef<int64_t> after = link.getResult().getType().getShape().take_back(2);
    if (matrix && theta)
      matrix = einsum.contract("ab", matrix, "cb", theta, "ac");
    matrix = addVector(matrix, {before[0], after[1]}, link.getThetaBias(), "b", builder, loc);
    if (matrix && psi)
      matrix = einsum.contract("ab", psi, "bc", matrix, "ac");
    matrix = addVector(matrix, after, link.getPsiBias(), "a", builder, loc);
    whole = {multiply(theta, whole.theta, builder, loc), multiply(psi, whole.psi, builder, loc), matrix};
  }
  return whole;
}
