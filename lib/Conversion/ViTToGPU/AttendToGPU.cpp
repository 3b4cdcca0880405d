#include "HeadProducts.h"
#include "Patterns.h"

#include "vitc/Dialect/GPUKernel/IR/GPUKernel.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace vitc;

bool vitc::isHeadProduct(linalg::ContractOp op, ArrayRef<ArrayRef<unsigned>> operands) {
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  if (maps.front().getNumDims() != 5)
    return false;
  for (auto [map, dims] : llvm::zip_equal(maps, operands))
    if (map != AffineMap::getMultiDimMapWithTargets(5, dims, op.getContext()))
      return false;
  auto fill = op.getDpsInits()[0].getDefiningOp<linalg::FillOp>();
  return fill && matchPattern(fill.getInputs()[0], m_AnyZeroFloat());
}

bool vitc::isStaticF32(Value tensor) {
  auto type = cast<RankedTensorType>(tensor.getType());
  return type.getElementType().isF32() && llvm::none_of(type.getShape().drop_front(), ShapedType::isDynamic);
}

namespace {

/// softmax(scores) · V, what `vit.attend` is once fused: scores that were inherited and transformed. Where the
/// probabilities are read by others, too, the kernel writes them.
struct AttendToGPU final : KernelPattern<linalg::ContractOp> {
  using KernelPattern::KernelPattern;

  LogicalResult matchAndRewrite(linalg::ContractOp op, PatternRewriter &rewriter) const override {
    if (!isHeadProduct(op, {{0, 2, 1, 4}, {0, 4, 2, 3}, {0, 1, 2, 3}}))
      return rewriter.notifyMatchFailure(op, "not probabilities (batch, head, query, key) times values");
    auto softmax = op.getInputs()[0].getDefiningOp<linalg::SoftmaxOp>();
    if (!softmax || softmax.getDimension() != 3)
      return rewriter.notifyMatchFailure(op, "not of a softmax over keys");
    Value scores = softmax.getInput(), value = op.getInputs()[1];
    if (!isStaticF32(scores) || !isStaticF32(value))
      return rewriter.notifyMatchFailure(op, "expected f32 and static numbers of tokens, heads and features");
    ArrayRef<int64_t> shape = cast<RankedTensorType>(scores.getType()).getShape();
    auto choose = [&](vgpu::AttentionTap tap) {
      return vgpu::chooseAttend(target.kernelElement(), shape[2], shape[3],
                                cast<RankedTensorType>(value.getType()).getShape().back(), tap,
                                /*mmaSync=*/target.multipliesTokensByWarps());
    };
    if (std::string reason = whyUnsupported(choose(vgpu::AttentionTap::None)); !reason.empty())
      return rewriter.notifyMatchFailure(op, reason);
    Location loc = op.getLoc();
    Value v = roundTo(target.stored(), rewriter, loc, value);
    SmallVector<Value> inits{tensor::EmptyOp::create(
        rewriter, loc, tensor::getMixedSizes(rewriter, loc, op.getDpsInits()[0]), target.stored())};
    bool hasReaders = areReadLater(softmax, op) && whyUnsupported(choose(vgpu::AttentionTap::Probabilities)).empty();
    if (hasReaders)
      inits.push_back(
          tensor::EmptyOp::create(rewriter, loc, tensor::getMixedSizes(rewriter, loc, scores), rewriter.getF32Type()));
    auto attend =
        vgpu::AttendOp::create(rewriter, loc, TypeRange(inits), scores, v, inits, target.multipliesTokensByWarps());
    rewriter.replaceOp(op, widenToF32(rewriter, loc, attend.getResult(0)));
    if (hasReaders)
      rewriter.replaceOp(softmax, attend.getResult(1));
    return success();
  }

private:
  /// Whether others read the probabilities, all of them behind the product.
  static bool areReadLater(linalg::SoftmaxOp softmax, Operation *product) {
    auto users = softmax->getUsers();
    return !softmax->hasOneUse() && llvm::all_of(users, [&](Operation *user) {
      return user == product || (user->getBlock() == product->getBlock() && product->isBeforeInBlock(user));
    });
  }
};

} // namespace

void vitc::populateAttendToGPUPatterns(RewritePatternSet &patterns, const KernelTarget &target) {
  patterns.add<AttendToGPU>(patterns.getContext(), target);
}
