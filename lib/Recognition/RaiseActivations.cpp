#include "Recognizer.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Pass/Pass.h"
#include "vitc/Dialect/ViT/IR/ViT.h"
#include "vitc/Recognition/Passes.h"
#include <numbers>

namespace vitc {
#define GEN_PASS_DEF_RAISEACTIVATIONS
#include "vitc/Recognition/Passes.h.inc"
} // namespace vitc

using namespace mlir;
using namespace vitc;
using linalg::ElementwiseKind;

namespace {
/// An activation of `input`, and the ops that compute it.
struct Activation {
  enum Kind { Gelu, TanhGelu, Silu } kind;
  double beta = 1;
  Value input = {};
  Operation *root = nullptr;
  llvm::SmallPtrSet<Operation *, 8> interior = {};
};
} // namespace

/// The values that the argument of a transcendental op is computed from by elementwise ops: one of them is the input.
static SmallVector<Value> possibleInputs(Value argument) {
  constexpr size_t kLimit = 24; // GELU by tanh has eight
  SmallVector<Value> found{argument};
  for (size_t next = 0; next < found.size() && found.size() < kLimit; ++next)
    if (std::optional<Elementwise> op = matchElementwise(found[next]))
      for (OpOperand *operand : op->operands)
        if (!matchSplat(operand->get()) && !llvm::is_contained(found, operand->get()))
          found.push_back(operand->get());
  return found;
}

/// What kind of activation this transcendental op may stand in, judged by its argument as a polynomial of the input.
static std::optional<Activation> classify(ElementwiseKind kind, const Polynomial &argument) {
  const double root = std::sqrt(2 * std::numbers::inv_pi);
  if (kind == ElementwiseKind::erf && isClose(argument, Polynomial{{{1, 0}, std::numbers::sqrt2 / 2}}))
    return Activation{Activation::Gelu};
  if (kind == ElementwiseKind::tanh && isClose(argument, Polynomial{{{1, 0}, root}, {{3, 0}, root * 0.044715}}))
    return Activation{Activation::TanhGelu};
  // x · sigmoid(βx) by tanh or by exp.
  if (argument.size() != 1 || argument.begin()->first != std::pair(1, 0))
    return std::nullopt;
  double factor = argument.begin()->second;
  if (kind == ElementwiseKind::tanh && factor > 0)
    return Activation{Activation::Silu, 2 * factor};
  if (kind == ElementwiseKind::exp && factor < 0)
    return Activation{Activation::Silu, -factor};
  return std::nullopt;
}

/// The one op that reads `value`.
static Operation *onlyReader(Value value) {
  Operation *reader = nullptr;
  for (Operation *user : value.getUsers()) {
    if (isa<tensor::DimOp>(user))
      continue;
    if (reader && reader != user)
      return nullptr;
    reader = user;
  }
  return reader;
}

namespace {
/// GELU (by erf or tanh), SiLU and QuickGELU, spelled in elementwise ops  ==>  vit.gelu, vit.silu
struct RaiseActivation final : OpInterfaceRewritePattern<linalg::LinalgOp> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;

  LogicalResult matchAndRewrite(linalg::LinalgOp op, PatternRewriter &rewriter) const override {
    std::optional<Elementwise> anchor = matchElementwise(op);
    if (!anchor ||
        !llvm::is_contained({ElementwiseKind::erf, ElementwiseKind::tanh, ElementwiseKind::exp}, anchor->kind) ||
        !op.getMatchingIndexingMap(anchor->operands[0]).isIdentity())
      return failure();
    std::string reason;
    std::optional<Activation> activation = match(*anchor, reason);
    if (!activation)
      return reason.empty() ? failure() : rewriter.notifyMatchFailure(op, reason);
    if (!isPrivate(activation->interior, activation->root))
      return rewriter.notifyMatchFailure(op, "an intermediate value of the activation has another reader");
    replace(*activation, rewriter);
    return success();
  }

private:
  static std::optional<Activation> match(const Elementwise &anchor, std::string &reason) {
    for (Value input : possibleInputs(anchor.operand(0))) {
      PolynomialMatcher argument(input, nullptr);
      std::optional<Polynomial> polynomial = argument.match(anchor.operand(0));
      std::optional<Activation> activation = polynomial ? classify(anchor.kind, *polynomial) : std::nullopt;
      if (!activation)
        continue;
      activation->input = input;
      activation->interior = argument.interior;
      activation->interior.insert(anchor.op);
      if (climb(anchor, *activation))
        return activation;
      if (activation->kind != Activation::Silu) // tanh and exp have other uses
        reason = "the result is not x/2 * (1 + " + stringifyEnum(anchor.kind).str() + "(..))";
    }
    if (reason.empty() && anchor.kind == ElementwiseKind::erf)
      reason = "the argument of erf is not x/sqrt(2)";
    return std::nullopt;
  }

  /// Looks for the root: a value further down that is the activation as a polynomial in the input and the anchor.
  static bool climb(const Elementwise &anchor, Activation &activation) {
    constexpr unsigned kLimit = 6; // ops between erf and the last product, in any spelling
    Value transcendental = anchor.op->getResult(0), value = transcendental;
    bool isExp = anchor.kind == ElementwiseKind::exp;
    Polynomial expected{{{1, 0}, 0.5}, {{1, 1}, 0.5}};
    if (isExp)
      expected = {{{1, 1}, 1.0}};
    for (unsigned i = 0; i < kLimit; ++i) {
      Operation *reader = onlyReader(value);
      if (!reader || !matchElementwise(reader))
        return false;
      value = reader->getResult(0);
      PolynomialMatcher matcher(activation.input, isExp ? Value() : transcendental, isExp ? transcendental : Value());
      std::optional<Polynomial> polynomial = matcher.match(value);
      if (!polynomial || !isClose(*polynomial, expected))
        continue;
      activation.root = reader;
      activation.interior.insert(matcher.interior.begin(), matcher.interior.end());
      return true;
    }
    return false;
  }

  static void replace(const Activation &activation, PatternRewriter &rewriter) {
    SmallVector<Operation *> others(activation.interior.begin(), activation.interior.end());
    rewriter.setInsertionPoint(activation.root);
    Location loc = fuseLocations(activation.root, others);
    if (activation.kind == Activation::Silu)
      rewriter.replaceOp(activation.root,
                         vit::SiluOp::create(rewriter, loc, activation.input.getType(), activation.input,
                                             rewriter.getF32FloatAttr(activation.beta)));
    else
      rewriter.replaceOp(activation.root,
                         vit::GeluOp::create(rewriter, loc, activation.input.getType(), activation.input,
                                             activation.kind == Activation::Gelu ? vit::GeluApproximate::none
                                                                                 : vit::GeluApproximate::tanh));
  }
};

/// min(max(input, low), high)
struct Clamp {
  linalg::LinalgOp op; ///< of which it is the result
  Value input;
  double low, high;
  SmallVector<Operation *, 2> path; ///< the one or two ops
};

/// The constant that one of two operands of a scalar op is, and the other operand.
struct ScalarAndConstant {
  Value scalar;
  double constant;
};
} // namespace

/// `op` is in the body of `owner`.
static std::optional<ScalarAndConstant> matchScalarAndConstant(linalg::LinalgOp owner, Operation *op) {
  auto constantOf = [&](Value value) -> std::optional<double> {
    if (auto argument = dyn_cast<BlockArgument>(value); argument && argument.getOwner() == owner.getBlock())
      return argument.getArgNumber() < owner.getNumDpsInputs()
                 ? matchSplat(owner.getDpsInputOperand(argument.getArgNumber())->get())
                 : std::nullopt;
    FloatAttr attribute;
    return matchPattern(value, m_Constant(&attribute)) ? std::optional(attribute.getValueAsDouble()) : std::nullopt;
  };
  for (unsigned side = 0; side < 2; ++side)
    if (std::optional<double> constant = constantOf(op->getOperand(side)))
      return ScalarAndConstant{op->getOperand(1 - side), *constant};
  return std::nullopt;
}

/// A clamp as one op with a body of two, as ONNX's Clip is.
static std::optional<Clamp> matchClampInBody(linalg::LinalgOp op) {
  if (op.getNumDpsInits() != 1 || op.getNumParallelLoops() != op.getNumLoops() || !llvm::hasNItems(*op.getBlock(), 3) ||
      !op.hasPureTensorSemantics())
    return std::nullopt;
  Operation *inner = &op.getBlock()->front(), *outer = inner->getNextNode();
  bool maxFirst = isa<arith::MaximumFOp>(inner) && isa<arith::MinimumFOp>(outer);
  bool minFirst = isa<arith::MinimumFOp>(inner) && isa<arith::MaximumFOp>(outer);
  if ((!maxFirst && !minFirst) || op.getBlock()->getTerminator()->getOperand(0) != outer->getResult(0))
    return std::nullopt;
  auto first = matchScalarAndConstant(op, inner), second = matchScalarAndConstant(op, outer);
  auto argument = first ? dyn_cast<BlockArgument>(first->scalar) : nullptr;
  if (!second || second->scalar != inner->getResult(0) || !argument || argument.getOwner() != op.getBlock() ||
      argument.getArgNumber() >= op.getNumDpsInputs())
    return std::nullopt;
  OpOperand *input = op.getDpsInputOperand(argument.getArgNumber());
  if (!op.getMatchingIndexingMap(input).isIdentity())
    return std::nullopt;
  return Clamp{op,
               input->get(),
               maxFirst ? first->constant : second->constant,
               maxFirst ? second->constant : first->constant,
               {op}};
}

/// A clamp as one op or as two.
static std::optional<Clamp> matchClamp(linalg::LinalgOp op) {
  if (std::optional<Clamp> clamp = matchClampInBody(op))
    return clamp;
  auto isBound = [](const std::optional<Elementwise> &step) {
    return step && (step->kind == ElementwiseKind::min_signed || step->kind == ElementwiseKind::max_signed) &&
           step->op.getMatchingIndexingMap(step->operands[0]).isIdentity() && matchSplat(step->operand(1));
  };
  std::optional<Elementwise> outer = matchElementwise(op);
  std::optional<Elementwise> inner = isBound(outer) ? matchElementwise(outer->operand(0)) : std::nullopt;
  if (!isBound(inner) || inner->kind == outer->kind)
    return std::nullopt;
  double first = *matchSplat(inner->operand(1)), second = *matchSplat(outer->operand(1));
  bool maxFirst = inner->kind == ElementwiseKind::max_signed;
  return Clamp{op, inner->operand(0), maxFirst ? first : second, maxFirst ? second : first, {op, inner->op}};
}

namespace {
/// x · min(max(x + 3, 0), 6) / 6, in whatever scale the clamp is  ==>  vit.hard_swish x
struct RaiseHardSwish final : OpInterfaceRewritePattern<linalg::LinalgOp> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;

  LogicalResult matchAndRewrite(linalg::LinalgOp op, PatternRewriter &rewriter) const override {
    std::optional<Clamp> clamp = matchClamp(op);
    if (!clamp || clamp->low != 0 || !(clamp->high > 0))
      return failure();
    for (Value input : possibleInputs(clamp->input)) {
      PolynomialMatcher line(input, nullptr);
      std::optional<Polynomial> polynomial = line.match(clamp->input);
      if (!polynomial || !isClose(*polynomial, {{{1, 0}, clamp->high / 6}, {{0, 0}, clamp->high / 2}}))
        continue;
      llvm::SmallPtrSet<Operation *, 8> interior(line.interior);
      interior.insert(clamp->path.begin(), clamp->path.end());
      Operation *root = climb(*clamp, input, interior);
      if (!root)
        return rewriter.notifyMatchFailure(op, "the result is not x * clip(x + 3, 0, 6) / 6");
      if (!isPrivate(interior, root))
        return rewriter.notifyMatchFailure(op, "an intermediate value of the activation has another reader");
      SmallVector<Operation *> others(interior.begin(), interior.end());
      rewriter.setInsertionPoint(root);
      rewriter.replaceOp(root, vit::HardSwishOp::create(rewriter, fuseLocations(root, others), input.getType(), input));
      return success();
    }
    return failure();
  }

private:
  /// The op whose result is x times the clamp, scaled to 1; adds what is on the way.
  static Operation *climb(const Clamp &clamp, Value input, llvm::SmallPtrSetImpl<Operation *> &interior) {
    constexpr unsigned kLimit = 3; // a product, and a quotient before or after it
    Value clamped = clamp.op->getResult(0), value = clamped;
    for (unsigned i = 0; i < kLimit; ++i) {
      Operation *reader = onlyReader(value);
      if (!reader || !matchElementwise(reader))
        return nullptr;
      value = reader->getResult(0);
      PolynomialMatcher matcher(input, clamped);
      std::optional<Polynomial> polynomial = matcher.match(value);
      if (!polynomial || !isClose(*polynomial, {{{1, 1}, 1 / clamp.high}}))
        continue;
      interior.insert(matcher.interior.begin(), matcher.interior.end());
      return reader;
    }
    return nullptr;
  }
};
} // namespace

void vitc::populateRaiseActivationsPatterns(RewritePatternSet &patterns) {
  patterns.add<RaiseActivation, RaiseHardSwish>(patterns.getContext());
}

namespace {
struct RaiseActivationsPass final : vitc::impl::RaiseActivationsBase<RaiseActivationsPass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    populateRaiseActivationsPatterns(patterns);
    if (failed(applyRecognizers(getOperation(), std::move(patterns), "activation")))
      signalPassFailure();
  }
};
} // namespace
