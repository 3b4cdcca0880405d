#ifndef VITC_DIALECT_VIT_IR_COSTINTERFACE_TD
#define VITC_DIALECT_VIT_IR_COSTINTERFACE_TD

include "mlir/IR/OpBase.td"

def ViT_CostInterface : OpInterface<"CostInterface"> {
  let cppNamespace = "::vitc::vit";
  let description = [{
    What an op costs at any stage that has it, from its types alone. Symbolic extents count as one.
  }];
  let methods = [
    InterfaceMethod<"Multiplications, each with an addition, of the op's products.", "int64_t", "countMacs", (ins), "",
      [{ return 0; }]>,
  ];
}

// An op with products: lib/Dialect/ViT/IR/ViTCosts.cpp counts them.
def ViT_HasMacs : DeclareOpInterfaceMethods<ViT_CostInterface, ["countMacs"]>;

#endif
