#ifndef VITC_DIALECT_GPUKERNEL_KERNELS_NVVMEMITTER_H
#define VITC_DIALECT_GPUKERNEL_KERNELS_NVVMEMITTER_H

#include "vitc/Dialect/GPUKernel/Kernels/LaunchPlan.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"

namespace mlir::gpu {
class GPUModuleOp;
}

namespace vitc::vgpu {

/// Emits what the bodies of kernels are made of, in the LLVM dialect (NVVM's intrinsics, and PTX where there is
/// none) and scf's loops. What is easy to get wrong is done here, once: shared memory is carved from one external
/// global; waits for tensor-core groups tie the registers they make valid; tensor maps are 128 bytes in parameter
/// space.
class NVVMEmitter {
public:
  using Value = mlir::Value;
  using Values = llvm::SmallVector<mlir::Value>;

  /// Adds the kernel of a plan to a module, its arguments those of the plan, and emits into its body.
  NVVMEmitter(mlir::OpBuilder &builder, mlir::gpu::GPUModuleOp module, const LaunchPlan &plan);
  /// Ends the kernel.
  void finish();

  /// The argument of a role.
  Value argument(llvm::StringRef role) const;

  // Integers of 32 and 64 bits, and floats.
  Value i32(int64_t value);
  Value i64(uint64_t value);
  Value f32(double value);
  Value add(Value lhs, Value rhs);
  Value add(Value lhs, int64_t rhs);
  Value sub(Value lhs, Value rhs);
  Value mul(Value lhs, Value rhs);
  Value mul(Value lhs, int64_t rhs);
  Value udiv(Value lhs, int64_t rhs);
  Value udiv(Value lhs, Value rhs);
  Value urem(Value lhs, int64_t rhs);
  Value urem(Value lhs, Value rhs);
  Value bitAnd(Value lhs, int64_t rhs);
  Value bitXor(Value lhs, Value rhs);
  Value shl(Value lhs, int64_t rhs);
  Value lshr(Value lhs, int64_t rhs);
  Value umin(Value lhs, Value rhs);
  Value equal(Value lhs, Value rhs);
  Value less(Value lhs, Value rhs); ///< unsigned
  Value both(Value lhs, Value rhs); ///< of two conditions
  Value select(Value condition, Value whenTrue, Value whenFalse);
  Value zext64(Value value);

  Value fadd(Value lhs, Value rhs);
  Value fsub(Value lhs, Value rhs);
  Value fmul(Value lhs, Value rhs);
  Value fneg(Value value);
  Value fma(Value a, Value b, Value c);
  Value fmax(Value lhs, Value rhs);             ///< of a number and a NaN: the number
  Value maximum(Value lhs, Value rhs);          ///< of a number and a NaN: the NaN
  Value exp2(Value value);                      ///< ex2.approx.ftz: 2 ulp
  Value reciprocal(Value value);                ///< rcp.approx.ftz: 1 ulp
  Value rsqrt(Value value);                     ///< rsqrt.approx.ftz
  Value fmaSaturate(Value a, Value b, Value c); ///< clamped to [0, 1], NaN to 0
  /// Two floats rounded to the element, the first in the lower half.
  Value pack(Element element, Value low, Value high);
  /// The floats of such a pair.
  std::array<Value, 2> unpack(Element element, Value pair);
  Value reduce(Values values, llvm::function_ref<Value(Value, Value)> combine); ///< as a tree

  // Threads.
  Value threadId();
  Value blockId(unsigned dimension);
  Value gridDim(unsigned dimension);
  /// A value that is the same in all lanes of the warp, said to the compiler by a shuffle.
  Value uniform(Value value);
  Value shuffleXor(Value value, unsigned mask);

  // Control flow.
  void ifThen(Value condition, llvm::function_ref<void()> then);
  /// `body` maps the induction variable and the carried values to the next carried values.
  Values loop(Value begin, Value end, Value step, const Values &inits,
              llvm::function_ref<Values(Value, mlir::ValueRange)> body);

  // Memory.
  Value shared(unsigned offset); ///< a place in the block's shared memory
  Value offset(Value pointer, Value bytes);
  Value offset(Value pointer, int64_t bytes);
  Value element(Value pointer, Value index, mlir::Type type);
  Value load(mlir::Type type, Value pointer, unsigned alignment);
  void store(Value value, Value pointer, unsigned alignment);
  Values loadFloats(Value pointer, unsigned count); ///< neighbours, by one load
  void storeVector(const Values &values, Value pointer);
  Values extract(Value vector);
  Value bitcast(Value value, mlir::Type type);
  Value truncate(Value value, Element element);
  Value extend(Value value);
  mlir::Type type(Element element);

  /// Splits the block (of `specialisedThreads`) into consumers, the first warpgroups, and one thread that produces;
  /// `afterwards` is what the producer's warpgroup does then.
  void specialise(unsigned consumers, Value thread, Value warp, llvm::function_ref<void()> produce,
                  llvm::function_ref<void()> consume, llvm::function_ref<void()> afterwards = nullptr);

  // Barriers.
  void syncThreads();
  void syncNamed(Value id, unsigned threads);
  void barrierInit(Value barrier, unsigned arrivals);
  void fenceBarrierInit();
  void arrive(Value barrier);
  void arriveExpect(Value barrier, unsigned bytes);
  /// Waits until the phase of this parity has completed.
  void wait(Value barrier, Value parity);

  // Clusters.
  /// Waits for all threads of the cluster's blocks, and sees what they wrote before.
  void syncCluster();
  /// The address (i32) of a place in the shared memory of a block of the cluster, as it would be in this block.
  Value remote(Value pointer, Value rank);
  void storeRemote(const Values &quad, Value address, unsigned offset);

  // The tensor memory accelerator.
  void loadTile(Value destination, Value tensorMap, Value barrier, mlir::ValueRange coordinates);
  void storeTile(Value tensorMap, Value source, mlir::ValueRange coordinates);
  void commitStores();
  /// Waits until all but the latest `pending` groups of stores have read their source, or (not `readOnly`) are done.
  void waitStores(unsigned pending, bool readOnly);
  /// Makes writes of this thread to shared memory visible to TMA and to tensor cores.
  void fenceAsync();

  // Tensor cores.
  /// The descriptor of an operand in shared memory. K-major operands: rows of `rowBytes` bytes, swizzled. `leading` is
  /// the distance in bytes of the swizzled columns of an operand whose rows run along M or N (`transpose` of mma).
  Value descriptor(Value pointer, unsigned rowBytes, unsigned leading = 16);
  Value advance(Value descriptor, int64_t bytes);
  /// Orders products after what was done to their registers: `values` written by other instructions (sums to add to, A
  /// in registers) may be given to products as they come back.
  Values mmaFence(const Values &values = {});
  /// d += a · b for 64 rows and n columns; `d` empty starts at zero. `a` is one descriptor or four registers.
  Values mma(Element element, unsigned n, const Values &d, const Values &a, Value b, bool transposeB = false);
  void mmaCommit();
  /// Waits until at most `pending` groups are in flight, and gives the values that only then may be read (or, for
  /// values of no group, that no instruction from before the wait may be mixed with).
  Values mmaWait(unsigned pending, const Values &values);
  /// Stores four 8 × 8 matrices of 16-bit elements, of which each lane has a pair of each, at the lanes' row addresses.
  void storeMatrices(Value address, const Values &pairs);

  // Ampere and Ada: copies by threads, products by warps.
  /// Starts to copy 16 bytes from global to shared memory: the first `bytes` (0 or 16) of them, and zeros.
  void copyAsync(Value destination, Value source, Value bytes);
  /// Copies that this thread started since the last group are a group.
  void commitCopies();
  /// Waits until all but this thread's latest `pending` groups have arrived.
  void waitCopies(unsigned pending);
  /// Four 8 × 8 matrices of 16-bit elements, whose rows are at the lanes' addresses: a pair of each for every lane. Of
  /// elements of 32 bits they are 8 × 4, and a lane has one of each.
  Values loadMatrices(Value address, bool transpose = false);
  /// d + a · b of 16 rows, 8 columns and a depth of 32 bytes: four floats, four and two pairs of elements of a lane, or
  /// elements of tf32.
  Values mmaSync(Element element, const Values &d, const Values &a, mlir::ValueRange b);
  /// The bits of a float rounded to the nearest tf32.
  Value roundToTF32(Value value);

  mlir::OpBuilder &builder;
  mlir::Location loc;

private:
  Value asmOp(llvm::StringRef text, llvm::StringRef constraints, mlir::ValueRange operands, mlir::Type result = {});
  Value intrinsic(llvm::StringRef name, mlir::ValueRange operands, mlir::Type result = {});
  /// An asm whose first results are in the registers of the `tied` operands.
  Values tiedAsm(llvm::StringRef text, llvm::ArrayRef<mlir::Type> results, const Values &tied, const Values &more,
                 llvm::StringRef moreConstraints);

  const LaunchPlan &plan;
  mlir::Type int1, int32, int64, float32, sharedPointer;
  mlir::Operation *function;
  mlir::OpBuilder::InsertionGuard guard;
};

/// Threads of a block of so many warpgroups of consumers and one of the producer, which gives its registers to them.
unsigned specialisedThreads(unsigned consumers);

} // namespace vitc::vgpu

#endif // VITC_DIALECT_GPUKERNEL_KERNELS_NVVMEMITTER_H
