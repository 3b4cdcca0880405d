#include "vitc/Dialect/CPUKernel/IR/CPUKernel.h"
#include "vitc/Dialect/CPUKernel/Kernels/FastMath.h"
#include "vitc/Dialect/CPUKernel/Kernels/KernelBuilder.h"

#include "mlir/Dialect/Math/IR/Math.h"

#include <limits>

using namespace mlir;
using namespace vitc::vcpu;

using Values = KernelBuilder::Values;

/// Reduces [0, extent), four vectors at a time so that their latencies overlap: `body(offset, mask, sum)` gives the
/// next sum, `combine` joins two sums.
static Value reduceRow(KernelBuilder &kernel, Value extent, Value init, function_ref<Value(Value, Value, Value)> body,
                       function_ref<Value(Value, Value)> combine) {
  constexpr int64_t unroll = 4;
  Value group = kernel.index(unroll * kernel.lanes);
  Value grouped = kernel.sub(extent, kernel.rem(extent, group));
  Values sums = kernel.loop(kernel.index(0), grouped, group, Values(unroll, init), [&](Value offset, ValueRange sums) {
    Values next;
    for (int64_t vector = 0; vector < unroll; ++vector)
      next.push_back(body(kernel.add(offset, vector * kernel.lanes), {}, sums[vector]));
    return next;
  });
  Value sum = combine(combine(sums[0], sums[1]), combine(sums[2], sums[3]));
  Value rest = kernel.sub(extent, grouped);
  return kernel.sweep(rest, sum, [&](Value offset, Value mask, ValueRange sum) {
    return Values{body(kernel.add(grouped, offset), mask, sum[0])};
  })[0];
}

static Value sumRow(KernelBuilder &kernel, Value extent, function_ref<Value(Value, Value)> term) {
  auto add = [&](Value lhs, Value rhs) { return kernel.addf(lhs, rhs); };
  Value zero = kernel.splat(0.0);
  Value sum = reduceRow(
      kernel, extent, zero,
      [&](Value offset, Value mask, Value sum) {
        return kernel.addf(sum, kernel.selectLanes(mask, term(offset, mask), zero));
      },
      add);
  return kernel.reduceAdd(sum);
}

LogicalResult LayerNormOp::emitKernel(OpBuilder &builder, ValueRange arguments) {
  KernelBuilder kernel(builder, getLoc(), getLanes(), builder.getF32Type());
  auto next = arguments.begin();
  Value input = *next++, scale = getScale() ? *next++ : Value(), bias = getBias() ? *next++ : Value(), output = *next++;
  Value begin = *next++, end = *next++, columns = kernel.dim(input, 1);
  Value reciprocal = kernel.scalar(1.0 / cast<ShapedType>(input.getType()).getDimSize(1));

  kernel.forEach(begin, end, kernel.index(1), [&](Value row) {
    auto load = [&](Value offset, Value mask) { return kernel.loadVector(input, {row, offset}, mask); };
    Value mean = getUncentered() ? Value() : kernel.broadcast(kernel.mulf(sumRow(kernel, columns, load), reciprocal));
    auto loadCentred = [&](Value offset, Value mask) {
      return mean ? kernel.subf(load(offset, mask), mean) : load(offset, mask);
    };
    Value squares = sumRow(kernel, columns, [&](Value offset, Value mask) {
      Value centred = loadCentred(offset, mask);
      return kernel.mulf(centred, centred);
    });
    Value variance = kernel.addf(kernel.mulf(squares, reciprocal), kernel.scalar(getEpsilon().convertToDouble()));
    Value deviation = math::SqrtOp::create(builder, getLoc(), variance);
    Value factor = kernel.broadcast(kernel.divf(kernel.scalar(1.0), deviation));
    kernel.sweep(columns, {}, [&](Value offset, Value mask, ValueRange) {
      Value value = kernel.mulf(loadCentred(offset, mask), factor);
      if (scale)
        value = kernel.mulf(value, kernel.loadVector(scale, offset, mask));
      if (bias)
        value = kernel.addf(value, kernel.loadVector(bias, offset, mask));
      kernel.storeVector(value, output, {row, offset}, mask);
      return Values();
    });
  });
  return success();
}

LogicalResult SoftmaxOp::emitKernel(OpBuilder &builder, ValueRange arguments) {
  KernelBuilder kernel(builder, getLoc(), getLanes(), builder.getF32Type());
  Value input = arguments[0], output = arguments[1], begin = arguments[2], end = arguments[3];
  Value columns = kernel.dim(input, 1);

  kernel.forEach(begin, end, kernel.index(1), [&](Value row) {
    auto load = [&](Value offset, Value mask) { return kernel.loadVector(input, {row, offset}, mask); };
    auto larger = [&](Value lhs, Value rhs) { return kernel.maxf(lhs, rhs); };
    Value lowest = kernel.splat(-std::numeric_limits<double>::infinity());
    Value most = reduceRow(
        kernel, columns, lowest,
        [&](Value offset, Value mask, Value most) {
          return larger(kernel.selectLanes(mask, load(offset, mask), lowest), most);
        },
        larger);
    Value shift = kernel.broadcast(kernel.reduceMax(most));
    // A NaN that the maximum lost is found again here: its own difference is one, and so is the sum.
    Value sum = sumRow(kernel, columns, [&](Value offset, Value mask) {
      Value difference = kernel.subf(load(offset, mask), shift);
      Value power = FastMath(builder, getLoc(), kernel.vectorType).expNonPositive(difference);
      kernel.storeVector(power, output, {row, offset}, mask);
      return power;
    });
    Value factor = kernel.broadcast(kernel.divf(kernel.scalar(1.0), sum));
    kernel.sweep(columns, {}, [&](Value offset, Value mask, ValueRange) {
      Value power = kernel.loadVector(output, {row, offset}, mask);
      kernel.storeVector(kernel.mulf(power, factor), output, {row, offset}, mask);
      return Values();
    });
  });
  return success();
}
