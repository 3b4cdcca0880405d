#ifndef VITC_DIALECT_ONNX_IR_ONNXINTERFACES_TD
#define VITC_DIALECT_ONNX_IR_ONNXINTERFACES_TD

include "mlir/IR/OpBase.td"

def ONNX_NodeOpInterface : OpInterface<"NodeOpInterface"> {
  let cppNamespace = "::vitc::onnx";
  let description = [{
    What ONNX's schema of an operator says about positions and element types. Positions are those of the schema:
    an absent optional input or output keeps its position. `onnx` ops are built from this without a table an op.
  }];
  let methods = [
    StaticInterfaceMethod<
      "The number of input positions where several may be absent, else nothing: absent inputs are then the last ones.",
      "::std::optional<unsigned>", "getNumInputPositions", (ins), "", [{
        if constexpr (ConcreteOp::template hasTrait<::mlir::OpTrait::AttrSizedOperandSegments>())
          return ::std::tuple_size_v<typename ConcreteOp::Properties::operandSegmentSizesTy>;
        return ::std::nullopt;
      }]>,
    StaticInterfaceMethod<"As `getNumInputPositions`, for outputs.",
      "::std::optional<unsigned>", "getNumOutputPositions", (ins), "", [{
        if constexpr (ConcreteOp::template hasTrait<::mlir::OpTrait::AttrSizedResultSegments>())
          return ::std::tuple_size_v<typename ConcreteOp::Properties::resultSegmentSizesTy>;
        return ::std::nullopt;
      }]>,
    StaticInterfaceMethod<[{
        The element type of the output at a position, from those of the inputs by position (null where absent) and
        the attributes by name. Null where inputs or attributes it depends on are missing.
      }],
      "::mlir::Type", "inferElementType",
      (ins "::mlir::MLIRContext *":$context, "unsigned":$position, "::llvm::ArrayRef<::mlir::Type>":$inputs,
           "::llvm::function_ref<::mlir::Attribute(::llvm::StringRef)>":$attribute)>,
    InterfaceMethod<"The position of a result.", "unsigned", "getOutputPosition", (ins "unsigned":$result), "", [{
        if constexpr (ConcreteOp::template hasTrait<::mlir::OpTrait::AttrSizedResultSegments>()) {
          unsigned position = 0, end = 0;
          for (int32_t size : $_op.getProperties().resultSegmentSizes) {
            end += size;
            if (result < end)
              return position;
            ++position;
          }
        }
        return result;
      }]>,
    InterfaceMethod<"The element types of the inputs by position, null where absent.",
      "::llvm::SmallVector<::mlir::Type>", "getInputElementTypes", (ins), "", [{
        return ::vitc::onnx::detail::getInputElementTypes($_op, [&]() -> ::llvm::ArrayRef<int32_t> {
          if constexpr (ConcreteOp::template hasTrait<::mlir::OpTrait::AttrSizedOperandSegments>())
            return $_op.getProperties().operandSegmentSizes;
          return {};
        }());
      }]>,
  ];
  let verify = "return ::vitc::onnx::detail::verifyElementTypes(::llvm::cast<::vitc::onnx::NodeOpInterface>($_op));";
}

#endif
