//===- RNN, GRU and LSTM --------------------------------------------------===//
//
// A recurrent network is unrolled: the products with the inputs of all steps are one, those with the states are one a
// step.
//
//===----------------------------------------------------------------------===//

#include "RecurrentActivation.h"

using namespace mlir;
using namespace vitc::onnx;
using linalg::ElementwiseKind;

/// Longer sequences would make programs whose compilation takes minutes.
static constexpr int64_t mostSteps = 512;

namespace {

/// What a step reads and leaves: (B, H) each; only an LSTM has a cell.
struct State {
  Tensor hidden, cell;
};

/// The weights of one direction.
struct Weights {
  Tensor r;         // (G · H, H)
  Tensor bias;      // (2 · G · H), of the input and of the state; without a value where absent
  Tensor peepholes; // (3 · H), likewise
  ArrayRef<RecurrentActivation> activations;
};

/// Unrolls one node. `OpTy` is RNNOp, GRUOp or LSTMOp.
template <typename OpTy>
class Unrolling {
public:
  Unrolling(OpTy op, Node &node) : op(op), node(node) {}
  FailureOr<SmallVector<Tensor>> run();

private:
  /// The states of all steps in the order of steps, each (B, H), and the last one.
  struct Direction {
    SmallVector<Tensor> states;
    State last;
  };

  Tensor getStepsFirst(Value operand);
  Tensor part(const Tensor &x, int64_t dim, int64_t index);
  Tensor gate(const Tensor &x, int64_t index);
  Tensor multiply(const Tensor &x, const Tensor &weights);
  Tensor add(const Tensor &x, const Tensor &y);
  Tensor combine(ArrayRef<Tensor> operands, function_ref<Value(Formula, ValueRange)> formula);
  Tensor initialState(Value initial, int64_t direction);
  Tensor projectInput(const Tensor &x, int64_t direction, const Weights &weights);
  Tensor whereRunning(const Tensor &now, const Tensor &before, int64_t step);
  Direction runDirection(const Tensor &x, int64_t direction, bool isBackward);
  State step(const Tensor &input, const State &state, const Weights &weights);
  Tensor stack(ArrayRef<Tensor> tensors, int64_t dim);
  Tensor stackStates(ArrayRef<Direction> directions);

  OpTy op;
  Node &node;
  int64_t steps = 0, hidden = 0;
  AffineExpr batch;
  SmallVector<RecurrentActivation> activations;
};

} // namespace

template <typename OpTy>
Tensor Unrolling<OpTy>::getStepsFirst(Value operand) {
  Tensor tensor = node.get(operand);
  return op.getLayout() == 1 ? node.transpose(tensor, {1, 0, 2}) : tensor;
}

/// The slice at `index` of a dimension, which is dropped.
template <typename OpTy>
Tensor Unrolling<OpTy>::part(const Tensor &x, int64_t dim, int64_t index) {
  return node.dropDims(node.sliceDim(x, dim, node.extent(index), node.extent(1)), {dim});
}

/// H elements of the last dimension.
template <typename OpTy>
Tensor Unrolling<OpTy>::gate(const Tensor &x, int64_t index) {
  return node.sliceDim(x, x.getRank() - 1, node.extent(index * hidden), node.extent(hidden));
}

/// (.., K) by (N, K), to (.., N).
template <typename OpTy>
Tensor Unrolling<OpTy>::multiply(const Tensor &x, const Tensor &weights) {
  int64_t rank = x.getRank();
  auto loop = [&](int64_t index) { return node.builder.getAffineDimExpr(index); };
  AffineMap all = node.builder.getMultiDimIdentityMap(rank + 1);
  AffineMap mapWeights = AffineMap::get(rank + 1, 0, {loop(rank - 1), loop(rank)}, node.getContext());
  Extents extents = x.extents;
  extents.back() = weights.extents[0];
  return node.contract(x, all.dropResult(rank - 1), weights, mapWeights, all.dropResult(rank), extents);
}

template <typename OpTy>
Tensor Unrolling<OpTy>::add(const Tensor &x, const Tensor &y) {
  return node.elementwise(ElementwiseKind::add, {x, y}, x.extents);
}

template <typename OpTy>
Tensor Unrolling<OpTy>::combine(ArrayRef<Tensor> operands, function_ref<Value(Formula, ValueRange)> formula) {
  auto type = cast<FloatType>(operands.front().getElementType());
  return node.map(operands, operands.front().extents, type,
                  [&](OpBuilder &b, Location loc, ValueRange args) { return formula(Formula{b, loc, type}, args); });
}

template <typename OpTy>
Tensor Unrolling<OpTy>::initialState(Value initial, int64_t direction) {
  if (initial)
    return part(getStepsFirst(initial), 0, direction);
  return node.fill({batch, node.extent(hidden)}, getScalarAttr(0, node.getResultElementType()));
}

/// The products of the inputs of all steps (T, B, I) with the weights, and as much of the bias as they take: (T, B, G ·
/// H).
template <typename OpTy>
Tensor Unrolling<OpTy>::projectInput(const Tensor &x, int64_t direction, const Weights &weights) {
  Tensor product = multiply(x, part(node.get(op.getW()), 0, direction));
  if (!weights.bias.value)
    return product;
  AffineExpr size = product.extents.back();
  Tensor bias = node.sliceDim(weights.bias, 0, node.extent(0), size);
  if (!std::is_same_v<OpTy, GRUOp>) // which may not add the state's bias to its product
    bias = add(bias, node.sliceDim(weights.bias, 0, size, size));
  return add(product, bias);
}

/// `now` for the sequences that are as long as `step`, `before` for the others.
template <typename OpTy>
Tensor Unrolling<OpTy>::whereRunning(const Tensor &now, const Tensor &before, int64_t step) {
  if (!op.getSequenceLens())
    return now;
  Tensor lengths = node.addDims(node.get(op.getSequenceLens()), {1});
  return node.map({lengths, before, now}, now.extents, now.getElementType(),
                  [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
                    Value position = arith::ConstantIntOp::create(b, loc, args[0].getType(), step);
                    Value isOver = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sle, args[0], position);
                    return arith::SelectOp::create(b, loc, isOver, args[1], args[2]);
                  });
}

template <typename OpTy>
typename Unrolling<OpTy>::Direction Unrolling<OpTy>::runDirection(const Tensor &x, int64_t direction, bool isBackward) {
  size_t functions = activations.size() / (op.getDirection() == "bidirectional" ? 2 : 1);
  Weights weights{part(node.get(op.getR()), 0, direction), {}, {}, {}};
  weights.activations = ArrayRef(activations).slice(direction * functions, functions);
  if (op.getB())
    weights.bias = part(node.get(op.getB()), 0, direction);
  State state{initialState(op.getInitialH(), direction), {}};
  if constexpr (std::is_same_v<OpTy, LSTMOp>) {
    state.cell = initialState(op.getInitialC(), direction);
    if (op.getP())
      weights.peepholes = part(node.get(op.getP()), 0, direction);
  }
  Tensor inputs = projectInput(x, direction, weights);
  Tensor zero = node.fill(state.hidden.extents, getScalarAttr(0, state.hidden.getElementType()));
  Direction result{SmallVector<Tensor>(steps), {}};
  for (int64_t i = 0; i < steps; ++i) {
    int64_t t = isBackward ? steps - 1 - i : i;
    State next = step(part(inputs, 0, t), state, weights);
    result.states[t] = whereRunning(next.hidden, zero, t);
    state.hidden = whereRunning(next.hidden, state.hidden, t);
    if (next.cell.value)
      state.cell = whereRunning(next.cell, state.cell, t);
  }
  result.last = state;
  return result;
}

//===----------------------------------------------------------------------===//
// One step
//===----------------------------------------------------------------------===//

/// H = f(x + h Rᵀ + b)
template <>
State Unrolling<RNNOp>::step(const Tensor &input, const State &state, const Weights &weights) {
  Tensor sum = add(multiply(state.hidden, weights.r), input);
  return {combine(sum, [&](Formula f, ValueRange args) { return weights.activations[0].apply(f, args[0]); }), {}};
}

/// z = f(x_z + h R_zᵀ), r = f(x_r + h R_rᵀ), n = g(x_n + (r · h) R_nᵀ), or g(x_n + r · (h R_nᵀ + b)) with
/// `linear_before_reset`; H = (1 − z) · n + z · h.
template <>
State Unrolling<GRUOp>::step(const Tensor &input, const State &state, const Weights &weights) {
  const RecurrentActivation &f = weights.activations[0], &g = weights.activations[1];
  auto sum = [](Formula formula, ValueRange args) {
    Value total = args[0];
    for (Value arg : args.drop_front())
      total = formula.add(total, arg);
    return total;
  };
  auto activate = [&](const RecurrentActivation &function, ArrayRef<Tensor> operands) {
    return combine(operands,
                   [&](Formula formula, ValueRange args) { return function.apply(formula, sum(formula, args)); });
  };
  auto withBias = [&](SmallVector<Tensor> operands, int64_t index) {
    if (weights.bias.value)
      operands.push_back(gate(weights.bias, 3 + index));
    return operands;
  };
  bool isLinearFirst = op.getLinearBeforeReset();
  AffineExpr used = node.extent(isLinearFirst ? 3 * hidden : 2 * hidden);
  Tensor product = multiply(state.hidden, node.sliceDim(weights.r, 0, node.extent(0), used));
  Tensor z = activate(f, withBias({gate(input, 0), gate(product, 0)}, 0));
  Tensor r = activate(f, withBias({gate(input, 1), gate(product, 1)}, 1));
  Tensor n;
  if (isLinearFirst) {
    SmallVector<Tensor> operands = withBias({gate(input, 2), r, gate(product, 2)}, 2);
    n = combine(operands, [&](Formula formula, ValueRange args) {
      return g.apply(formula, formula.add(args[0], formula.mul(args[1], sum(formula, args.drop_front(2)))));
    });
  } else {
    Tensor reset = node.elementwise(ElementwiseKind::mul, {r, state.hidden});
    Tensor weight = node.sliceDim(weights.r, 0, node.extent(2 * hidden), node.extent(hidden));
    n = activate(g, withBias({gate(input, 2), multiply(reset, weight)}, 2));
  }
  Tensor next = combine({z, n, state.hidden}, [](Formula formula, ValueRange args) {
    Value rest = formula.sub(formula.constant(1), args[0]);
    return formula.add(formula.mul(rest, args[1]), formula.mul(args[0], args[2]));
  });
  return {next, {}};
}

/// i = f(x_i + h R_iᵀ + p_i · c), f likewise (1 − i with `input_forget`), C = f · c + i · g(x_c + h R_cᵀ),
/// o = f(x_o + h R_oᵀ + p_o · C), H = o · h(C). Gates stand in the order i, o, f, c, peepholes in the order i, o, f.
template <>
State Unrolling<LSTMOp>::step(const Tensor &input, const State &state, const Weights &weights) {
  const RecurrentActivation &f = weights.activations[0], &g = weights.activations[1], &h = weights.activations[2];
  Tensor sum = add(multiply(state.hidden, weights.r), input);
  bool peeps = weights.peepholes.value != nullptr, coupled = op.getInputForget();
  SmallVector<Tensor> operands{gate(sum, 0), gate(sum, 2), gate(sum, 3), state.cell}, output{gate(sum, 1)};
  if (peeps)
    operands.append({gate(weights.peepholes, 0), gate(weights.peepholes, 2)});
  Tensor cell = combine(operands, [&](Formula formula, ValueRange args) {
    auto peep = [&](Value x, size_t index) { return peeps ? formula.add(x, formula.mul(args[index], args[3])) : x; };
    Value i = f.apply(formula, peep(args[0], 4));
    Value forget = coupled ? formula.sub(formula.constant(1), i) : f.apply(formula, peep(args[1], 5));
    return formula.add(formula.mul(forget, args[3]), formula.mul(i, g.apply(formula, args[2])));
  });
  output.push_back(cell);
  if (peeps)
    output.push_back(gate(weights.peepholes, 1));
  Tensor next = combine(output, [&](Formula formula, ValueRange args) {
    Value x = peeps ? formula.add(args[0], formula.mul(args[2], args[1])) : args[0];
    return formula.mul(f.apply(formula, x), h.apply(formula, args[1]));
  });
  return {next, cell};
}

//===----------------------------------------------------------------------===//
// The whole
//===----------------------------------------------------------------------===//

/// Tensors side by side in a new dimension.
template <typename OpTy>
Tensor Unrolling<OpTy>::stack(ArrayRef<Tensor> tensors, int64_t dim) {
  auto parts = llvm::map_to_vector(tensors, [&](const Tensor &tensor) { return node.addDims(tensor, {dim}); });
  return node.concat(parts, dim);
}

/// (T, D, B, H)
template <typename OpTy>
Tensor Unrolling<OpTy>::stackStates(ArrayRef<Direction> directions) {
  auto sequences =
      llvm::map_to_vector(directions, [&](const Direction &direction) { return stack(direction.states, 0); });
  return stack(sequences, 1);
}

template <typename OpTy>
static SmallVector<StringRef> getDefaultActivations() {
  if (std::is_same_v<OpTy, RNNOp>)
    return {"tanh"};
  if (std::is_same_v<OpTy, GRUOp>)
    return {"sigmoid", "tanh"};
  return {"sigmoid", "tanh", "tanh"};
}

template <typename OpTy>
FailureOr<SmallVector<Tensor>> Unrolling<OpTy>::run() {
  Tensor x = getStepsFirst(op.getX());
  steps = getStaticExtent(x.extents[0]);
  hidden = getStaticExtent(node.get(op.getR()).extents[2]);
  batch = x.extents[1];
  if (ShapedType::isDynamic(steps) || ShapedType::isDynamic(hidden))
    return node.refuse("the number of its steps is not static");
  if (steps < 1 || steps > mostSteps)
    return node.refuse("it has " + Twine(steps) + " steps, and 1 to " + Twine(mostSteps) + " are supported");
  bool isBidirectional = op.getDirection() == "bidirectional";
  std::optional<double> clip;
  if (op.getClip())
    clip = op.getClip()->convertToDouble();
  activations = getActivations(op.getActivationsAttr(), getDefaultActivations<OpTy>(), isBidirectional ? 2 : 1,
                               op.getActivationAlpha().value_or(ArrayRef<float>()),
                               op.getActivationBeta().value_or(ArrayRef<float>()), clip);
  SmallVector<Direction> directions;
  if (op.getDirection() != "reverse")
    directions.push_back(runDirection(x, 0, /*isBackward=*/false));
  if (op.getDirection() != "forward")
    directions.push_back(runDirection(x, directions.size(), /*isBackward=*/true));

  SmallVector<Tensor> results(1);
  if (!op.getY().use_empty())
    results[0] = stackStates(directions);
  auto stackLast = [&](Tensor State::*field) {
    auto last = llvm::map_to_vector(directions, [&](const Direction &direction) { return direction.last.*field; });
    return stack(last, 0);
  };
  if (op.getYH())
    results.push_back(stackLast(&State::hidden));
  if constexpr (std::is_same_v<OpTy, LSTMOp>)
    if (op.getYC())
      results.push_back(stackLast(&State::cell));
  if (op.getLayout() == 1)
    for (auto [index, result] : llvm::enumerate(results))
      if (result.value)
        result = index == 0 ? node.transpose(result, {2, 0, 1, 3}) : node.transpose(result, {1, 0, 2});
  return results;
}

template <typename OpTy>
static FailureOr<SmallVector<Tensor>> convertRecurrent(OpTy op, Node &node) {
  return Unrolling<OpTy>(op, node).run();
}

void vitc::onnx::populateRecurrentPatterns(NodePatterns &patterns) {
  patterns.add(convertRecurrent<GRUOp>);
  patterns.add(convertRecurrent<LSTMOp>);
  patterns.add(convertRecurrent<RNNOp>);
}
