#ifndef VITC_DIALECT_ONNX_IR_ONNXBASE_TD
#define VITC_DIALECT_ONNX_IR_ONNXBASE_TD

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpBase.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def ONNX_Dialect : Dialect {
  let name = "onnx";
  let cppNamespace = "::vitc::onnx";
  let summary = "ONNX operators, in ONNX's own spelling";
  let description = [{
    Operators carry ONNX's names (`onnx.MatMul`), operand names and attributes, in the form of the newest opset:
    the importer rewrites older forms. Every op's location is its node's name. An absent optional operand is
    simply absent. Initializers and `Constant` nodes are `onnx.Constant`; large ones are `dense_resource`.

    A dynamic dimension of a tensor carries its name in the type's encoding, an `#onnx.dims` attribute.
  }];
  let dependentDialects = [];
}

class ONNX_Op<string mnemonic, list<Trait> traits = []> : Op<ONNX_Dialect, mnemonic, traits> {
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
}

#endif
