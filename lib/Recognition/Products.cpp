#include "Products.h"

#include "Recognizer.h"

using namespace mlir;
using namespace vitc;
using linalg::ElementwiseKind;

static Axis freeAxis(Value value, int64_t dim) {
  Axis axis;
  appendDigit(axis, Digit::free(extentOf(value, dim)));
  return axis;
}

std::optional<Product> vitc::matchContraction(Operation *op) {
  if (!isContraction(op))
    return std::nullopt;
  auto structured = cast<linalg::LinalgOp>(op);
  if (structured.getNumReductionLoops() != 1)
    return std::nullopt;
  SmallVector<Extent> loops(structured.getNumLoops());
  for (OpOperand *operand : structured.getDpsInputOperands())
    for (auto [dim, expr] : llvm::enumerate(structured.getMatchingIndexingMap(operand).getResults()))
      loops[cast<AffineDimExpr>(expr).getPosition()] = extentOf(operand->get(), dim);
  SmallVector<utils::IteratorType> iterators = structured.getIteratorTypesArray();
  int64_t contracted = llvm::find(iterators, utils::IteratorType::reduction) - iterators.begin();
  AffineMap result = structured.getMatchingIndexingMap(structured.getDpsInitOperand(0));
  auto factor = [&](OpOperand *operand) {
    AxisMap map = trace(operand->get()).inLoops(structured.getMatchingIndexingMap(operand), loops);
    Factor side{operand->get(), map, map.axes[contracted]};
    side.rows.axes.clear();
    for (AffineExpr expr : result.getResults())
      side.rows.axes.push_back(map.axes[cast<AffineDimExpr>(expr).getPosition()]);
    return side;
  };
  return Product{factor(structured.getDpsInputOperand(0)), factor(structured.getDpsInputOperand(1))};
}

bool vitc::isPointwise(vit::ConvOp op) {
  auto all = [](ArrayRef<int64_t> values, int64_t value) {
    return llvm::all_of(values, [&](int64_t other) { return other == value; });
  };
  return !op.getTransposed() && op.getEpilogue().empty() && all(op.getWeight().getType().getShape().take_back(2), 1) &&
         all(op.getStrides(), 1) && all(op.getPads(), 0);
}

std::optional<Product> vitc::matchPointwiseProduct(Operation *op) {
  auto conv = dyn_cast_if_present<vit::ConvOp>(op);
  if (!conv || !isPointwise(conv) || conv.getGroups() != 1)
    return std::nullopt;
  Value result = conv.getResult();
  Factor map{conv.getInput(), trace(conv.getInput()), {}}, matrix{conv.getWeight(), trace(conv.getWeight()), {}};
  map.features = map.rows.axes[1];
  matrix.features = matrix.rows.axes[1];
  map.rows.axes[1] = freeAxis(result, 1);
  Axis filters = matrix.rows.axes[0];
  matrix.rows.axes = {freeAxis(result, 0), filters, freeAxis(result, 2), freeAxis(result, 3)};
  return Product{map, matrix};
}

static bool isRepeated(ArrayRef<Digit> axis) {
  return llvm::all_of(axis, [](const Digit &digit) { return digit.isFree(); });
}

/// The map before a sum with a constant that is the same for all rows; `map` itself where its source is no sum.
static std::optional<AxisMap> withoutBias(const AxisMap &map) {
  std::optional<Elementwise> sum = matchElementwise(map.source);
  if (!sum || sum->kind != ElementwiseKind::add)
    return map;
  std::optional<OperandAndConstant> sides = matchOperandAndConstant(*sum);
  if (!sides || !isInputIndependent(sides->constant->get()))
    return std::nullopt;
  FailureOr<AxisMap> bias = traceOperand(sum->op, sides->constant).compose(map);
  FailureOr<AxisMap> before = trace(sides->operand->get()).compose(map);
  if (failed(bias) || failed(before) || !llvm::all_of(ArrayRef(bias->axes).drop_back(), isRepeated))
    return std::nullopt;
  return *before;
}

/// The input of a convolution with the rows of a map of its result.
static std::optional<AxisMap> matchConvInput(vit::ConvOp conv, const AxisMap &map) {
  if (!isPointwise(conv) || !isInputIndependent(conv.getWeight()) ||
      (conv.getBias() && !isInputIndependent(conv.getBias())))
    return std::nullopt;
  auto isFilter = [](const Digit &digit) { return digit.dim == 1; };
  if (!llvm::all_of(map.axes.back(), isFilter) ||
      llvm::any_of(ArrayRef(map.axes).drop_back(), [&](const Axis &axis) { return llvm::any_of(axis, isFilter); }))
    return std::nullopt;
  AxisMap input = trace(conv.getInput());
  Axis features = input.axes[1];
  input.axes[1] = freeAxis(conv.getResult(), 1);
  FailureOr<AxisMap> composed = input.compose(map);
  if (failed(composed))
    return std::nullopt;
  composed->axes.back() = features;
  return *composed;
}

std::optional<AxisMap> vitc::matchLayerInput(const AxisMap &map) {
  std::optional<AxisMap> product = withoutBias(map);
  if (!product)
    return std::nullopt;
  if (auto conv = product->source.getDefiningOp<vit::ConvOp>())
    return matchConvInput(conv, *product);
  std::optional<Product> sides = matchContraction(product->source.getDefiningOp());
  if (!sides || isInputIndependent(sides->left.value) == isInputIndependent(sides->right.value))
    return std::nullopt;
  bool weightsFirst = isInputIndependent(sides->left.value);
  const Factor &rows = weightsFirst ? sides->right : sides->left, &weights = weightsFirst ? sides->left : sides->right;
  FailureOr<AxisMap> input = rows.rows.compose(*product), matrix = weights.rows.compose(*product);
  if (failed(input) || failed(matrix) || !isRepeated(input->axes.back()) ||
      !llvm::all_of(ArrayRef(matrix->axes).drop_back(), isRepeated))
    return std::nullopt;
  input->axes.back() = rows.features;
  return *input;
}
