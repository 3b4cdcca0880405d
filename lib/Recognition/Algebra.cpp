#include "vitc/Recognition/Algebra.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace vitc;
using linalg::ElementwiseKind;

/// The one value of a constant attribute, weights kept outside the context (resources) included.
static std::optional<double> splatValue(Attribute attr) {
  if (auto value = dyn_cast<FloatAttr>(attr))
    return value.getValueAsDouble();
  auto elements = dyn_cast<DenseElementsAttr>(attr);
  if (elements && elements.isSplat() && isa<FloatType>(elements.getElementType()))
    return elements.getSplatValue<APFloat>().convertToDouble();
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(attr))
    if (auto floats = dyn_cast<DenseF32ResourceElementsAttr>(attr); floats && resource.getNumElements() == 1)
      if (std::optional<ArrayRef<float>> data = floats.tryGetAsArrayRef())
        return data->front();
  return std::nullopt;
}

/// What `op` repeats or views without changing any number; null where it is no such op.
static Value sameElements(Operation *op) {
  return TypeSwitch<Operation *, Value>(op)
      .Case([](linalg::FillOp fill) { return fill.getInputs()[0]; })
      .Case<tensor::ExpandShapeOp, tensor::CollapseShapeOp>([](auto view) { return view.getSrc(); })
      .Case<tensor::CastOp, tensor::ExtractSliceOp>([](auto view) { return view.getSource(); })
      .Case<linalg::BroadcastOp, linalg::TransposeOp>([](auto view) { return view.getInput(); })
      .Default([](Operation *) { return Value(); });
}

std::optional<double> vitc::matchSplat(Value value) {
  static constexpr unsigned kMostViews = 64; // in a row; no model has more
  for (unsigned views = 0; value && value.getDefiningOp() && views < kMostViews; ++views) {
    if (auto constant = value.getDefiningOp<arith::ConstantOp>())
      return splatValue(constant.getValue());
    value = sameElements(value.getDefiningOp());
  }
  return std::nullopt;
}

/// What constants are folded from is larger in no model, and to look further for every op takes long in a deep one.
static constexpr size_t kMostConstants = 64;

bool vitc::isInputIndependent(Value value) {
  return isReachedOnlyThrough(value, [](Operation *) { return false; }, kMostConstants);
}

bool vitc::isReachedOnlyThrough(Value value, function_ref<bool(Operation *)> gate, size_t mostValues) {
  SmallVector<Value> worklist{value};
  llvm::SmallPtrSet<Value, 16> seen;
  while (!worklist.empty()) {
    Value next = worklist.pop_back_val();
    if (!seen.insert(next).second || next.getDefiningOp<tensor::DimOp>())
      continue;
    if (!next.getDefiningOp() || seen.size() > mostValues)
      return false;
    if (gate(next.getDefiningOp()))
      continue;
    llvm::append_range(worklist, next.getDefiningOp()->getOperands());
    llvm::SetVector<Value> captured;
    for (Region &region : next.getDefiningOp()->getRegions())
      getUsedValuesDefinedAbove(region, region, captured);
    llvm::append_range(worklist, captured);
  }
  return true;
}

bool vitc::isClose(double value, double expected) { return std::abs(value - expected) <= 2e-5 * std::abs(expected); }

std::optional<ElementwiseKind> vitc::kindOfScalarOp(Operation *op) {
  return TypeSwitch<Operation *, std::optional<ElementwiseKind>>(op)
      .Case([](arith::AddFOp) { return ElementwiseKind::add; })
      .Case([](arith::SubFOp) { return ElementwiseKind::sub; })
      .Case([](arith::MulFOp) { return ElementwiseKind::mul; })
      .Case([](arith::DivFOp) { return ElementwiseKind::div; })
      .Case([](arith::NegFOp) { return ElementwiseKind::negf; })
      .Case([](arith::MaximumFOp) { return ElementwiseKind::max_signed; })
      .Case([](arith::MinimumFOp) { return ElementwiseKind::min_signed; })
      .Case([](math::ExpOp) { return ElementwiseKind::exp; })
      .Case([](math::LogOp) { return ElementwiseKind::log; })
      .Case([](math::AbsFOp) { return ElementwiseKind::abs; })
      .Case([](math::CeilOp) { return ElementwiseKind::ceil; })
      .Case([](math::FloorOp) { return ElementwiseKind::floor; })
      .Case([](math::RoundOp) { return ElementwiseKind::round; })
      .Case([](math::ErfOp) { return ElementwiseKind::erf; })
      .Case([](math::TanhOp) { return ElementwiseKind::tanh; })
      .Case([](math::SqrtOp) { return ElementwiseKind::sqrt; })
      .Case([](math::RsqrtOp) { return ElementwiseKind::rsqrt; })
      .Case([](math::PowFOp) { return ElementwiseKind::powf; })
      .Case([](arith::SelectOp) { return ElementwiseKind::select; })
      .Default([](Operation *) { return std::nullopt; });
}

/// Whether recognition is about elements of this type: floats that targets have kernels for. What a model computes in
/// f64 stays as it is.
static bool isRecognizable(Type type) {
  Type element = getElementTypeOrSelf(type);
  return isa<FloatType>(element) && !element.isF64();
}

std::optional<Elementwise> vitc::matchElementwise(Operation *op) {
  auto structured = dyn_cast_if_present<linalg::LinalgOp>(op);
  if (!structured || !structured.hasPureTensorSemantics() || structured.getNumDpsInits() != 1 ||
      structured.getNumParallelLoops() != structured.getNumLoops() ||
      !structured.getMatchingIndexingMap(structured.getDpsInitOperand(0)).isIdentity() ||
      !isRecognizable(op->getResult(0).getType()) ||
      !llvm::all_of(structured.getIndexingMapsArray(), [](AffineMap map) { return map.isProjectedPermutation(); }))
    return std::nullopt;
  if (auto named = dyn_cast<linalg::ElementwiseOp>(op))
    return Elementwise{structured, named.getKind(), structured.getDpsInputOperands()};

  Block *body = structured.getBlock();
  if (!llvm::hasNItems(*body, 2))
    return std::nullopt;
  std::optional<ElementwiseKind> kind = kindOfScalarOp(&body->front());
  if (!kind || body->getTerminator()->getOperand(0) != body->front().getResult(0))
    return std::nullopt;
  Elementwise match{structured, *kind, {}};
  for (Value operand : body->front().getOperands()) {
    auto argument = dyn_cast<BlockArgument>(operand);
    if (!argument || argument.getOwner() != body || argument.getArgNumber() >= structured.getNumDpsInputs())
      return std::nullopt;
    match.operands.push_back(structured.getDpsInputOperand(argument.getArgNumber()));
  }
  return match;
}

std::optional<Elementwise> vitc::matchElementwise(Value value) { return matchElementwise(value.getDefiningOp()); }

std::optional<OperandAndConstant> vitc::matchOperandAndConstant(const Elementwise &match) {
  linalg::LinalgOp op = match.op;
  if (match.operands.size() != 2)
    return std::nullopt;
  OpOperand *first = match.operands[0], *second = match.operands[1];
  auto isWhole = [&](OpOperand *operand) { return op.getMatchingIndexingMap(operand).isIdentity(); };
  if (isWhole(first) && isInputIndependent(second->get()))
    return OperandAndConstant{first, second};
  bool commutes = match.kind == ElementwiseKind::add || match.kind == ElementwiseKind::mul;
  if (commutes && isWhole(second) && isInputIndependent(first->get()))
    return OperandAndConstant{second, first};
  return std::nullopt;
}

std::optional<Scaled> vitc::matchScaled(linalg::LinalgOp op) {
  std::optional<Elementwise> match = matchElementwise(op);
  if (!match || (match->kind != ElementwiseKind::mul && match->kind != ElementwiseKind::div))
    return std::nullopt;
  OpOperand *first = match->operands[0], *second = match->operands[1];
  if (std::optional<double> factor = matchSplat(second->get()))
    return Scaled{first, match->kind == ElementwiseKind::mul ? *factor : 1 / *factor};
  if (match->kind == ElementwiseKind::mul)
    if (std::optional<double> factor = matchSplat(first->get()))
      return Scaled{second, *factor};
  return std::nullopt;
}

bool vitc::isCopy(linalg::LinalgOp op) {
  if (op.getNumDpsInputs() != 1 || op.getNumDpsInits() != 1 || !op.hasPureTensorSemantics() ||
      op.getNumParallelLoops() != op.getNumLoops() || !isa<linalg::GenericOp, linalg::CopyOp>(op) ||
      !op.getMatchingIndexingMap(op.getDpsInitOperand(0)).isIdentity() ||
      !op.getMatchingIndexingMap(op.getDpsInputOperand(0)).isProjectedPermutation() ||
      getElementTypeOrSelf(op.getDpsInputOperand(0)->get()) != getElementTypeOrSelf(op->getResult(0)))
    return false;
  Block *body = op.getBlock();
  return llvm::hasSingleElement(*body) && body->getTerminator()->getOperand(0) == body->getArgument(0);
}

bool vitc::isContraction(Operation *op) {
  auto structured = dyn_cast_if_present<linalg::LinalgOp>(op);
  // Upstream's test of the body looks through every unary op: exp(a) · b would do.
  return structured && linalg::isaContractionOpInterface(structured) && structured.hasPureTensorSemantics() &&
         llvm::hasNItems(*structured.getBlock(), 3) && isRecognizable(op->getResult(0).getType()) &&
         matchSplat(structured.getDpsInitOperand(0)->get()) == 0.0;
}

static Polynomial add(const Polynomial &a, const Polynomial &b, double factor = 1) {
  Polynomial sum = a;
  for (const auto &[powers, coefficient] : b)
    if ((sum[powers] += factor * coefficient) == 0)
      sum.erase(powers);
  return sum;
}

static Polynomial multiply(const Polynomial &a, const Polynomial &b) {
  Polynomial product;
  for (const auto &[p, c] : a)
    for (const auto &[q, d] : b)
      product = add(product, {{{p.first + q.first, p.second + q.second}, c * d}});
  return product;
}

static Polynomial constant(double value) { return {{{0, 0}, value}}; }

std::optional<Polynomial> PolynomialMatcher::match(Value value, unsigned depth) {
  constexpr unsigned kDepth = 10; // of the deepest activation, GELU by tanh, with room to spare
  if (value == x)
    return Polynomial{{{1, 0}, 1.0}};
  if (value == t)
    return Polynomial{{{0, 1}, 1.0}};
  if (std::optional<double> splat = matchSplat(value))
    return constant(*splat);
  std::optional<Elementwise> op = depth < kDepth ? matchElementwise(value) : std::nullopt;
  if (!op)
    return std::nullopt;
  for (OpOperand *operand : op->operands)
    if (!op->op.getMatchingIndexingMap(operand).isIdentity() && !matchSplat(operand->get()))
      return std::nullopt;
  std::optional<Polynomial> polynomial = matchOp(*op, depth + 1);
  if (polynomial)
    interior.insert(op->op);
  return polynomial;
}

std::optional<Polynomial> PolynomialMatcher::matchQuotient(Value numerator, Value denominator, unsigned depth) {
  if (std::optional<double> divisor = matchSplat(denominator)) {
    std::optional<Polynomial> dividend = match(numerator, depth);
    return dividend ? std::optional(multiply(*dividend, constant(1 / *divisor))) : std::nullopt;
  }
  if (!logistic)
    return std::nullopt;
  PolynomialMatcher inner(nullptr, logistic);
  std::optional<Polynomial> divisor = inner.match(denominator, depth);
  if (!divisor || !isClose(*divisor, {{{0, 0}, 1.0}, {{0, 1}, 1.0}}))
    return std::nullopt;
  interior.insert(inner.interior.begin(), inner.interior.end());
  if (!numerator)
    return Polynomial{{{0, 1}, 1.0}};
  std::optional<Polynomial> dividend = match(numerator, depth);
  return dividend ? std::optional(multiply(*dividend, {{{0, 1}, 1.0}})) : std::nullopt;
}

std::optional<Polynomial> PolynomialMatcher::matchOp(const Elementwise &op, unsigned depth) {
  if (op.kind == ElementwiseKind::div)
    return matchQuotient(op.operand(0), op.operand(1), depth);
  if (op.kind == ElementwiseKind::reciprocal)
    return matchQuotient(nullptr, op.operand(0), depth);
  std::optional<Polynomial> first = match(op.operand(0), depth);
  if (!first)
    return std::nullopt;
  if (op.kind == ElementwiseKind::negf)
    return multiply(*first, constant(-1));
  if (op.kind == ElementwiseKind::square)
    return multiply(*first, *first);
  if (op.operands.size() != 2)
    return std::nullopt;
  std::optional<Polynomial> second = match(op.operand(1), depth);
  if (!second)
    return std::nullopt;
  switch (op.kind) {
  case ElementwiseKind::add:
    return add(*first, *second);
  case ElementwiseKind::sub:
    return add(*first, *second, -1);
  case ElementwiseKind::mul:
    return multiply(*first, *second);
  case ElementwiseKind::powf:
    if (*second == constant(2))
      return multiply(*first, *first);
    if (*second == constant(3))
      return multiply(multiply(*first, *first), *first);
    return std::nullopt;
  default:
    return std::nullopt;
  }
}

bool vitc::isClose(const Polynomial &value, const Polynomial &expected) {
  return value.size() == expected.size() && llvm::all_of(llvm::zip(value, expected), [](auto pair) {
           const auto &[a, b] = pair;
           return a.first == b.first && isClose(a.second, b.second);
         });
}

bool vitc::isPrivate(const llvm::SmallPtrSetImpl<Operation *> &interior, Operation *root) {
  return llvm::all_of(interior, [&](Operation *op) {
    return op == root || llvm::all_of(op->getUsers(), [&](Operation *user) {
             return user == root || interior.contains(user) || isa<tensor::DimOp>(user);
           });
  });
}

/// Whether `value` leaves every element of a reduction of this kind as it is.
static bool isNeutral(Reduction::Kind kind, double value) {
  if (kind == Reduction::Sum)
    return value == 0;
  return std::isnan(value) || value <= -3.4e38; // NaN with maxnumf, as linalg.softmax decomposes; −max or −∞
}

std::optional<Reduction> vitc::matchReduction(Value value) {
  auto op = value.getDefiningOp<linalg::LinalgOp>();
  if (!op || op.getNumDpsInputs() != 1 || op.getNumDpsInits() != 1 || op.getNumReductionLoops() != 1 ||
      !op.hasPureTensorSemantics() || !op.getMatchingIndexingMap(op.getDpsInputOperand(0)).isIdentity())
    return std::nullopt;
  SmallVector<unsigned> dims;
  op.getReductionDims(dims);
  AffineMap kept = AffineMap::getMultiDimIdentityMap(op.getNumLoops(), op->getContext()).dropResult(dims[0]);
  Block *body = op.getBlock();
  Operation *combiner = &body->front();
  if (op.getMatchingIndexingMap(op.getDpsInitOperand(0)) != kept || !llvm::hasNItems(*body, 2) ||
      body->getTerminator()->getOperand(0) != combiner->getResult(0) || combiner->getNumOperands() != 2 ||
      combiner->getOperand(0) == combiner->getOperand(1) ||
      !llvm::all_of(combiner->getOperands(), llvm::IsaPred<BlockArgument>))
    return std::nullopt;
  bool isMax = isa<arith::MaximumFOp, arith::MaxNumFOp>(combiner);
  if (!isMax && !isa<arith::AddFOp>(combiner))
    return std::nullopt;
  Reduction match{op, op.getDpsInputOperand(0)->get(), dims[0], isMax ? Reduction::Max : Reduction::Sum};
  std::optional<double> init = matchSplat(op.getDpsInitOperand(0)->get());
  if (!init || !isNeutral(match.kind, *init) || (std::isnan(*init) && !isa<arith::MaxNumFOp>(combiner)))
    return std::nullopt;
  return match;
}
