#include "vitc/Dialect/CPUKernel/IR/CPUKernel.h"
#include "vitc/Dialect/CPUKernel/Kernels/KernelBuilder.h"

#include "llvm/ADT/bit.h"

using namespace mlir;
using namespace vitc::vcpu;

using Values = KernelBuilder::Values;

/// Copies `count` neighbours in vectors of powers of two: masked stores cost more than these where they are not native.
static void copyRun(KernelBuilder &k, int64_t count, Value from, Values source, Value to, Values target) {
  for (int64_t done = 0, width; done < count; done += width) {
    width = std::min<int64_t>(k.lanes, llvm::bit_floor(static_cast<uint64_t>(count - done)));
    auto type = VectorType::get({width}, k.elementType());
    Values at = source, there = target;
    at.back() = k.add(at.back(), done);
    there.back() = k.add(there.back(), done);
    Value run = vector::LoadOp::create(k.builder, k.loc, type, from, at);
    vector::StoreOp::create(k.builder, k.loc, run, to, there);
  }
}

/// Work items are rows of patches of an image.
LogicalResult PatchifyOp::emitKernel(OpBuilder &builder, ValueRange arguments) {
  KernelBuilder k(builder, getLoc(), getLanes(), builder.getF32Type());
  Value image = arguments[0], output = arguments[1], one = k.index(1), zero = k.index(0);
  int64_t height = getPatch()[0], width = getPatch()[1];
  int64_t rows = getInputType().getDimSize(2) / height, columns = getInputType().getDimSize(3) / width;
  k.forEach(arguments[2], arguments[3], one, [&](Value item) {
    Value batch = k.div(item, k.index(rows)), patchRow = k.rem(item, k.index(rows));
    k.forEach(zero, k.dim(image, 1), one, [&](Value channel) {
      k.forEach(zero, k.index(height), one, [&](Value y) {
        Value line = k.add(k.mul(patchRow, height), y);
        Value feature = k.mul(k.add(k.mul(channel, height), y), width);
        k.forEach(zero, k.index(columns), one, [&](Value column) {
          Value token = k.add(k.mul(patchRow, columns), column);
          copyRun(k, width, image, {batch, channel, line, k.mul(column, width)}, output, {batch, token, feature});
        });
      });
    });
  });
  return success();
}

/// Work items are rows of the output.
LogicalResult GatherRowsOp::emitKernel(OpBuilder &builder, ValueRange arguments) {
  KernelBuilder k(builder, getLoc(), getLanes(), builder.getF32Type());
  Value input = arguments[0], rows = arguments[1], output = arguments[2];
  Value count = k.dim(output, 1);
  k.forEach(arguments[3], arguments[4], k.index(1), [&](Value item) {
    Value batch = k.div(item, count), row = k.rem(item, count);
    Value from = arith::IndexCastOp::create(builder, getLoc(), builder.getIndexType(), k.load(rows, row));
    k.sweep(k.dim(output, 2), {}, [&](Value channel, Value mask, ValueRange) {
      k.storeVector(k.loadVector(input, {batch, from, channel}, mask), output, {batch, row, channel}, mask);
      return Values();
    });
  });
  return success();
}

/// Pixels [begin, end) of a row of the output become zeros.
static void clearPixels(KernelBuilder &k, Value output, Value batch, Value row, Value begin, Value end) {
  KernelBuilder stores(k.builder, k.loc, k.lanes, cast<MemRefType>(output.getType()).getElementType());
  k.forEach(begin, end, k.index(1), [&](Value column) {
    k.sweep(k.dim(output, 3), {}, [&](Value channel, Value mask, ValueRange) {
      k.storeVector(stores.splat(0.0), output, {batch, row, column, channel}, mask);
      return Values();
    });
  });
}

/// Work items are rows of the output.
LogicalResult PadOp::emitKernel(OpBuilder &builder, ValueRange arguments) {
  KernelBuilder k(builder, getLoc(), getLanes(), builder.getF32Type());
  Value input = arguments[0], output = arguments[1], one = k.index(1), zero = k.index(0);
  Value height = k.dim(input, 1), width = k.dim(input, 2), paddedWidth = k.dim(output, 2);
  Value top = k.index(getLow()[0]), left = k.index(getLow()[1]);
  k.forEach(arguments[2], arguments[3], one, [&](Value item) {
    Value batch = k.div(item, k.dim(output, 1)), row = k.rem(item, k.dim(output, 1));
    // Above the image the difference wraps, and is not less than its height either.
    Value line = k.sub(row, top);
    auto copy = [&] {
      clearPixels(k, output, batch, row, zero, left);
      k.forEach(zero, width, one, [&](Value column) {
        k.sweep(k.dim(input, 3), {}, [&](Value channel, Value mask, ValueRange) {
          Value pixel = k.loadVector(input, {batch, line, column, channel}, mask);
          if (getOutputType().getElementType().isBF16())
            pixel = k.toBF16(pixel);
          k.storeVector(pixel, output, {batch, row, k.add(column, left), channel}, mask);
          return Values();
        });
      });
      clearPixels(k, output, batch, row, k.add(width, left), paddedWidth);
    };
    k.branch(k.less(line, height), copy, [&] { clearPixels(k, output, batch, row, zero, paddedWidth); });
  });
  return success();
}
