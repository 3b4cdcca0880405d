#ifndef VITC_DIALECT_GPUKERNEL_TRANSFORMS_EXTERNALMODELS_H
#define VITC_DIALECT_GPUKERNEL_TRANSFORMS_EXTERNALMODELS_H

namespace mlir {
class DialectRegistry;
} // namespace mlir

namespace vitc::vgpu {

/// Makes vgpu's kernel ops bufferizable: each is in destination-passing style and writes its output in place. Operands
/// that the kernels cannot read where they are (TMA wants rows at multiples of 16 bytes) are copied.
void registerBufferizableOpInterfaceExternalModels(mlir::DialectRegistry &registry);

} // namespace vitc::vgpu

#endif // VITC_DIALECT_GPUKERNEL_TRANSFORMS_EXTERNALMODELS_H
