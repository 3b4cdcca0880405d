#ifndef VITC_CONVERSION_ONNXTOLINALG_NODE_H
#define VITC_CONVERSION_ONNXTOLINALG_NODE_H

#include "TensorBuilder.h"

#include "mlir/Transforms/DialectConversion.h"
#include "vitc/Dialect/ONNX/IR/ONNX.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/Twine.h"
#include <optional>
#include <string>

namespace vitc::onnx {

/// What one conversion of a function knows and finds out.
struct ConversionState {
  explicit ConversionState(mlir::MLIRContext *context) : symbols(context) {}

  /// Records why `op` was not converted. Nodes are known by location and operator: an analysis runs on copies.
  void addRefusal(mlir::Operation *op, const llvm::Twine &reason) {
    refusals.try_emplace({op->getLoc(), op->getName().getIdentifier()}, reason.str());
  }
  /// Why `op` was not converted; nothing where no reason was given.
  std::optional<llvm::StringRef> getRefusal(mlir::Operation *op) const {
    auto it = refusals.find({op->getLoc(), op->getName().getIdentifier()});
    return it == refusals.end() ? std::nullopt : std::optional<llvm::StringRef>(it->second);
  }

  Symbols symbols;

private:
  llvm::DenseMap<std::pair<mlir::Attribute, mlir::StringAttr>, std::string> refusals;
};

/// An op of the onnx stage that is being converted: builds in its place, at its location.
class Node : public TensorBuilder {
public:
  Node(mlir::Operation *op, mlir::ConversionPatternRewriter &rewriter, ConversionState &state)
      : TensorBuilder(rewriter, op->getLoc(), state.symbols), op(op), rewriter(rewriter), state(state) {}

  /// The converted form of an operand.
  Tensor get(mlir::Value operand) const;
  llvm::SmallVector<Tensor> get(mlir::ValueRange operands) const {
    return llvm::map_to_vector(operands, [&](mlir::Value operand) { return get(operand); });
  }
  Extents getResultExtents(unsigned index = 0) const {
    return state.symbols.getExtents(op->getResult(index).getType());
  }
  /// The element type of a result in the linalg stage.
  mlir::Type getResultElementType(unsigned index = 0) const;

  /// From here on, the symbol of this name stands for `value`, an index.
  void defineSymbol(mlir::StringAttr name, mlir::Value value) { state.symbols.define(name, value); }

  /// A scalar formula over operands that broadcast to the first result; refuses those that cannot be shown to.
  mlir::FailureOr<Tensor> mapOperands(mlir::ValueRange operands, ScalarBody body);

  /// Fails; the user is told that the node is not supported because of `reason`.
  mlir::LogicalResult refuse(const llvm::Twine &reason) const {
    state.addRefusal(op, reason);
    return rewriter.notifyMatchFailure(op, reason);
  }

private:
  mlir::Operation *op;
  mlir::ConversionPatternRewriter &rewriter;
  ConversionState &state;
};

/// The type of the linalg stage: without encoding, integers signless; what has less than eight bits, and floats of
/// eight, are bytes.
mlir::Type convertElementType(mlir::Type element);
mlir::RankedTensorType convertTensorType(mlir::RankedTensorType type);
/// The value of a constant in the types of the linalg stage, sharing its data.
mlir::ElementsAttr convertElements(mlir::ElementsAttr value);

/// Whether `value` is an `onnx.Constant`.
bool isConstant(mlir::Value value);
/// The integers of a constant; nothing where the operand is absent or not a constant.
std::optional<llvm::SmallVector<int64_t>> getIntegers(mlir::Value value);
/// The elements of a constant as doubles; nothing where the operand is absent or not a constant.
std::optional<llvm::SmallVector<double>> getDoubles(mlir::Value value);
/// The only element of a constant; nothing where there are several or it is no constant.
std::optional<double> getScalar(mlir::Value value);
/// Whether the element type of a tensor of the onnx stage is unsigned (or bool).
inline bool isUnsigned(mlir::Value value) {
  mlir::Type type = mlir::getElementTypeOrSelf(value.getType());
  return type.isUnsignedInteger() || type.isInteger(1);
}
/// An index that may count from the end as a position. ONNX leaves what lies outside undefined; it must not read other
/// memory, so it is clamped.
mlir::Value getPosition(mlir::OpBuilder &b, mlir::Location loc, mlir::Value index, mlir::Value size);
/// An axis that may count from the end, as a position.
inline int64_t normalizeAxis(int64_t axis, int64_t rank) { return axis < 0 ? axis + rank : axis; }
/// Axes that may count from the end, as positions in ascending order.
llvm::SmallVector<int64_t> normalizeAxes(llvm::ArrayRef<int64_t> axes, int64_t rank);

/// Collects conversions: functions from an op to what replaces its result.
class NodePatterns {
public:
  NodePatterns(mlir::RewritePatternSet &patterns, const mlir::TypeConverter &types, ConversionState &state)
      : patterns(patterns), types(types), state(state) {}

  template <typename OpTy>
  void add(mlir::FailureOr<Tensor> (*convert)(OpTy, Node &)) {
    addMulti<OpTy>([convert](OpTy op, Node &node) -> mlir::FailureOr<llvm::SmallVector<Tensor>> {
      mlir::FailureOr<Tensor> result = convert(op, node);
      if (mlir::failed(result))
        return mlir::failure();
      return llvm::SmallVector<Tensor>{*result};
    });
  }
  /// As above for an op with several results; a null value stands for one that is not used.
  template <typename OpTy>
  void add(mlir::FailureOr<llvm::SmallVector<Tensor>> (*convert)(OpTy, Node &)) {
    addMulti<OpTy>(convert);
  }

private:
  template <typename OpTy>
  using Convert = std::function<mlir::FailureOr<llvm::SmallVector<Tensor>>(OpTy, Node &)>;

  template <typename OpTy>
  class Pattern final : public mlir::OpConversionPattern<OpTy> {
  public:
    Pattern(const mlir::TypeConverter &types, mlir::MLIRContext *context, ConversionState &state, Convert<OpTy> convert)
        : mlir::OpConversionPattern<OpTy>(types, context), state(state), convert(std::move(convert)) {}

    mlir::LogicalResult matchAndRewrite(OpTy op, typename OpTy::Adaptor,
                                        mlir::ConversionPatternRewriter &rewriter) const final {
      Node node(op, rewriter, state);
      if (mlir::failed(checkExtents(op, node)))
        return mlir::failure();
      mlir::FailureOr<llvm::SmallVector<Tensor>> results = convert(op, node);
      if (mlir::failed(results))
        return mlir::failure();
      return replace(op, *results, node, rewriter);
    }

  private:
    ConversionState &state;
    Convert<OpTy> convert;
  };

  template <typename OpTy>
  void addMulti(Convert<OpTy> convert) {
    patterns.add<Pattern<OpTy>>(types, patterns.getContext(), state, std::move(convert));
  }
  /// Refuses a node whose operands or results have extents that are not known.
  static mlir::LogicalResult checkExtents(mlir::Operation *op, Node &node);
  static mlir::LogicalResult replace(mlir::Operation *op, llvm::ArrayRef<Tensor> results, Node &node,
                                     mlir::ConversionPatternRewriter &rewriter);

  mlir::RewritePatternSet &patterns;
  const mlir::TypeConverter &types;
  ConversionState &state;
};

void populateActivationPatterns(NodePatterns &patterns);
void populateDeformConvolutionPatterns(NodePatterns &patterns);
void populateElementwisePatterns(NodePatterns &patterns);
void populateArithmeticPatterns(NodePatterns &patterns);
void populateBitwisePatterns(NodePatterns &patterns);
void populateContractionPatterns(NodePatterns &patterns);
void populateReductionPatterns(NodePatterns &patterns);
void populateNormalizationPatterns(NodePatterns &patterns);
void populateAttentionPatterns(NodePatterns &patterns);
void populateMultiHeadAttentionPatterns(NodePatterns &patterns);
void populateRecurrentPatterns(NodePatterns &patterns);
void populateRotaryEmbeddingPatterns(NodePatterns &patterns);
void populateConvolutionPatterns(NodePatterns &patterns);
void populatePoolingPatterns(NodePatterns &patterns);
void populateResizePatterns(NodePatterns &patterns);
void populateReshapePatterns(NodePatterns &patterns);
void populateQuantizationPatterns(NodePatterns &patterns);
void populateQuantizedProductPatterns(NodePatterns &patterns);
void populateSlicePatterns(NodePatterns &patterns);
void populateIndexingPatterns(NodePatterns &patterns);
void populateRearrangementPatterns(NodePatterns &patterns);
void populateGridSamplePatterns(NodePatterns &patterns);
void populateRoiPoolingPatterns(NodePatterns &patterns);
void populateCol2ImPatterns(NodePatterns &patterns);
void populateScatterPatterns(NodePatterns &patterns);
void populateSelectionPatterns(NodePatterns &patterns);
void populateDataExtentPatterns(NodePatterns &patterns);
void populateNonMaxSuppressionPatterns(NodePatterns &patterns);
void populateFourierPatterns(NodePatterns &patterns);
void populateUniquePatterns(NodePatterns &patterns);

} // namespace vitc::onnx

#endif // VITC_CONVERSION_ONNXTOLINALG_NODE_H
