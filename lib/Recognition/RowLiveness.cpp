#include "RowLiveness.h"

#include "vitc/Recognition/AxisMap.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/TypeSwitch.h"
#include <set>

using namespace mlir;
using namespace vitc;

namespace {
/// Dimension `dim` of `value` holds rows [begin, end) of the sequence.
struct Rows {
  Value value;
  int64_t dim;
  int64_t begin, end;
  auto key() const { return std::tuple(value.getAsOpaquePointer(), dim, begin, end); }
};

class RowReaders {
public:
  explicit RowReaders(vit::AssembleOp tokens) {
    int64_t rows = tokens.getResult().getType().getDimSize(1);
    push({tokens.getResult(), 1, 0, rows});
    while (!worklist.empty()) {
      Rows next = worklist.pop_back_val();
      for (OpOperand &use : next.value.getUses())
        visit(use, next);
    }
  }

  SmallVector<std::pair<int64_t, int64_t>> ranges; ///< [begin, end) that something reads

  /// Whether these rows were met on the way to what reads them.
  bool passed(const Rows &rows) const { return seen.contains(rows.key()); }

private:
  void push(Rows rows) {
    if (seen.insert(rows.key()).second)
      worklist.push_back(rows);
  }
  void read(const Rows &rows) { ranges.push_back({rows.begin, rows.end}); }

  void visit(OpOperand &use, const Rows &rows) {
    Operation *op = use.getOwner();
    if (isa<tensor::DimOp>(op))
      return;
    if (viewedOperand(op) == rows.value)
      return visitView(op, rows);
    TypeSwitch<Operation *>(op)
        .Case<vit::GeluOp, vit::HardSwishOp, vit::SiluOp>(
            [&](auto each) { push({each.getResult(), rows.dim, rows.begin, rows.end}); })
        .Case<vit::LayerNormOp, vit::RmsNormOp, vit::LinearOp, vit::LayerScaleOp>([&](auto perRow) {
          bool isRows = use.get() == perRow.getInput() && rows.dim + 1 < perRow.getInput().getType().getRank();
          isRows ? push({perRow.getResult(), rows.dim, rows.begin, rows.end}) : read(rows);
        })
        .Case([&](vit::AttentionOp attention) {
          int64_t queryDim = attention.getQuery().getType().getRank() - 3;
          if (use.getOperandNumber() == 0 && rows.dim == queryDim)
            push({attention.getResult(), rows.dim, rows.begin, rows.end});
          else if (use.getOperandNumber() == 0 || rows.dim != queryDim)
            read(rows);
        })
        .Case([&](linalg::LinalgOp elementwise) { visitElementwise(elementwise, use, rows); })
        .Default([&](Operation *) { read(rows); });
  }

  void visitElementwise(linalg::LinalgOp op, OpOperand &use, const Rows &rows) {
    bool each = op.hasPureTensorSemantics() && op.getNumParallelLoops() == op.getNumLoops() &&
                op.getNumDpsInits() == 1 && op.getMatchingIndexingMap(op.getDpsInitOperand(0)).isIdentity();
    auto loop = dyn_cast<AffineDimExpr>(op.getMatchingIndexingMap(&use).getResult(rows.dim));
    if (each && loop)
      push({op->getResult(0), loop.getPosition(), rows.begin, rows.end});
    else
      read(rows);
  }

  /// Rows stay rows where one dimension of the view counts through them alone; a single row may lose its dimension.
  void visitView(Operation *op, const Rows &rows) {
    AxisMap map = AxisMap::identity(rows.value);
    if (failed(map.apply(op)))
      return read(rows);
    int64_t begin = rows.begin + map.offsets[rows.dim];
    for (auto [dim, axis] : llvm::enumerate(map.axes)) {
      if (llvm::none_of(axis, [&](const Digit &digit) { return digit.dim == rows.dim; }))
        continue;
      std::optional<int64_t> count = axis.front().extent.constant();
      if (axis.size() == 1 && axis.front().stride.isOne() && count)
        return push({op->getResult(0), static_cast<int64_t>(dim), begin, begin + *count});
      return read(rows);
    }
    ranges.push_back({begin, begin + 1}); // one row was picked
  }

  SmallVector<Rows> worklist;
  std::set<std::tuple<const void *, int64_t, int64_t, int64_t>> seen;
};
} // namespace

PrefixRoles vitc::classifyPrefix(vit::AssembleOp tokens) {
  PrefixRoles roles;
  if (!tokens.getPrefix() || tokens.getResult().getType().isDynamicDim(1))
    return roles;
  int64_t prefix = tokens.getPrefix().getType().getDimSize(0);
  RowReaders readers(tokens);
  for (int64_t row = 0; row < prefix; ++row) {
    auto reads = [&](std::pair<int64_t, int64_t> range) { return range.first <= row && row < range.second; };
    auto readsPrefix = [&](std::pair<int64_t, int64_t> range) { return reads(range) && range.second <= prefix; };
    if (llvm::any_of(readers.ranges, readsPrefix))
      roles.firstCls = roles.cls++ == 0 ? row : roles.firstCls;
    else if (llvm::none_of(readers.ranges, reads))
      ++roles.registers;
  }
  return roles;
}

bool vitc::holdsSequence(vit::AssembleOp tokens, Value value, int64_t dim) {
  int64_t rows = tokens.getResult().getType().getDimSize(1);
  return !ShapedType::isDynamic(rows) && RowReaders(tokens).passed({value, dim, 0, rows});
}
