#include "ProgramBuilder.h"

#include "vitc/Dialect/ViT/IR/ViT.h"

#include "mlir/IR/AffineExprVisitor.h"

#include <cmath>
#include <map>

using namespace mlir;
using namespace vitc;
using namespace vitc::driver;

namespace {

/// A polynomial with rational coefficients, for sizes such as ⌈N / 32⌉ · 32.
class RationalPolynomial {
public:
  using Powers = std::array<uint8_t, target::maxSymbols>;

  static RationalPolynomial constant(double value) { return RationalPolynomial({{Powers{}, value}}); }
  static RationalPolynomial symbol(unsigned index) {
    Powers powers{};
    powers[index] = 1;
    return RationalPolynomial({{powers, 1.0}});
  }

  RationalPolynomial operator+(const RationalPolynomial &other) const {
    RationalPolynomial sum = *this;
    for (auto &[powers, coefficient] : other.terms)
      sum.terms[powers] += coefficient;
    return sum;
  }
  RationalPolynomial operator*(const RationalPolynomial &other) const {
    RationalPolynomial product;
    for (auto &[leftPowers, left] : terms)
      for (auto &[rightPowers, right] : other.terms) {
        Powers powers = leftPowers;
        for (size_t i = 0; i < powers.size(); ++i)
          powers[i] += rightPowers[i];
        product.terms[powers] += left * right;
      }
    return product;
  }

  /// The larger coefficient of each term: nowhere below either, since symbols are not negative.
  void raiseTo(const RationalPolynomial &other) {
    for (auto &[powers, coefficient] : terms)
      if (!other.terms.contains(powers))
        coefficient = std::max(coefficient, 0.0);
    for (auto &[powers, coefficient] : other.terms)
      terms[powers] = std::max(terms[powers], coefficient);
  }

  /// Coefficients rounded up: a bound from above, since symbols are not negative.
  target::Polynomial roundUp() const {
    target::Polynomial rounded;
    for (auto &[powers, coefficient] : terms) {
      target::Polynomial term(static_cast<int64_t>(std::ceil(coefficient - 1e-9)));
      for (size_t i = 0; i < powers.size(); ++i)
        for (uint8_t power = 0; power < powers[i]; ++power)
          term = term * target::Polynomial::symbol(i);
      rounded = rounded + term;
    }
    return rounded;
  }

  RationalPolynomial() = default;

private:
  explicit RationalPolynomial(std::map<Powers, double> terms) : terms(std::move(terms)) {}

  std::map<Powers, double> terms;
};

} // namespace

bool vitc::driver::isPolynomial(AffineExpr expr) {
  return expr.walk([](AffineExpr part) {
               AffineExprKind kind = part.getKind();
               bool division =
                   kind == AffineExprKind::Mod || kind == AffineExprKind::FloorDiv || kind == AffineExprKind::CeilDiv;
               return division ? WalkResult::interrupt() : WalkResult::advance();
             })
             .wasInterrupted() == false;
}

/// Whether a product turns an upper bound of one of its sides into a lower one.
static bool negatesBound(AffineBinaryOpExpr product) {
  auto isNegative = [](AffineExpr expr) {
    auto constant = dyn_cast<AffineConstantExpr>(expr);
    return constant && constant.getValue() < 0;
  };
  return (isNegative(product.getLHS()) && !isPolynomial(product.getRHS())) ||
         (isNegative(product.getRHS()) && !isPolynomial(product.getLHS()));
}

static FailureOr<RationalPolynomial> toPolynomial(AffineExpr expr) {
  if (auto constant = dyn_cast<AffineConstantExpr>(expr))
    return RationalPolynomial::constant(constant.getValue());
  if (auto symbol = dyn_cast<AffineSymbolExpr>(expr)) {
    if (symbol.getPosition() >= target::maxSymbols)
      return failure();
    return RationalPolynomial::symbol(symbol.getPosition());
  }
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!binary)
    return failure();
  FailureOr<RationalPolynomial> lhs = toPolynomial(binary.getLHS()), rhs = toPolynomial(binary.getRHS());
  auto divisor = dyn_cast<AffineConstantExpr>(binary.getRHS());
  if (failed(lhs) || failed(rhs))
    return failure();
  switch (expr.getKind()) {
  case AffineExprKind::Add:
    return *lhs + *rhs;
  case AffineExprKind::Mul:
    if (negatesBound(binary))
      return failure();
    return *lhs * *rhs;
  case AffineExprKind::Mod: // less than its divisor
    return *rhs;
  case AffineExprKind::FloorDiv:
    if (!divisor)
      return failure();
    return *lhs * RationalPolynomial::constant(1.0 / divisor.getValue());
  case AffineExprKind::CeilDiv:
    if (!divisor)
      return failure();
    return (*lhs + RationalPolynomial::constant(divisor.getValue() - 1)) *
           RationalPolynomial::constant(1.0 / divisor.getValue());
  default:
    return failure();
  }
}

FailureOr<target::Polynomial> vitc::driver::boundFromAbove(AffineExpr expr) {
  FailureOr<RationalPolynomial> polynomial = toPolynomial(expr);
  if (failed(polynomial))
    return failure();
  return polynomial->roundUp();
}

static void setElementType(target::TensorSpec &spec, Type type) {
  spec.bits = type.getIntOrFloatBitWidth();
  if (type.isInteger(1)) {
    spec.code = target::TypeCode::Bool;
    spec.bits = 8;
  } else if (type.isBF16()) {
    spec.code = target::TypeCode::BFloat;
  } else if (isa<FloatType>(type)) {
    spec.code = target::TypeCode::Float;
  } else {
    spec.code = type.isUnsignedInteger() ? target::TypeCode::UInt : target::TypeCode::Int;
  }
}

static FailureOr<target::TensorSpec> describeTensor(DictionaryAttr record, ArrayRef<StringAttr> symbols) {
  auto type = cast<ShapedType>(record.getAs<TypeAttr>("type").getValue());
  auto dims = record.getAs<vit::DimsAttr>("dims");
  target::TensorSpec spec;
  if (auto name = record.getAs<StringAttr>("name"))
    spec.name = name.str();
  // What the IR holds as signless keeps the sign that the model gave it in an attribute.
  auto element = record.getAs<TypeAttr>("element_type");
  setElementType(spec, element ? element.getValue() : type.getElementType());
  SmallVector<AffineExpr> renamed;
  if (dims)
    for (Attribute name : dims.getSymbols()) {
      auto *position = llvm::find(symbols, cast<StringAttr>(name));
      if (position == symbols.end())
        return failure();
      renamed.push_back(getAffineSymbolExpr(position - symbols.begin(), type.getContext()));
    }
  for (auto [dim, extent] : llvm::enumerate(type.getShape())) {
    if (!ShapedType::isDynamic(extent)) {
      spec.shape.push_back(target::Polynomial(extent));
      continue;
    }
    if (!dims || !isPolynomial(dims.getExtent(dim)))
      return failure();
    FailureOr<target::Polynomial> polynomial = boundFromAbove(dims.getExtent(dim).replaceSymbols(renamed));
    if (failed(polynomial))
      return failure();
    spec.shape.push_back(*polynomial);
  }
  return spec;
}

static LogicalResult describeTensors(func::FuncOp entry, StringRef attribute, ArrayRef<StringAttr> symbols,
                                     std::vector<target::TensorSpec> &specs) {
  for (auto record : entry->getAttrOfType<ArrayAttr>(attribute).getAsRange<DictionaryAttr>()) {
    FailureOr<target::TensorSpec> spec = describeTensor(record, symbols);
    if (failed(spec))
      return entry.emitError("expected a shape made of the inputs' named dimensions, got ")
             << record.get("type") << " of " << record.get("name");
    specs.push_back(*spec);
  }
  return success();
}

static LogicalResult describeMemory(func::FuncOp entry, target::Variant &variant) {
  for (auto record : entry->getAttrOfType<ArrayAttr>("vcpu.buffers").getAsRange<DictionaryAttr>()) {
    FailureOr<target::Polynomial> bytes = boundFromAbove(record.getAs<AffineMapAttr>("bytes").getValue().getResult(0));
    if (failed(bytes))
      return entry.emitError("expected a buffer whose size is a polynomial of the named dimensions, got ")
             << record.get("bytes");
    variant.buffers.push_back({*bytes, static_cast<int32_t>(record.getAs<IntegerAttr>("first").getInt()),
                               static_cast<int32_t>(record.getAs<IntegerAttr>("last").getInt())});
  }
  RationalPolynomial scratch;
  for (AffineExpr expr : entry->getAttrOfType<AffineMapAttr>("vcpu.scratch").getValue().getResults()) {
    FailureOr<RationalPolynomial> bytes = toPolynomial(expr);
    if (failed(bytes))
      return entry.emitError("expected scratch whose size is a polynomial of the named dimensions");
    scratch.raiseTo(*bytes);
  }
  variant.scratchBytes = scratch.roundUp();
  return success();
}

/// A dimension of an input, or an extent that the run computes.
static FailureOr<target::Symbol> describeSymbol(DictionaryAttr record) {
  target::Symbol symbol;
  symbol.name = record.getAs<StringAttr>("name").str();
  if (auto bound = record.getAs<AffineMapAttr>("bound")) {
    FailureOr<target::Polynomial> most = boundFromAbove(bound.getValue().getResult(0));
    if (failed(most))
      return failure();
    symbol.kind = target::SymbolKind::Computed;
    symbol.value = *most;
    return symbol;
  }
  symbol.input = static_cast<int32_t>(record.getAs<IntegerAttr>("input").getInt());
  symbol.dim = static_cast<int32_t>(record.getAs<IntegerAttr>("dim").getInt());
  return symbol;
}

FailureOr<target::Function> vitc::driver::describeFunction(func::FuncOp entry, const TargetInfo &target) {
  target::Function function;
  function.name = entry.getSymName().str();
  SmallVector<StringAttr> symbols;
  for (auto record : entry->getAttrOfType<ArrayAttr>("vcpu.symbols").getAsRange<DictionaryAttr>()) {
    symbols.push_back(record.getAs<StringAttr>("name"));
    FailureOr<target::Symbol> symbol = describeSymbol(record);
    if (failed(symbol))
      return entry.emitError("expected ")
             << symbols.back() << " to be at most a polynomial of the named dimensions, got " << record.get("bound");
    function.symbols.push_back(*symbol);
  }
  if (symbols.size() > target::maxSymbols)
    return entry.emitError("expected at most ") << target::maxSymbols << " named dimensions, got " << symbols.size();
  target::Variant variant;
  variant.target = target;
  variant.entry = function.name;
  if (failed(describeTensors(entry, "vcpu.inputs", symbols, function.inputs)) ||
      failed(describeTensors(entry, "vcpu.outputs", symbols, function.outputs)) ||
      failed(describeMemory(entry, variant)))
    return failure();
  function.variants.push_back(std::move(variant));
  return function;
}
