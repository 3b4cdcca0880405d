#include "vitc/Dialect/CPUKernel/IR/CPUKernel.h"
#include "vitc/Dialect/CPUKernel/Kernels/KernelBuilder.h"

using namespace mlir;
using namespace vitc::vcpu;

using Values = KernelBuilder::Values;
using arith::AtomicRMWKind;

//===----------------------------------------------------------------------===//
// Scatter
//===----------------------------------------------------------------------===//

/// How an element and its update combine. The sum of bools is their or, their product their and, as in ONNX Runtime.
static AtomicRMWKind getKind(ScatterOp op, Type type) {
  auto pick = [&](AtomicRMWKind ofFloats, AtomicRMWKind ofSigned, AtomicRMWKind ofUnsigned, AtomicRMWKind ofBools) {
    if (isa<FloatType>(type))
      return ofFloats;
    return type.isInteger(1) ? ofBools : op.getIsUnsigned() ? ofUnsigned : ofSigned;
  };
  StringRef reduction = op.getReduction();
  if (reduction == "add")
    return pick(AtomicRMWKind::addf, AtomicRMWKind::addi, AtomicRMWKind::addi, AtomicRMWKind::ori);
  if (reduction == "mul")
    return pick(AtomicRMWKind::mulf, AtomicRMWKind::muli, AtomicRMWKind::muli, AtomicRMWKind::andi);
  if (reduction == "max")
    return pick(AtomicRMWKind::maximumf, AtomicRMWKind::maxs, AtomicRMWKind::maxu, AtomicRMWKind::ori);
  if (reduction == "min")
    return pick(AtomicRMWKind::minimumf, AtomicRMWKind::mins, AtomicRMWKind::minu, AtomicRMWKind::andi);
  return AtomicRMWKind::assign;
}

namespace {
/// The code of one scatter: its operands and the range of the output's first dimension that is this call's.
struct ScatterEmitter {
  ScatterOp op;
  KernelBuilder &kernel;
  Value indices, updates, output, begin, end;

  /// Loops over positions within `bounds`.
  void forEachPosition(ArrayRef<Value> bounds, function_ref<void(ValueRange)> body, Values position = {}) {
    if (position.size() == bounds.size())
      return body(position);
    kernel.forEach(kernel.index(0), bounds[position.size()], kernel.index(1), [&](Value i) {
      Values next = position;
      next.push_back(i);
      forEachPosition(bounds, body, next);
    });
  }

  /// The extents of the updates from dimension `dim` on, at most those of the output's dimensions that they go to.
  Value getBound(int64_t updateDim, int64_t outputDim) {
    return kernel.min(kernel.dim(updates, updateDim), kernel.dim(output, outputDim));
  }

  /// `bound`, or 0 where dimension `dim` of the output has no elements: then no index has a position.
  Value getBoundOfIndices(Value bound, int64_t dim) {
    Value isEmpty = kernel.equal(kernel.dim(output, dim), kernel.index(0));
    return kernel.select(isEmpty, kernel.index(0), bound);
  }

  /// A position along `dim` from an index that may count from the end or lie outside.
  Value getPosition(ValueRange where, int64_t dim) {
    OpBuilder &b = kernel.builder;
    Location loc = kernel.loc;
    Value i = arith::IndexCastOp::create(b, loc, b.getIndexType(), kernel.load(indices, where));
    Value size = kernel.dim(output, dim);
    Value isNegative = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, i, kernel.index(0));
    Value wrapped = kernel.select(isNegative, kernel.add(i, size), i);
    Value atMost = arith::MinSIOp::create(b, loc, wrapped, kernel.sub(size, kernel.index(1)));
    return arith::MaxSIOp::create(b, loc, atMost, kernel.index(0));
  }

  void update(ValueRange from, ValueRange to) {
    Value value = kernel.load(updates, from);
    AtomicRMWKind kind = getKind(op, value.getType());
    if (kind != AtomicRMWKind::assign)
      value = arith::getReductionOp(kind, kernel.builder, kernel.loc, kernel.load(output, to), value);
    memref::StoreOp::create(kernel.builder, kernel.loc, value, output, to);
  }

  /// `body` where the position is in this call's range.
  void ifMine(Value first, function_ref<void()> body) {
    Value notBefore = arith::CmpIOp::create(kernel.builder, kernel.loc, arith::CmpIPredicate::uge, first, begin);
    kernel.branch(arith::AndIOp::create(kernel.builder, kernel.loc, notBefore, kernel.less(first, end)), body);
  }

  /// Every update has its own index along `axis`.
  void scatterElements(int64_t axis) {
    Values bounds;
    for (int64_t dim = 0, rank = cast<MemRefType>(output.getType()).getRank(); dim < rank; ++dim)
      bounds.push_back(dim == axis ? getBoundOfIndices(kernel.dim(updates, dim), dim) : getBound(dim, dim));
    if (axis != 0) {
      // The first dimension is that of the updates: only their own range is read.
      Value first = bounds[0], stop = kernel.min(first, end);
      bounds.erase(bounds.begin());
      kernel.forEach(begin, stop, kernel.index(1), [&](Value i) {
        forEachPosition(bounds, [&](ValueRange rest) {
          Values from{i}, to;
          llvm::append_range(from, rest);
          to = from;
          to[axis] = getPosition(from, axis);
          update(from, to);
        });
      });
      return;
    }
    forEachPosition(bounds, [&](ValueRange from) {
      Values to(from);
      to[0] = getPosition(from, 0);
      ifMine(to[0], [&] { update(from, to); });
    });
  }

  /// Every update is a slice at an index vector.
  void scatterSlices() {
    int64_t outer = cast<MemRefType>(indices.getType()).getRank() - 1;
    int64_t length = cast<MemRefType>(indices.getType()).getShape().back();
    int64_t rank = cast<MemRefType>(output.getType()).getRank();
    Values outerBounds, innerBounds;
    for (int64_t dim = 0; dim < outer; ++dim)
      outerBounds.push_back(kernel.min(kernel.dim(indices, dim), kernel.dim(updates, dim)));
    for (int64_t dim = 0; dim < length && outer > 0; ++dim)
      outerBounds[0] = getBoundOfIndices(outerBounds[0], dim);
    for (int64_t dim = length; dim < rank; ++dim)
      innerBounds.push_back(getBound(outer + dim - length, dim));
    forEachPosition(outerBounds, [&](ValueRange where) {
      Values position;
      for (int64_t i = 0; i < length; ++i) {
        Values element(where);
        element.push_back(kernel.index(i));
        position.push_back(getPosition(element, i));
      }
      ifMine(position[0], [&] {
        forEachPosition(innerBounds, [&](ValueRange inner) {
          Values from(where), to(position);
          llvm::append_range(from, inner);
          llvm::append_range(to, inner);
          update(from, to);
        });
      });
    });
  }
};
} // namespace

/// Each call looks at all updates.
int64_t ScatterOp::getLeastItems() { return std::numeric_limits<int64_t>::max(); }

LogicalResult ScatterOp::emitKernel(OpBuilder &builder, ValueRange arguments) {
  KernelBuilder kernel(builder, getLoc(), /*lanes=*/1, builder.getIndexType());
  ScatterEmitter emitter{*this, kernel, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4]};
  if (getAxis())
    emitter.scatterElements(*getAxis());
  else
    emitter.scatterSlices();
  return success();
}

//===----------------------------------------------------------------------===//
// TopK
//===----------------------------------------------------------------------===//

/// Whether `x` comes before `y` where they are not equal.
static Value comesBefore(KernelBuilder &kernel, TopKOp op, Value x, Value y) {
  if (isa<FloatType>(x.getType()))
    return arith::CmpFOp::create(kernel.builder, kernel.loc,
                                 op.getSmallest() ? arith::CmpFPredicate::OLT : arith::CmpFPredicate::OGT, x, y);
  auto least = op.getIsUnsigned() ? arith::CmpIPredicate::ult : arith::CmpIPredicate::slt;
  auto greatest = op.getIsUnsigned() ? arith::CmpIPredicate::ugt : arith::CmpIPredicate::sgt;
  return arith::CmpIOp::create(kernel.builder, kernel.loc, op.getSmallest() ? least : greatest, x, y);
}

/// Merges the runs [start, middle) and [middle, stop) of list `from` into the other list.
static void mergeRuns(KernelBuilder &kernel, Value lists, Value from, Value start, Value middle, Value stop,
                      function_ref<Value(Value, Value)> comesBefore) {
  Value to = kernel.sub(kernel.index(1), from);
  kernel.loop(start, stop, kernel.index(1), {start, middle}, [&](Value out, ValueRange next) {
    // What a run that is used up gives is read from its last element and not taken.
    auto peek = [&](Value position, Value end) {
      return kernel.load(lists, {from, kernel.min(position, kernel.sub(end, kernel.index(1)))});
    };
    Value left = peek(next[0], middle), right = peek(next[1], stop);
    Value hasRight = kernel.less(next[1], stop), isLeftUsed = kernel.equal(next[0], middle);
    Value isRightBetter = arith::OrIOp::create(kernel.builder, kernel.loc, isLeftUsed, comesBefore(right, left));
    Value takesRight = arith::AndIOp::create(kernel.builder, kernel.loc, hasRight, isRightBetter);
    memref::StoreOp::create(kernel.builder, kernel.loc, kernel.select(takesRight, right, left), lists,
                            ValueRange{to, out});
    Value step = kernel.select(takesRight, kernel.index(1), kernel.index(0));
    return Values{kernel.add(next[0], kernel.sub(kernel.index(1), step)), kernel.add(next[1], step)};
  });
}

/// Sorts list 0 by merging runs of 1, 2, 4, … elements; gives the list that holds the result.
static Value mergeSort(KernelBuilder &kernel, Value lists, Value count, function_ref<Value(Value, Value)> comesBefore) {
  Values inits{kernel.index(1), kernel.index(0)};
  auto loop = scf::WhileOp::create(
      kernel.builder, kernel.loc, TypeRange(ValueRange(inits)), inits,
      [&](OpBuilder &b, Location loc, ValueRange state) {
        scf::ConditionOp::create(b, loc, kernel.less(state[0], count), state);
      },
      [&](OpBuilder &b, Location loc, ValueRange state) {
        Value width = state[0], doubled = kernel.mul(width, 2);
        kernel.forEach(kernel.index(0), count, doubled, [&](Value start) {
          Value middle = kernel.min(kernel.add(start, width), count),
                stop = kernel.min(kernel.add(start, doubled), count);
          mergeRuns(kernel, lists, state[1], start, middle, stop, comesBefore);
        });
        scf::YieldOp::create(b, loc, ValueRange{doubled, kernel.sub(kernel.index(1), state[1])});
      });
  return loop.getResult(1);
}

LogicalResult TopKOp::emitKernel(OpBuilder &builder, ValueRange arguments) {
  KernelBuilder kernel(builder, getLoc(), /*lanes=*/1, builder.getIndexType());
  Value input = arguments[0], values = arguments[1], indices = arguments[2], scratch = arguments[3];
  Value count = kernel.dim(input, 1);
  Value lists = kernel.scratchView(scratch, 0, {2, ShapedType::kDynamic}, count);
  kernel.forEach(arguments[5], arguments[6], kernel.index(1), [&](Value row) {
    kernel.forEach(kernel.index(0), count, kernel.index(1), [&](Value i) {
      memref::StoreOp::create(builder, getLoc(), i, lists, ValueRange{kernel.index(0), i});
    });
    auto before = [&](Value a, Value b) {
      return comesBefore(kernel, *this, kernel.load(input, {row, a}), kernel.load(input, {row, b}));
    };
    Value sorted = mergeSort(kernel, lists, count, before);
    kernel.forEach(kernel.index(0), kernel.dim(values, 1), kernel.index(1), [&](Value i) {
      Value position = kernel.load(lists, {sorted, i});
      memref::StoreOp::create(builder, getLoc(), kernel.load(input, {row, position}), values, ValueRange{row, i});
      Value index = arith::IndexCastOp::create(builder, getLoc(), builder.getI64Type(), position);
      memref::StoreOp::create(builder, getLoc(), index, indices, ValueRange{row, i});
    });
  });
  return success();
}
