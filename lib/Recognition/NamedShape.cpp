#include "NamedShape.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace vitc;

namespace {

/// Writes extents as expressions of names. The arithmetic that it asks the ops for is built, and erased again.
class ExtentWriter {
public:
  explicit ExtentWriter(MLIRContext *context) : context(context), builder(context) {}
  ~ExtentWriter() {
    for (Operation *op : llvm::reverse(built))
      if (op->use_empty())
        op->erase();
  }

  FailureOr<AffineExpr> write(Value tensor, int64_t dim);
  ArrayAttr getNames() const { return ArrayAttr::get(context, names.getArrayRef()); }
  unsigned countNames() const { return names.size(); }

private:
  /// Notes the ops that are built.
  struct Listener final : OpBuilder::Listener {
    explicit Listener(SmallVectorImpl<Operation *> &built) : built(built) {}
    void notifyOperationInserted(Operation *op, OpBuilder::InsertPoint) override { built.push_back(op); }
    SmallVectorImpl<Operation *> &built;
  };

  FailureOr<AffineExpr> write(OpFoldResult index);
  FailureOr<AffineExpr> writeOfArgument(BlockArgument argument, int64_t dim);
  FailureOr<AffineExpr> writeApply(affine::AffineApplyOp apply);
  template <typename Combine>
  FailureOr<AffineExpr> combine(Operation *op, Combine combine);
  AffineExpr symbolOf(Attribute name) {
    names.insert(name);
    return getAffineSymbolExpr(llvm::find(names, name) - names.begin(), context);
  }

  MLIRContext *context;
  SmallVector<Operation *> built;
  Listener listener{built};
  OpBuilder builder;
  llvm::SetVector<Attribute> names;
};

} // namespace

FailureOr<AffineExpr> ExtentWriter::writeOfArgument(BlockArgument argument, int64_t dim) {
  auto function = dyn_cast<func::FuncOp>(argument.getOwner()->getParentOp());
  auto dims = function ? function.getArgAttrOfType<vit::DimsAttr>(argument.getArgNumber(), "vit.dims") : nullptr;
  if (!dims)
    return failure();
  SmallVector<AffineExpr> symbols =
      llvm::map_to_vector(dims.getSymbols(), [&](Attribute name) { return symbolOf(name); });
  return dims.getExtent(dim).replaceSymbols(symbols);
}

FailureOr<AffineExpr> ExtentWriter::write(Value tensor, int64_t dim) {
  auto type = cast<RankedTensorType>(tensor.getType());
  if (!type.isDynamicDim(dim))
    return getAffineConstantExpr(type.getDimSize(dim), context);
  if (auto argument = dyn_cast<BlockArgument>(tensor))
    return writeOfArgument(argument, dim);
  auto result = cast<OpResult>(tensor);
  if (auto destination = dyn_cast<DestinationStyleOpInterface>(result.getOwner()))
    return write(destination.getTiedOpOperand(result)->get(), dim);
  builder.setListener(&listener);
  builder.setInsertionPoint(result.getOwner());
  FailureOr<OpFoldResult> extent = reifyDimOfResult(builder, result.getOwner(), result.getResultNumber(), dim);
  return succeeded(extent) ? write(*extent) : FailureOr<AffineExpr>();
}

FailureOr<AffineExpr> ExtentWriter::writeApply(affine::AffineApplyOp apply) {
  SmallVector<AffineExpr> operands;
  for (Value operand : apply.getMapOperands()) {
    FailureOr<AffineExpr> expr = write(OpFoldResult(operand));
    if (failed(expr))
      return failure();
    operands.push_back(*expr);
  }
  ArrayRef<AffineExpr> all(operands);
  unsigned dims = apply.getAffineMap().getNumDims();
  return apply.getAffineMap().getResult(0).replaceDimsAndSymbols(all.take_front(dims), all.drop_front(dims));
}

template <typename Combine>
FailureOr<AffineExpr> ExtentWriter::combine(Operation *op, Combine combine) {
  FailureOr<AffineExpr> lhs = write(OpFoldResult(op->getOperand(0))), rhs = write(OpFoldResult(op->getOperand(1)));
  return failed(lhs) || failed(rhs) ? FailureOr<AffineExpr>() : combine(*lhs, *rhs);
}

FailureOr<AffineExpr> ExtentWriter::write(OpFoldResult index) {
  if (std::optional<int64_t> constant = getConstantIntValue(index))
    return getAffineConstantExpr(*constant, context);
  Operation *op = cast<Value>(index).getDefiningOp();
  if (!op)
    return failure();
  using Expr = AffineExpr;
  return llvm::TypeSwitch<Operation *, FailureOr<AffineExpr>>(op)
      .Case([&](tensor::DimOp dim) {
        std::optional<int64_t> position = dim.getConstantIndex();
        return position ? write(dim.getSource(), *position) : FailureOr<AffineExpr>();
      })
      .Case([&](vit::ExtentOp extent) { return symbolOf(extent.getNameAttr()); })
      .Case([&](affine::AffineApplyOp apply) { return writeApply(apply); })
      .Case([&](arith::AddIOp add) { return combine(add, [](Expr l, Expr r) { return l + r; }); })
      .Case([&](arith::SubIOp sub) { return combine(sub, [](Expr l, Expr r) { return l - r; }); })
      .Case([&](arith::MulIOp mul) { return combine(mul, [](Expr l, Expr r) { return l * r; }); })
      .Case<arith::DivSIOp, arith::DivUIOp, arith::FloorDivSIOp>(
          [&](Operation *div) { return combine(div, [](Expr l, Expr r) { return l.floorDiv(r); }); })
      .Default([](Operation *) { return failure(); });
}

FailureOr<vit::DimsAttr> vitc::nameExtents(Value tensor, int64_t &unknown) {
  MLIRContext *context = tensor.getContext();
  ExtentWriter writer(context);
  SmallVector<AffineExpr> extents;
  for (int64_t dim = 0, rank = cast<RankedTensorType>(tensor.getType()).getRank(); dim < rank; ++dim) {
    FailureOr<AffineExpr> extent = writer.write(tensor, dim);
    if (failed(extent)) {
      unknown = dim;
      return failure();
    }
    extents.push_back(*extent);
  }
  AffineMap map = AffineMap::get(0, writer.countNames(), extents, context);
  return vit::DimsAttr::get(context, writer.getNames(), AffineMapAttr::get(map));
}
