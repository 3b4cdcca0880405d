//===- Conversion of the onnx stage to the linalg stage -------------------===//

#include "Node.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Pass/Pass.h"
#include "vitc/Conversion/Passes.h"
#include "vitc/Dialect/ViT/IR/ViT.h"

namespace vitc {
#define GEN_PASS_DEF_CONVERTONNXTOLINALGPASS
#include "vitc/Conversion/Passes.h.inc"
} // namespace vitc

using namespace mlir;
using namespace vitc::onnx;

namespace {
/// Converts the signature and reads the symbols at the entry.
class FuncPattern final : public OpConversionPattern<func::FuncOp> {
public:
  FuncPattern(const TypeConverter &types, MLIRContext *context, ConversionState &state)
      : OpConversionPattern(types, context), state(state) {}

  LogicalResult matchAndRewrite(func::FuncOp func, OpAdaptor, ConversionPatternRewriter &rewriter) const final {
    FunctionType type = func.getFunctionType();
    TypeConverter::SignatureConversion signature(type.getNumInputs());
    SmallVector<Type> results;
    if (failed(getTypeConverter()->convertSignatureArgs(type.getInputs(), signature)) ||
        failed(getTypeConverter()->convertTypes(type.getResults(), results)))
      return rewriter.notifyMatchFailure(func, "its signature has a type that is no ranked tensor");
    if (!func.isExternal()) {
      FailureOr<Block *> entry = rewriter.convertRegionTypes(&func.getBody(), *getTypeConverter(), &signature);
      if (failed(entry))
        return failure();
      rewriter.setInsertionPointToStart(*entry);
      for (auto [input, argument] : llvm::zip_equal(type.getInputs(), (*entry)->getArguments()))
        state.symbols.defineFrom(input, argument, rewriter, func.getLoc());
      if (auto requirements = func->getAttrOfType<ArrayAttr>("vit.requires"))
        for (auto requirement : requirements.getAsRange<vitc::vit::RequirementAttr>())
          if (requirement.isZero())
            state.symbols.requireZero(requirement.getValue());
    }
    rewriter.modifyOpInPlace(func, [&] {
      keepElementTypes(func);
      func.setType(FunctionType::get(func.getContext(), signature.getConvertedTypes(), results));
    });
    return success();
  }

private:
  /// The caller's element type of what becomes another.
  static void keepElementTypes(func::FuncOp func) {
    auto getConverted = [](Type type) -> TypeAttr {
      Type element = getElementTypeOrSelf(type);
      return convertElementType(element) != element ? TypeAttr::get(element) : nullptr;
    };
    for (auto [index, type] : llvm::enumerate(func.getArgumentTypes()))
      if (TypeAttr element = getConverted(type))
        func.setArgAttr(index, "vit.element_type", element);
    for (auto [index, type] : llvm::enumerate(func.getResultTypes()))
      if (TypeAttr element = getConverted(type))
        func.setResultAttr(index, "vit.element_type", element);
  }

  ConversionState &state;
};

struct ReturnPattern final : OpConversionPattern<func::ReturnOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(func::ReturnOp op, OpAdaptor adaptor, ConversionPatternRewriter &rewriter) const final {
    rewriter.replaceOpWithNewOp<func::ReturnOp>(op, adaptor.getOperands());
    return success();
  }
};
} // namespace

static FailureOr<Tensor> convertConstant(ConstantOp op, Node &node) {
  return node.constant(convertElements(op.getValue()));
}

static void populatePatterns(RewritePatternSet &patterns, const TypeConverter &types, ConversionState &state) {
  patterns.add<FuncPattern>(types, patterns.getContext(), state);
  patterns.add<ReturnPattern>(types, patterns.getContext());
  NodePatterns nodes(patterns, types, state);
  nodes.add(convertConstant);
  populateActivationPatterns(nodes);
  populateDeformConvolutionPatterns(nodes);
  populateElementwisePatterns(nodes);
  populateArithmeticPatterns(nodes);
  populateBitwisePatterns(nodes);
  populateContractionPatterns(nodes);
  populateReductionPatterns(nodes);
  populateNormalizationPatterns(nodes);
  populateAttentionPatterns(nodes);
  populateMultiHeadAttentionPatterns(nodes);
  populateRecurrentPatterns(nodes);
  populateRotaryEmbeddingPatterns(nodes);
  populateConvolutionPatterns(nodes);
  populatePoolingPatterns(nodes);
  populateResizePatterns(nodes);
  populateReshapePatterns(nodes);
  populateQuantizationPatterns(nodes);
  populateQuantizedProductPatterns(nodes);
  populateSlicePatterns(nodes);
  populateIndexingPatterns(nodes);
  populateRearrangementPatterns(nodes);
  populateGridSamplePatterns(nodes);
  populateRoiPoolingPatterns(nodes);
  populateCol2ImPatterns(nodes);
  populateScatterPatterns(nodes);
  populateSelectionPatterns(nodes);
  populateDataExtentPatterns(nodes);
  populateFourierPatterns(nodes);
  populateUniquePatterns(nodes);
  populateNonMaxSuppressionPatterns(nodes);
}

/// Names every node of `func` that has no conversion, with the reason where one was given.
static void reportUnconverted(func::FuncOp func, const DenseSet<Operation *> &converted, const ConversionState &state) {
  SmallVector<Operation *> nodes;
  func.walk([&](Operation *op) {
    if (isa<ONNXDialect>(op->getDialect()) && !converted.contains(op))
      nodes.push_back(op);
  });
  InFlightDiagnostic error = emitError(func.getLoc())
                             << "cannot compile " << nodes.size() << (nodes.size() == 1 ? " node:" : " nodes:");
  for (Operation *op : nodes) {
    auto name = op->getLoc()->findInstanceOf<NameLoc>();
    error << "\n  " << (name ? name.getName().getValue() : StringRef("(unnamed)")) << " (" << op->getName()
          << "): " << state.getRefusal(op).value_or("this operator is not supported");
  }
}

namespace {
struct ConvertONNXToLinalg final : vitc::impl::ConvertONNXToLinalgPassBase<ConvertONNXToLinalg> {
  void runOnOperation() final {
    TypeConverter types;
    types.addConversion([](Type type) { return type; });
    types.addConversion([](RankedTensorType type) { return convertTensorType(type); });
    ConversionTarget target(getContext());
    target.addLegalDialect<affine::AffineDialect, arith::ArithDialect, linalg::LinalgDialect, math::MathDialect,
                           memref::MemRefDialect, scf::SCFDialect, tensor::TensorDialect, vitc::vit::ViTDialect>();
    target.addDynamicallyLegalOp<func::FuncOp>([&](func::FuncOp func) {
      return types.isSignatureLegal(func.getFunctionType()) && types.isLegal(&func.getBody());
    });
    target.addDynamicallyLegalOp<func::ReturnOp>([&](func::ReturnOp op) { return types.isLegal(op); });
    if (failed(convert(types, target)))
      signalPassFailure();
  }

private:
  /// Converts the function; if that fails, tries every node by itself to name all that cannot be converted.
  LogicalResult convert(const TypeConverter &types, ConversionTarget &target) {
    if (succeeded(tryToConvert(types, target)))
      return success();
    ConversionState state(&getContext());
    DenseSet<Operation *> converted = findConverted(types, target, state);
    reportUnconverted(getOperation(), converted, state);
    return failure();
  }

  LogicalResult tryToConvert(const TypeConverter &types, ConversionTarget &target) {
    ScopedDiagnosticHandler ignoreFirstFailure(&getContext(), [](Diagnostic &) { return success(); });
    ConversionState state(&getContext());
    RewritePatternSet patterns(&getContext());
    populatePatterns(patterns, types, state);
    return applyFullConversion(getOperation(), target, std::move(patterns));
  }

  /// The ops that can be converted; `state` gets the reasons for the others.
  DenseSet<Operation *> findConverted(const TypeConverter &types, ConversionTarget &target, ConversionState &state) {
    ScopedDiagnosticHandler ignoreFailures(&getContext(), [](Diagnostic &) { return success(); });
    RewritePatternSet patterns(&getContext());
    populatePatterns(patterns, types, state);
    DenseSet<Operation *> converted;
    ConversionConfig config;
    config.legalizableOps = &converted;
    config.buildMaterializations = false;
    (void)applyAnalysisConversion(getOperation(), target, std::move(patterns), config);
    return converted;
  }
};
} // namespace
