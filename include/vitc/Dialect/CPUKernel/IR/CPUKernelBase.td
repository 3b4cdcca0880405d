#ifndef VITC_DIALECT_CPUKERNEL_IR_CPUKERNELBASE_TD
#define VITC_DIALECT_CPUKERNEL_IR_CPUKERNELBASE_TD

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpBase.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/DestinationStyleOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "vitc/Dialect/CPUKernel/IR/KernelInterface.td"

def CPUKernel_Dialect : Dialect {
  let name = "vcpu";
  let cppNamespace = "::vitc::vcpu";
  let summary = "CPU kernels that carry their schedule";
  let description = [{
    A kernel op is in destination-passing style, on tensors first and on memrefs after bufferization. It holds the
    whole schedule (tile sizes, packed layouts), chosen by the cost model when the op is made; emitting its code reads
    nothing else. `vcpu-emit-kernels` turns each distinct kernel into one function and each op into a `vcpu.launch`.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::func::FuncDialect", "::mlir::memref::MemRefDialect",
                           "::mlir::affine::AffineDialect", "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect",
                           "::mlir::x86vector::X86VectorDialect"];
}

class CPUKernel_Op<string mnemonic, list<Trait> traits = []> : Op<CPUKernel_Dialect, mnemonic, traits>;

def CPUKernel_Shaped : AnyTypeOf<[AnyRankedTensor, AnyMemRef]>;

#endif
