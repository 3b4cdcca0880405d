#ifndef VITC_DIALECT_VIT_IR_VITBASE_TD
#define VITC_DIALECT_VIT_IR_VITBASE_TD

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpBase.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "vitc/Dialect/ViT/IR/CostInterface.td"

def ViT_Dialect : Dialect {
  let name = "vit";
  let cppNamespace = "::vitc::vit";
  let summary = "what a vision transformer is made of";
  let description = [{
    Semantic operators on tensors. Tokens are rows: activations are (batch.., tokens, channels). Shapes below use
    B batch, M queries, N keys, H heads, D and E features of a head, C channels.
  }];
  let useDefaultAttributePrinterParser = 1;
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect", "::mlir::tensor::TensorDialect"];
}

// Result shapes in terms of operands: lib/Dialect/ViT/IR/ViTShapes.cpp.
def ViT_ReifiesShapes : DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface, ["reifyResultShapes"]>;

class ViT_Op<string mnemonic, list<Trait> traits = []> : Op<ViT_Dialect, mnemonic, traits>;

#endif
