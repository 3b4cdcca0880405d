#ifndef VITC_DIALECT_GPUKERNEL_KERNELS_LAUNCHPLAN_H
#define VITC_DIALECT_GPUKERNEL_KERNELS_LAUNCHPLAN_H

#include "llvm/ADT/SmallVector.h"

#include <array>
#include <cstdint>
#include <string>

namespace vitc::vgpu {

/// Types of elements in memory. TF32 are floats of which tensor cores read the upper 19 bits.
enum class Element { BF16, F16, TF32, F32 };
unsigned bytesOf(Element element);
/// The CUtensorMapDataType of an element.
int driverTypeOf(Element element);

/// How TMA permutes the 16-byte pieces of rows of 32, 64 or 128 bytes in shared memory: a CUtensorMapSwizzle.
enum class Swizzle { None = 0, B32 = 1, B64 = 2, B128 = 3 };
/// The swizzle of rows of so many bytes.
Swizzle swizzleOf(unsigned rowBytes);

/// Shared memory that a block may use on sm_90.
constexpr unsigned maxSharedBytes = 227 * 1024;

/// The same on sm_89, which has less than sm_80.
constexpr unsigned mostSharedBytesBeforeHopper = 99 * 1024;

/// What the host encodes into a tensor map beside the address, the extents and the strides of the tensor.
struct TensorMapPlan {
  Element element;
  llvm::SmallVector<uint32_t, 5> box; ///< elements that are copied along each axis, innermost first
  Swizzle swizzle;
  llvm::SmallVector<uint32_t, 5> steps = {}; ///< along each axis from one of them to the next; none: all 1
};

/// One argument of a kernel, at its place in the kernel's parameter block.
struct ArgumentPlan {
  enum Kind { TensorMap, Pointer, Int32 };
  std::string role; ///< what it is, as the kernel's header lists it
  Kind kind;
  unsigned offset;   ///< bytes
  TensorMapPlan map; ///< of a TensorMap
};

/// The runtime size that an extent of the grid follows.
enum class GridSize { One, Rows, Heads, Batch };

/// ceil((size · factor + offset) / divisor) blocks.
struct GridExtent {
  GridSize size = GridSize::One;
  int64_t factor = 1, divisor = 1, offset = 0;
};

/// How a kernel is launched. Where `blocksPerProcessor` is not zero the blocks of the first dimension deal out the work
/// among themselves, however many there are, and more than that many a multiprocessor are better not launched.
struct LaunchPlan {
  std::string kernel;
  std::array<GridExtent, 3> grid;
  std::array<unsigned, 3> block{1, 1, 1}, cluster{1, 1, 1};
  unsigned sharedBytes = 0, parameterBytes = 0, blocksPerProcessor = 0;
  llvm::SmallVector<ArgumentPlan> arguments; ///< in order

  void addTensorMap(std::string role, TensorMapPlan map);
  void addPointer(std::string role);
  void addInt32(std::string role);
};

} // namespace vitc::vgpu

#endif // VITC_DIALECT_GPUKERNEL_KERNELS_LAUNCHPLAN_H
