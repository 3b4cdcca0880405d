#ifndef VITC_DIALECT_ONNX_IR_ONNXBASE_TD
#define VITC_DIALECT_ONNX_IR_ONNXBASE_TD

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpBase.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "vitc/Dialect/ONNX/IR/ONNXInterfaces.td"
include "vitc/Dialect/ONNX/IR/ONNXShapeInterfaces.td"

def ONNX_Dialect : Dialect {
  let name = "onnx";
  let cppNamespace = "::vitc::onnx";
  let summary = "ONNX operators, in ONNX's own spelling";
  let description = [{
    Operators carry ONNX's names (`onnx.MatMul`), operand names and attributes in snake case (`trans_a`), in the form
    of the newest opset: the importer rewrites older forms. Every op's location is its node's name. An absent optional
    operand is simply absent. Initializers and `Constant` nodes are `onnx.Constant`; large ones are `dense_resource`.

    Signed integers are signless (`i64`), unsigned ones `ui8`, …, bool is `i1`. ONNX integers that mean yes or no are
    BoolAttr, data types are TypeAttr, lists of integers DenseI64ArrayAttr: empty where ONNX computes the default
    (`strides = []` is a one for each spatial dimension). Where an op's description refers to ONNX's, the words of
    the newest opset's documentation hold.

    A dynamic dimension of a tensor carries its name in the type's encoding, a `#vit.dims` attribute. Types may be
    unranked before shape inference; element types are always known, and every op holds that

    - (E) the element types of results are those that ONNX's schema gives for the operands and attributes.
  }];
  let dependentDialects = ["::vitc::vit::ViTDialect"];
  let hasConstantMaterializer = 1;
}

//===----------------------------------------------------------------------===//
// Types and attributes
//===----------------------------------------------------------------------===//

defvar ONNX_FloatTypes = [BF16, F16, F32, F64];
defvar ONNX_SignedTypes = [I8, I16, I32, I64];
defvar ONNX_UnsignedTypes = [UI8, UI16, UI32, UI64];
/// Floats of eight bits and less, and integers of less: stored, converted and quantised to, not computed with.
defvar ONNX_SmallFloatTypes = [F8E4M3FN, F8E4M3FNUZ, F8E5M2, F8E5M2FNUZ, F8E8M0FNU, F4E2M1FN];
defvar ONNX_SmallIntegerTypes = [I<4>, UI<4>, I<2>, UI<2>];
defvar ONNX_WideTypes = !listconcat(ONNX_FloatTypes, [I32, I64, UI32, UI64]);

def ONNX_FloatTensor : TensorOf<ONNX_FloatTypes>;
def ONNX_SignedTensor : TensorOf<!listconcat(ONNX_FloatTypes, ONNX_SignedTypes)>;
def ONNX_WideTensor : TensorOf<ONNX_WideTypes>;
def ONNX_NumericTensor : TensorOf<!listconcat(ONNX_FloatTypes, ONNX_SignedTypes, ONNX_UnsignedTypes)>;
def ONNX_IntegerTensor : TensorOf<!listconcat(ONNX_SignedTypes, ONNX_UnsignedTypes)>;
def ONNX_Tensor : TensorOf<!listconcat(ONNX_FloatTypes, ONNX_SignedTypes, ONNX_UnsignedTypes, [I1], ONNX_SmallFloatTypes,
                                       ONNX_SmallIntegerTypes)>;
def ONNX_PoolTensor : TensorOf<!listconcat(ONNX_FloatTypes, [I8, UI8])>;
def ONNX_BoolTensor : TensorOf<[I1]>;
def ONNX_I64Tensor : TensorOf<[I64]>;
def ONNX_IndexTensor : TensorOf<[I32, I64]>;

/// Upstream's I64Attr is read as an unsigned number.
def ONNX_I64Attr : TypedSignlessIntegerAttrBase<I64, "int64_t", "64-bit integer">;

class ONNX_Bool<bit value> : DefaultValuedAttr<BoolAttr, !if(value, "true", "false")>;
class ONNX_Int<int value> : DefaultValuedAttr<ONNX_I64Attr, !cast<string>(value)>;
class ONNX_Float<string value> : DefaultValuedAttr<F32Attr, value>;
def ONNX_Ints : DefaultValuedAttr<DenseI64ArrayAttr, "{}">;
/// The precision in which an operator computes, f32 where absent.
def ONNX_StashType : OptionalAttr<TypeAttr>;

/// One of a list of words, the first one by default.
class ONNX_Word<list<string> words> : DefaultValuedStrAttr<ConfinedAttr<StrAttr, [AttrConstraint<
    CPred<"::llvm::is_contained(::std::initializer_list<::llvm::StringRef>{\"" # !interleave(words, "\", \"") # "\"}, "
          "::llvm::cast<::mlir::StringAttr>($_self).getValue())">,
    "whose value is one of " # !interleave(words, ", ")>]>, !head(words)>;

//===----------------------------------------------------------------------===//
// Shapes and folding
//===----------------------------------------------------------------------===//

defvar ONNX_ShapeArithmetic = DeclareOpInterfaceMethods<ONNX_ShapeArithmeticOpInterface>;
defvar ONNX_ShapedByOperands = DeclareOpInterfaceMethods<ONNX_ShapedByOperandsOpInterface>;

/// Definitions that the operators of a family share: `let extraClassDefinition = …`.
class ONNX_InferShapes<string call> {
  string definition = [{
    ::llvm::LogicalResult $cppClass::inferShapes(::vitc::onnx::ShapeEnv &env,
                                                 ::llvm::SmallVectorImpl<::vitc::onnx::SymbolicShape> &shapes) {
      return ::vitc::onnx::detail::}] # call # [{;
    }
  }];
}
defvar ONNX_SameShape = ONNX_InferShapes<"inferSameShape(*this, shapes)">.definition;
defvar ONNX_BroadcastShape = ONNX_InferShapes<"inferBroadcast(*this, env, shapes)">.definition;
defvar ONNX_FoldByEvaluation = [{
  ::mlir::OpFoldResult $cppClass::fold(FoldAdaptor adaptor) {
    return ::vitc::onnx::detail::foldByEvaluation(*this, adaptor.getOperands());
  }
}];

//===----------------------------------------------------------------------===//
// Operators
//===----------------------------------------------------------------------===//

/// Rules for (E): C++ expressions over the element types `input(position)`, null where absent, `attribute` and `builder`.
defvar ONNX_AsInput = "input(0)";
defvar ONNX_AsI1 = "builder.getI1Type()";
defvar ONNX_AsI64 = "builder.getI64Type()";

/// An operator whose result at position i has the element type `elementTypes[i]` (the last one for all that follow).
class ONNX_Op<string mnemonic, list<Trait> traits = [], list<string> elementTypes = [ONNX_AsInput]>
    : Op<ONNX_Dialect, mnemonic,
         !listconcat([Pure, ONNX_NodeOpInterface, DeclareOpInterfaceMethods<ONNX_ShapeInferenceOpInterface>], traits)> {
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
  let extraClassDeclaration = [{
    static ::mlir::Type inferElementType(::mlir::MLIRContext *context, unsigned position,
                                         ::llvm::ArrayRef<::mlir::Type> inputs,
                                         ::llvm::function_ref<::mlir::Attribute(::llvm::StringRef)> attribute) {
      [[maybe_unused]] ::mlir::Builder builder(context);
      [[maybe_unused]] auto input = [&](size_t i) { return i < inputs.size() ? inputs[i] : ::mlir::Type(); };
  }] # !interleave(!foreach(i, !range(!size(elementTypes)),
         !if(!eq(!add(i, 1), !size(elementTypes)), "", "if (position == " # i # ") ") # "return " # elementTypes[i] # ";"
       ), "\n") # "\n}\n";
}

#endif
