#ifndef VITC_DIALECT_CPUKERNEL_TRANSFORMS_EXTERNALMODELS_H
#define VITC_DIALECT_CPUKERNEL_TRANSFORMS_EXTERNALMODELS_H

namespace mlir {
class DialectRegistry;
} // namespace mlir

namespace vitc::vcpu {

/// Makes vcpu's kernel ops and `vit.procedure` bufferizable: each is in destination-passing style and writes its
/// outputs in place.
void registerBufferizableOpInterfaceExternalModels(mlir::DialectRegistry &registry);

/// Makes every structured linalg op on memrefs a kernel (`KernelOpInterface`): loops over a range of one parallel
/// dimension. It is the path of everything that has no kernel of its own.
void registerLinalgKernelExternalModels(mlir::DialectRegistry &registry);

/// Makes `vit.procedure` on memrefs a kernel: its body, once for each item.
void registerProcedureExternalModels(mlir::DialectRegistry &registry);

} // namespace vitc::vcpu

#endif // VITC_DIALECT_CPUKERNEL_TRANSFORMS_EXTERNALMODELS_H
