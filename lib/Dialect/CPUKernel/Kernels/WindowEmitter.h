#ifndef VITC_DIALECT_CPUKERNEL_KERNELS_WINDOWEMITTER_H
#define VITC_DIALECT_CPUKERNEL_KERNELS_WINDOWEMITTER_H

#include "vitc/Dialect/CPUKernel/IR/CPUKernel.h"
#include "vitc/Dialect/CPUKernel/Kernels/KernelBuilder.h"

namespace vitc::vcpu {

/// What both convolutions are made of: an output row cut into balanced tiles of pixels, and filters.
template <typename WindowOp>
class WindowEmitter {
public:
  WindowEmitter(WindowOp op, mlir::OpBuilder &builder, mlir::ValueRange arguments)
      : op(op), k(builder, op.getLoc(), op.getLanes(), builder.getF32Type()), input(arguments[0]), weight(arguments[1]),
        extras(arguments.slice(2, op.getExtras().size())), output(arguments[2 + extras.size()]),
        begin(arguments.drop_back().back()), end(arguments.back()), tiles(k, k.dim(output, 2), op.getMr()) {}

protected:
  using Values = KernelBuilder::Values;

  /// Pixels of row (batch, y) from `x` on, and output channels from `channel` on, `channels` of them.
  struct Tile {
    mlir::Value batch, y, x, rows, channel;
    int64_t channels;
  };

  Values place(const Tile &tile, mlir::Value pixel, int64_t vector) {
    return {tile.batch, tile.y, k.add(tile.x, pixel), k.add(tile.channel, vector * k.lanes)};
  }
  /// The filter's tap (i, j), counted from its first.
  mlir::Value filterTap(mlir::Value i, mlir::Value j) {
    int64_t height = op.getKernel()[0], width = op.getKernel()[1];
    mlir::Value tap = k.add(k.mul(i, width), j);
    return op.getFlip() ? k.sub(k.index(height * width - 1), tap) : tap;
  }
  Values zeros(int64_t count) { return Values(count, k.splat(0.0)); }

  WindowOp op;
  KernelBuilder k;
  mlir::Value input, weight;
  mlir::ValueRange extras;
  mlir::Value output, begin, end;
  RowBlocks tiles;
  EpilogueWriter writer{k, op.getEpilogue(), extras, op.getExtraMaps()};
};

} // namespace vitc::vcpu

#endif // VITC_DIALECT_CPUKERNEL_KERNELS_WINDOWEMITTER_H
