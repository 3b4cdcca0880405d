#ifndef VITC_PIPELINES_PIPELINES_H
#define VITC_PIPELINES_PIPELINES_H

#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassOptions.h"

namespace mlir {
class DialectRegistry;
} // namespace mlir

namespace vitc {

/// What the CPU stages need to know.
struct CPUPipelineOptions : mlir::PassPipelineOptions<CPUPipelineOptions> {
  Option<std::string> level{*this, "level", llvm::cl::desc("the CPU level, as in --mcpu"), llvm::cl::init("host")};
  Option<std::string> precision{*this, "precision", llvm::cl::desc("of products, as in --precision"),
                                llvm::cl::init("fp32")};
  Option<bool> plainProducts{*this, "plain-products",
                             llvm::cl::desc("by neither Strassen's nor Winograd's algorithm, as in --plain-products"),
                             llvm::cl::init(false)};
};

/// The dialects and external models that all stages together need.
void registerDialects(mlir::DialectRegistry &registry);

/// Registers every stage as a pipeline: `vitc-onnx`, `vitc-fused`, `vitc-cpu-tiled`, `vitc-cpu-vector`,
/// `vitc-cpu-llvm`, `vitc-gpu-kernels`, `vitc-gpu-tiled`, `vitc-gpu-vector`, `vitc-gpu-llvm`.
void registerPipelines();

/// Imported → onnx: shapes known, shape arithmetic gone.
void buildONNXPipeline(mlir::OpPassManager &pm);

/// onnx → linalg.
void buildLinalgPipeline(mlir::OpPassManager &pm);

/// linalg or vit → a form that `tiled` reads, each op on its own: the first part of `fused`.
void buildUnfusedPipeline(mlir::OpPassManager &pm);

/// vit → fused: epilogues, tokens in one buffer.
void buildFusedPipeline(mlir::OpPassManager &pm);

/// fused → tiled: every hot op a kernel op with its schedule, constants packed, the rest structured ops ready for
/// loops.
void buildCPUTiledPipeline(mlir::OpPassManager &pm, const CPUPipelineOptions &options);

/// What comes first of `vector` for every target: buffers, and their places in the memory of a run.
void buildBufferPipeline(mlir::OpPassManager &pm);

/// tiled → vector: buffers, the memory plan, kernels as functions.
void buildCPUVectorPipeline(mlir::OpPassManager &pm, const CPUPipelineOptions &options);

/// vector → llvm: the LLVM dialect alone.
void buildCPULLVMPipeline(mlir::OpPassManager &pm);

/// The first part of fused → tiled for a GPU with tensor cores: what has a kernel becomes one. With `explain`, why
/// others have none stays on them, as `vit.missed = {kernel = "reason"}`.
void buildGPUKernelPipeline(mlir::OpPassManager &pm, int64_t capability, llvm::StringRef element, bool explain = false);

/// fused → tiled for a GPU: structured ops ready for loops, besides kernels.
void buildGPUTiledPipeline(mlir::OpPassManager &pm);

/// tiled → vector: buffers, the memory plan, kernels in a gpu.module and the list of their launches, which overlap
/// where the compute capability has that.
void buildGPUVectorPipeline(mlir::OpPassManager &pm, int64_t capability);

/// vector → llvm: the kernels in the LLVM and NVVM dialects alone.
void buildGPULLVMPipeline(mlir::OpPassManager &pm);

} // namespace vitc

#endif // VITC_PIPELINES_PIPELINES_H
