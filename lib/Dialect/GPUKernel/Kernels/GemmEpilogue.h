#ifndef VITC_DIALECT_GPUKERNEL_KERNELS_GEMMEPILOGUE_H
#define VITC_DIALECT_GPUKERNEL_KERNELS_GEMMEPILOGUE_H

#include "vitc/Dialect/GPUKernel/Kernels/Gemm.h"

namespace vitc::vgpu {

/// Where the parts of a product's block lie in shared memory.
struct GemmLayout {
  explicit GemmLayout(const GemmConfig &config);

  bool staged;                  ///< C leaves through shared memory, by TMA
  int64_t columns, tileColumns; ///< of C, and of its tile
  unsigned chunkColumns;        ///< of C that are staged together: a row of them is swizzled
  unsigned chunks;              ///< of a tile of a warpgroup
  unsigned chunkBytes, buffers; ///< staging of a warpgroup
  unsigned consumers;           ///< warpgroups
  unsigned stageBytes, stages;
  unsigned weightRowBytes;                                ///< of a tile of W in shared memory
  unsigned staging, partials, full, empty, residual, end; ///< offsets of the buffers and of the barriers
};

/// The state of a consumer's thread that its epilogue reads.
struct Consumer {
  mlir::Value group;  ///< which warpgroup
  mlir::Value thread; ///< of the warpgroup
  mlir::Value leader; ///< whether it is the warpgroup's first thread
  mlir::Value lane, warp;
  mlir::Value rows; ///< M
};

/// Which tile is computed: its first row (of the warpgroup) and column of C, the product's head and batch as
/// coordinates (none where there is one product), and how many tiles the block had before.
struct GemmTile {
  mlir::Value row, column;
  NVVMEmitter::Values outer;
  mlir::Value product; ///< batch · heads + head
  mlir::Value number;
  NVVMEmitter::Values window; ///< x, y and image of the first row, where rows are windows
};

/// Takes the sums of a warpgroup's 64 rows through the epilogue into C.
class GemmEpilogueEmitter {
public:
  GemmEpilogueEmitter(NVVMEmitter &emitter, const GemmConfig &config, const GemmLayout &layout,
                      const Consumer &consumer);

  /// Before the products of a tile: starts loading as many chunks of the residual as there are buffers.
  void beginTile(const GemmTile &tile);
  void emit(const NVVMEmitter::Values &sums);
  /// After the last tile.
  void finish();

private:
  using Value = mlir::Value;
  /// Columns [8 group, 8 group + 8) of C's tile, as a thread has them: columns 2 (lane mod 4) and the next of rows lane
  /// / 4 and, eight below, the next two.
  using Quad = std::array<Value, 4>;
  Quad finishGroup(const NVVMEmitter::Values &sums, unsigned group);
  Quad addResidual(Quad quad, unsigned group);
  void loadResidual(unsigned chunk);
  void beginChunk(unsigned chunk);
  void storeChunk(unsigned chunk, llvm::ArrayRef<Quad> quads);
  void storeDirectly(const Quad &quad, unsigned group);
  void storePair(std::array<Value, 2> pair, Value row, Value column);
  void storeElement(Value value, Value row, Value column);
  /// The address of an element of C or the residual in a row of the product.
  Value elementOf(llvm::StringRef tensor, Value row, Value column, int64_t stride);
  std::array<Value, 2> loadPair(llvm::StringRef vector, Value column);
  NVVMEmitter::Values coordinates(unsigned chunk);
  Value columnOfGroup(unsigned group);
  Value buffer(unsigned chunk);
  Value placeInChunk(Value row, Value piece);

  NVVMEmitter &e;
  const GemmConfig &config;
  const GemmLayout &layout;
  const Consumer consumer;
  GemmTile tile;
  Value laneRow, laneColumn; ///< of the first element of a quad
};

} // namespace vitc::vgpu

#endif // VITC_DIALECT_GPUKERNEL_KERNELS_GEMMEPILOGUE_H
