#include "KernelOpDetail.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/OpImplementation.h"

using namespace mlir;
using namespace vitc::vcpu;
using namespace vitc::vcpu::detail;

template <typename Effect>
static void addEffect(OpOperand &operand, Effects &effects) {
  effects.emplace_back(Effect::get(), &operand, 0, true, SideEffects::DefaultResource::get());
}

//===----------------------------------------------------------------------===//
// launch
//===----------------------------------------------------------------------===//

void LaunchOp::getEffects(Effects &effects) {
  for (OpOperand &operand : getInputsMutable())
    if (isa<MemRefType>(operand.get().getType()))
      addEffect<MemoryEffects::Read>(operand, effects);
  for (OpOperand &operand : getOutputsMutable()) {
    addEffect<MemoryEffects::Read>(operand, effects);
    addEffect<MemoryEffects::Write>(operand, effects);
  }
}

LogicalResult LaunchOp::verifySymbolUses(SymbolTableCollection &symbols) {
  auto kernel = symbols.lookupNearestSymbolFrom<func::FuncOp>(*this, getKernelAttr());
  if (!kernel) // launch_c1
    return emitOpError("expects a function named ") << getKernelAttr();
  Builder builder(getContext());
  SmallVector<Type> types(getInputs().getTypes());
  llvm::append_range(types, getOutputs().getTypes());
  if (getScratchBytes())
    types.append({MemRefType::get({ShapedType::kDynamic}, builder.getI8Type()), builder.getI1Type()});
  types.append(2, builder.getIndexType());
  FunctionType expected = builder.getFunctionType(types, {});
  if (kernel.getFunctionType() != expected) // launch_c1
    return emitOpError("expects a kernel of type ") << expected << ", got " << kernel.getFunctionType();
  return success();
}

//===----------------------------------------------------------------------===//
// gemm
//===----------------------------------------------------------------------===//

void GemmOp::getEffects(Effects &effects) { addKernelEffects(*this, effects); }

static LogicalResult verifySchedule(GemmOp op) {
  int64_t mr = op.getMr(), nr = op.getNr(), lanes = op.getLanes();
  if (mr < 1 || lanes < 1 || nr < lanes || nr % lanes != 0) // gemm_c4
    return op.emitOpError("expects mr and lanes to be positive and lanes to divide nr, got mr ")
           << mr << ", nr " << nr << ", lanes " << lanes;
  if (int64_t mc = op.getMc(); mc < 0) // gemm_c4
    return op.emitOpError("expects mc not to be negative, got ") << mc;
  if (op.getTiles() &&
      (!op.getBf16Products() || mr != 32 || nr != 32 || lanes != 16 || op.getInnerSize() % 32 != 0)) // gemm_c7
    return op.emitOpError("expects tiles with bf16_products, 32 for mr and nr, 16 lanes, and a K that 32 divides, got ")
           << op.getAType();
  return success();
}

/// Whether a tensor of `shape` is one matrix or one for each of the batch.
static bool isShared(ShapedType type, int64_t matrixRank) { return type.getRank() == matrixRank; }

static LogicalResult verifyMatrices(GemmOp op) {
  ShapedType a = op.getAType(), b = op.getBType(), c = op.getCType();
  int64_t batch = op.getBatchRank();
  if (batch < 0 || (!isShared(a, 2) && a.getRank() != batch + 2) ||
      (!isShared(b, 3) && b.getRank() != batch + 3)) // gemm_c1
    return op.emitOpError("expects operands (batch.., M, K), (batch.., N / nr, K, nr) and (batch.., M, N), got ")
           << a << ", " << b << ", " << c;
  for (ShapedType type : {a, c})
    if (!type.getElementType().isF32()) // gemm_c1
      return op.emitOpError("expects f32 operands, got ") << type;
  bool pairs = op.getBf16Products();
  if (pairs && !op.getPackA()) // gemm_c6
    return op.emitOpError("expects pack_a with bf16_products");
  if (!b.getElementType().isBF16() && (pairs || !b.getElementType().isF32())) // gemm_c1, gemm_c6
    return op.emitOpError("expects a packed operand of ") << (pairs ? "bf16" : "f32 or bf16") << ", got " << b;
  int64_t k = op.getInnerSize(), n = c.getShape().back();
  if (ShapedType::isDynamic(k) || ShapedType::isDynamic(n) || k < 1 || n < 1) // gemm_c1
    return op.emitOpError("expects static, positive K and N, got ") << a << " and " << c;
  int64_t nr = op.getNr();
  SmallVector<int64_t> packed{static_cast<int64_t>(llvm::divideCeil(n, nr)), op.getPanelRows(), pairs ? 2 * nr : nr};
  if (b.getShape().take_back(3) != ArrayRef<int64_t>(packed)) // gemm_c1
    return op.emitOpError("expects a packed operand of shape ") << packed << ", got " << b;
  if (!sizesMatch(a.getDimSize(a.getRank() - 2), c.getDimSize(batch))) // gemm_c1
    return op.emitOpError("expects A and C to have as many rows, got ") << a << " and " << c;
  auto hasBatch = [&](ShapedType type, int64_t matrixRank) {
    return isShared(type, matrixRank) ||
           llvm::all_of_zip(type.getShape().take_front(batch), c.getShape().take_front(batch), sizesMatch);
  };
  if (!hasBatch(a, 2) || !hasBatch(b, 3)) // gemm_c1
    return op.emitOpError("expects the batch of ") << c << ", got " << a << " and " << b;
  return success();
}

OpFoldResult GemmOp::getMacs(OpBuilder &builder) {
  return countElements(builder, getLoc(), getOutputs()[0], getInnerSize());
}

LogicalResult GemmOp::verify() {
  if (failed(verifySchedule(*this)))
    return failure();
  if (getOutputs().size() != 1) // gemm_c2
    return emitOpError("expects one output, got ") << getOutputs().size();
  if (failed(verifyMatrices(*this)) || failed(verifyContiguousRows(*this))) // gemm_c5
    return failure();
  return verifyEpilogue(*this, getEpilogue(), getExtras(), getExtraMaps(), getCType()); // gemm_c2, gemm_c3
}

#define GET_OP_CLASSES
#include "vitc/Dialect/CPUKernel/IR/CPUKernelOps.cpp.inc"
