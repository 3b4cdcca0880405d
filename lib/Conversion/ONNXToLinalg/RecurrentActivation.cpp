#include "RecurrentActivation.h"

#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace vitc::onnx;

namespace {
/// What an activation computes, and the arguments that it has by default.
struct Definition {
  Value (*formula)(Formula, Value x, Value alpha, Value beta);
  std::optional<double> alpha, beta;
};
} // namespace

static Value line(Formula f, Value x, Value alpha, Value beta) { return f.add(f.mul(x, alpha), beta); }
static Value elu(Formula f, Value x, Value alpha, Value) { return f.whereNegative(x, f.mul(f.expm1(x), alpha)); }
static Value hardSigmoid(Formula f, Value x, Value alpha, Value beta) {
  return f.max(f.min(line(f, x, alpha, beta), f.constant(1)), f.constant(0));
}
static Value leakyRelu(Formula f, Value x, Value alpha, Value) { return f.whereNegative(x, f.mul(x, alpha)); }
static Value relu(Formula f, Value x, Value, Value) { return f.max(x, f.constant(0)); }
static Value scaledTanh(Formula f, Value x, Value alpha, Value beta) { return f.mul(f.tanh(f.mul(x, beta)), alpha); }
static Value sigmoid(Formula f, Value x, Value, Value) { return f.sigmoid(x); }
static Value softplus(Formula f, Value x, Value, Value) { return f.softplus(x); }
static Value softsign(Formula f, Value x, Value, Value) { return f.div(x, f.add(f.abs(x), f.constant(1))); }
static Value tanh(Formula f, Value x, Value, Value) { return f.tanh(x); }
static Value thresholdedRelu(Formula f, Value x, Value alpha, Value) {
  return f.select(f.isLess(x, alpha), f.constant(0), x);
}

static Definition getDefinition(StringRef name) {
  return llvm::StringSwitch<Definition>(name)
      .Case("affine", {line, 1.0, 0.0})
      .Case("elu", {elu, 1.0, std::nullopt})
      .Case("hardsigmoid", {hardSigmoid, 0.2, 0.5})
      .Case("leakyrelu", {leakyRelu, 0.01, std::nullopt})
      .Case("relu", {relu, std::nullopt, std::nullopt})
      .Case("scaledtanh", {scaledTanh, 1.0, 1.0})
      .Case("sigmoid", {sigmoid, std::nullopt, std::nullopt})
      .Case("softplus", {softplus, std::nullopt, std::nullopt})
      .Case("softsign", {softsign, std::nullopt, std::nullopt})
      .Case("thresholdedrelu", {thresholdedRelu, 1.0, std::nullopt})
      .Default({tanh, std::nullopt, std::nullopt});
}

Value RecurrentActivation::apply(Formula f, Value x) const {
  if (clip)
    x = f.max(f.min(x, f.constant(*clip)), f.constant(-*clip));
  return getDefinition(name).formula(f, x, f.constant(alpha), f.constant(beta));
}

SmallVector<RecurrentActivation> vitc::onnx::getActivations(ArrayAttr names, ArrayRef<StringRef> defaults,
                                                            int64_t directions, ArrayRef<float> alphas,
                                                            ArrayRef<float> betas, std::optional<double> clip) {
  SmallVector<std::string> all;
  if (names && !names.empty())
    for (StringRef name : names.getAsValueRange<StringAttr>())
      all.push_back(name.lower());
  else
    for (int64_t direction = 0; direction < directions; ++direction)
      all.append(defaults.begin(), defaults.end());
  auto consume = [](ArrayRef<float> &values, std::optional<double> otherwise) -> double {
    if (!otherwise || values.empty())
      return otherwise.value_or(0);
    double value = values.front();
    values = values.drop_front();
    return value;
  };
  SmallVector<RecurrentActivation> activations;
  for (const std::string &name : all) {
    Definition definition = getDefinition(name);
    double alpha = consume(alphas, definition.alpha), beta = consume(betas, definition.beta);
    activations.push_back({name, alpha, beta, clip});
  }
  return activations;
}
