#ifndef VITC_DIALECT_CPUKERNEL_KERNELS_KERNELBUILDER_H
#define VITC_DIALECT_CPUKERNEL_KERNELS_KERNELBUILDER_H

#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/AffineMap.h"
#include "mlir/IR/Builders.h"

namespace vitc::vcpu {

/// Emits what the bodies of kernels are made of: index arithmetic (folded where it is constant), loops, vectors of
/// `lanes` elements, loads and stores of them with masks. Vectors run along the last dimension of a memref, whose
/// stride is 1. A null mask means all lanes.
class KernelBuilder {
public:
  using Value = mlir::Value;
  using ValueRange = mlir::ValueRange;
  using Values = llvm::SmallVector<mlir::Value>;

  KernelBuilder(mlir::OpBuilder &builder, mlir::Location loc, int64_t lanes, mlir::Type element)
      : builder(builder), loc(loc), lanes(lanes), vectorType(mlir::VectorType::get({lanes}, element)) {}

  mlir::OpBuilder &builder;
  mlir::Location loc;
  const int64_t lanes;
  const mlir::VectorType vectorType;

  mlir::Type elementType() const { return vectorType.getElementType(); }

  // Index arithmetic on values that are not negative.
  Value index(int64_t value);
  Value add(Value lhs, Value rhs);
  Value add(Value lhs, int64_t rhs) { return add(lhs, index(rhs)); }
  Value sub(Value lhs, Value rhs);
  Value mul(Value lhs, Value rhs);
  Value mul(Value lhs, int64_t rhs) { return mul(lhs, index(rhs)); }
  Value div(Value lhs, Value rhs);
  Value ceilDiv(Value lhs, Value rhs);
  Value rem(Value lhs, Value rhs);
  Value min(Value lhs, Value rhs);
  Value max(Value lhs, Value rhs);
  Value less(Value lhs, Value rhs);  ///< i1
  Value equal(Value lhs, Value rhs); ///< i1
  Value select(Value condition, Value whenTrue, Value whenFalse);
  /// The extent of a memref's dimension: a constant where it is static.
  Value dim(Value memref, int64_t dimension);

  // Floating-point constants and arithmetic, on scalars and vectors alike.
  Value scalar(double value);
  Value splat(double value);
  Value broadcast(Value scalar);
  Value addf(Value lhs, Value rhs);
  Value subf(Value lhs, Value rhs);
  Value mulf(Value lhs, Value rhs);
  Value divf(Value lhs, Value rhs);
  Value fma(Value a, Value b, Value c); ///< a · b + c, on vectors
  /// c[i] + a[2i] · b[2i] + a[2i + 1] · b[2i + 1] of vectors of bf16, twice as long as the f32 sums c.
  Value dotPairs(Value a, Value b, Value c);
  /// `lanes` f32, and 2 · `lanes`, rounded to bf16 by AVX512-BF16.
  Value toBF16(Value vector);
  Value toPairs(Value vector);
  /// A vector of bf16 as f32.
  Value toF32(Value vector);
  /// The same bits as a vector of `element`.
  Value bitcast(Value vector, mlir::Type element);
  /// rhs where lhs is not greater, so that a NaN in rhs stays: one instruction on x86.
  Value maxf(Value lhs, Value rhs);
  /// Sum or maximum of the lanes. The order of additions is fixed by the target, not by the program.
  Value reduceAdd(Value vector);
  Value reduceMax(Value vector);

  // Masks: null where all lanes are valid.
  Value constantMask(int64_t valid);
  Value dynamicMask(Value valid);
  /// vector where the mask is set, `otherwise` elsewhere.
  Value selectLanes(Value mask, Value vector, Value otherwise);

  // Memory.
  Value load(Value memref, ValueRange indices);
  Value loadVector(Value memref, ValueRange indices, Value mask = {});
  /// Neighbours of a memref of bf16: `lanes` pairs, and the bits of one pair as an i32.
  Value loadPairs(Value memref, ValueRange indices);
  Value loadPair(Value memref, ValueRange indices);
  void storeVector(Value vector, Value memref, ValueRange indices, Value mask = {});
  /// Asks for the cache line of an element, into L2 (`locality` 2) or L1 (3).
  void prefetch(Value memref, ValueRange indices, int64_t locality = 2);
  /// A view of the scratch bytes (memref<?xi8>) from `byteOffset` on, row-major and of the kernel's element type, or of
  /// another one.
  Value scratchView(Value scratch, int64_t byteOffset, llvm::ArrayRef<int64_t> shape, ValueRange dynamicSizes = {},
                    mlir::Type element = {});

  // Control flow.
  void forEach(Value begin, Value end, Value step, llvm::function_ref<void(Value)> body);
  /// `body` maps the induction variable and the carried values to the next carried values.
  Values loop(Value begin, Value end, Value step, ValueRange inits, llvm::function_ref<Values(Value, ValueRange)> body);
  /// The values of one of two branches; a constant condition emits that branch alone.
  Values choose(Value condition, llvm::function_ref<Values()> then, llvm::function_ref<Values()> otherwise);
  /// The same without values; with a null `otherwise` nothing is done where the condition does not hold.
  void branch(Value condition, llvm::function_ref<void()> then, llvm::function_ref<void()> otherwise = nullptr);
  /// Emits `body` for every value from `first` to `last` of an index that is known to be one of them.
  void switchOn(Value index, int64_t first, int64_t last, llvm::function_ref<void(int64_t)> body);

  /// Walks [0, extent) a vector at a time: `body(offset, mask, carried)` gives the next carried values. The mask is
  /// null but in the last step of an extent that `lanes` does not divide.
  Values sweep(Value extent, ValueRange inits, llvm::function_ref<Values(Value, Value, ValueRange)> body);
};

/// Rows split into the fewest blocks of at most `mr` rows, whose sizes differ by at most one, the larger ones first:
/// 197 rows by 14 are 2 × 14 + 13 × 13 + .. blocks, never a remainder of one row. Known at compile time where the
/// number of rows is.
class RowBlocks {
public:
  RowBlocks(KernelBuilder &kernel, mlir::Value rows, int64_t mr);

  mlir::Value count() const { return blocks; }
  mlir::Value firstRow(KernelBuilder &kernel, mlir::Value block) const;
  /// Emits `body` for the number of rows of `block`: once for each number that can occur.
  void dispatch(KernelBuilder &kernel, mlir::Value block, llvm::function_ref<void(int64_t)> body) const;
  /// The number of rows of `block`.
  mlir::Value size(KernelBuilder &kernel, mlir::Value block) const;

private:
  mlir::Value blocks, base, larger; // block b has base + (b < larger) rows
  int64_t mr;
};

/// Steps of a product between two prefetches. A core has few cache lines under way (24 on Zen 4): as many asked for at
/// once hold up the products behind them. With 8 steps they are asked for a few at a time, and the loop over parts
/// still costs nothing.
inline constexpr int64_t stepsOfPart = 8;

/// Calls body(row) for the rows of [0, rows) that tile `tile` of `tiles` prefetches before its part `part` of `parts`:
/// the tiles that multiply by a panel of weights ask for the next panel in even shares, evenly over their parts.
/// Weights do not stay in the cache from one run to the next, and the first tile of a panel alone would wait for all of
/// it.
void forEachOfShare(KernelBuilder &kernel, int64_t rows, mlir::Value tile, mlir::Value tiles, mlir::Value part,
                    int64_t parts, llvm::function_ref<void(mlir::Value row)> body);

/// Calls body(i) for those of [0, count) that come before part `part` of `parts`: as many before each, so that what
/// they ask for does not hold up the products.
void forEachOfPart(KernelBuilder &kernel, int64_t count, mlir::Value part, int64_t parts,
                   llvm::function_ref<void(mlir::Value index)> body);

/// A register tile of rows × vectors accumulators, acc[i][v] = inits[i][v] + Σ_{k in [begin, end)} a(k, i) · b(k, v):
/// `a` gives an element (broadcast here), `b` a vector. Where `a` gives a pair of bf16 (an i32) and `b` a vector of
/// such pairs, the product of an element is the sum of the pair's. Accumulators are row-major in `inits` and in the
/// result. Holds rows · vectors + vectors + 1 registers.
KernelBuilder::Values emitMicrokernel(KernelBuilder &kernel, int64_t rows, int64_t vectors, mlir::Value begin,
                                      mlir::Value end, mlir::ValueRange inits,
                                      llvm::function_ref<mlir::Value(mlir::Value k, int64_t row)> a,
                                      llvm::function_ref<mlir::Value(mlir::Value k, int64_t vector)> b);

/// Takes the sums of a kernel through its epilogue into its output.
class EpilogueWriter {
public:
  /// `epilogue` is empty or has one block, on a sum and on an element of each of the `extras`, read through its map
  /// from a point of the output: scalar ops, which capture nothing.
  EpilogueWriter(KernelBuilder &kernel, mlir::Region &epilogue, mlir::ValueRange extras, mlir::ArrayAttr maps)
      : kernel(kernel), epilogue(epilogue), extras(extras), maps(maps) {}

  /// Stores what the epilogue makes of a vector of sums: `valid` (static) elements from `point` on, along the last
  /// dimension. An `output` of lower rank is the part of the whole at the point's first dimensions.
  void write(mlir::Value sums, mlir::Value output, mlir::ValueRange point, int64_t valid);

  /// Asks for what `write` will read and write from `point` on: the cache lines of `count` columns of the output and of
  /// the extras that have an element for each of its own.
  void prefetch(mlir::Value output, mlir::ValueRange point, int64_t count);

  /// Failure, with a diagnostic at the op, once an op of the epilogue was not elementwise.
  mlir::LogicalResult status = mlir::success();

private:
  mlir::FailureOr<mlir::Value> apply(mlir::Value sums, mlir::ValueRange point, int64_t valid);
  /// The elements of an extra operand at a point and the ones after it: a vector load, a broadcast where the map does
  /// not depend on the last dimension, else one load a lane.
  mlir::Value load(mlir::Value extra, mlir::AffineMap map, mlir::ValueRange point, int64_t valid);

  KernelBuilder &kernel;
  mlir::Region &epilogue;
  mlir::ValueRange extras;
  mlir::ArrayAttr maps;
};

} // namespace vitc::vcpu

#endif // VITC_DIALECT_CPUKERNEL_KERNELS_KERNELBUILDER_H
