#include "vitc/Dialect/ONNX/IR/Extent.h"

#include "vitc/Dialect/ViT/IR/ViT.h"

#include "llvm/Support/raw_ostream.h"

#include <numeric>

using namespace mlir;
using namespace vitc::onnx;

//===--------------------------------------------------------------------===//
// The order of factors and terms
//===--------------------------------------------------------------------===//

static std::string printed(Attribute factor) {
  std::string text;
  llvm::raw_string_ostream(text) << factor;
  return text;
}

/// Symbols by name, then floor divisions by their text.
static int compareFactors(Attribute a, Attribute b) {
  if (a == b)
    return 0;
  auto nameOfA = dyn_cast<StringAttr>(a), nameOfB = dyn_cast<StringAttr>(b);
  if (nameOfA && nameOfB)
    return nameOfA.getValue().compare(nameOfB.getValue());
  if (nameOfA || nameOfB)
    return nameOfA ? -1 : 1;
  return StringRef(printed(a)).compare(printed(b));
}

/// Graded lexicographic order, highest first: compatible with multiplication, so long division terminates.
static bool precedes(ArrayRef<Attribute> a, ArrayRef<Attribute> b) {
  if (a.size() != b.size())
    return a.size() > b.size();
  for (auto [factorOfA, factorOfB] : llvm::zip_equal(a, b))
    if (int order = compareFactors(factorOfA, factorOfB))
      return order < 0;
  return false;
}

/// a / b as products of factors, where b divides a.
static std::optional<SmallVector<Attribute, 2>> divideFactors(ArrayRef<Attribute> a, ArrayRef<Attribute> b) {
  SmallVector<Attribute, 2> quotient(a);
  for (Attribute factor : b) {
    auto *found = llvm::find(quotient, factor);
    if (found == quotient.end())
      return std::nullopt;
    quotient.erase(found);
  }
  return quotient;
}

//===--------------------------------------------------------------------===//
// Arithmetic, wrapping at 64 bits
//===--------------------------------------------------------------------===//

static int64_t wrapAdd(int64_t a, int64_t b) { return static_cast<uint64_t>(a) + static_cast<uint64_t>(b); }
static int64_t wrapMul(int64_t a, int64_t b) { return static_cast<uint64_t>(a) * static_cast<uint64_t>(b); }

/// ⌊a / b⌋ for positive b.
static int64_t floorQuotient(int64_t a, int64_t b) { return a / b - (a % b < 0); }

Extent Extent::symbol(StringAttr name) {
  Extent result;
  result.terms.push_back({{name}, 1});
  return result;
}

std::optional<int64_t> Extent::asConstant() const {
  return isConstant() ? std::optional<int64_t>(constant) : std::nullopt;
}

/// The operations and operands of an expression, counted up to `most`.
static size_t countParts(AffineExpr expr, size_t most) {
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!binary || most <= 1)
    return 1;
  size_t parts = 1 + countParts(binary.getLHS(), most - 1);
  return parts < most ? parts + countParts(binary.getRHS(), most - parts) : parts;
}

Extent Extent::makeTooLarge() {
  Extent result;
  result.tooLarge = true;
  return result;
}

Extent Extent::ifSmall() && {
  size_t parts = 0;
  for (const Term &term : terms)
    for (Attribute factor : term.factors) {
      auto division = dyn_cast<vitc::vit::DimsAttr>(factor);
      parts += division ? countParts(division.getExtent(0), kMostParts) : 1;
      if (parts > kMostParts)
        return makeTooLarge();
    }
  return std::move(*this);
}

void Extent::add(Term term) {
  if (term.coefficient == 0)
    return;
  if (term.factors.empty()) {
    constant = wrapAdd(constant, term.coefficient);
    return;
  }
  auto *place =
      llvm::lower_bound(terms, term, [](const Term &a, const Term &b) { return precedes(a.factors, b.factors); });
  if (place == terms.end() || place->factors != term.factors) {
    terms.insert(place, std::move(term));
    return;
  }
  place->coefficient = wrapAdd(place->coefficient, term.coefficient);
  if (place->coefficient == 0)
    terms.erase(place);
}

Extent Extent::operator+(const Extent &other) const {
  if (tooLarge || other.tooLarge)
    return makeTooLarge();
  Extent result = *this;
  result.constant = wrapAdd(constant, other.constant);
  for (const Term &term : other.terms)
    result.add(term);
  return std::move(result).ifSmall();
}

Extent Extent::operator-(const Extent &other) const { return *this + other * Extent(-1); }

Extent Extent::operator*(const Extent &other) const {
  if (tooLarge || other.tooLarge || terms.size() * other.terms.size() > kMostParts)
    return makeTooLarge();
  Extent result(wrapMul(constant, other.constant));
  for (const Term &term : terms)
    result.add({term.factors, wrapMul(term.coefficient, other.constant)});
  for (const Term &term : other.terms)
    result.add({term.factors, wrapMul(term.coefficient, constant)});
  for (const Term &a : terms)
    for (const Term &b : other.terms) {
      Term term{a.factors, wrapMul(a.coefficient, b.coefficient)};
      llvm::append_range(term.factors, b.factors);
      llvm::sort(term.factors, [](Attribute x, Attribute y) { return compareFactors(x, y) < 0; });
      result.add(std::move(term));
    }
  return std::move(result).ifSmall();
}

/// Long division: the leading term of the remainder by that of the divisor, until nothing remains.
std::optional<Extent> Extent::divideExactly(const Extent &divisor) const {
  auto leading = [](const Extent &extent) {
    return extent.terms.empty() ? Term{{}, extent.constant} : extent.terms.front();
  };
  Term lead = leading(divisor);
  if (tooLarge || divisor.tooLarge || lead.coefficient == 0 || lead.coefficient == std::numeric_limits<int64_t>::min())
    return std::nullopt;
  Extent quotient, remainder = *this;
  while (remainder != Extent()) {
    Term next = leading(remainder);
    std::optional<SmallVector<Attribute, 2>> factors = divideFactors(next.factors, lead.factors);
    if (!factors || next.coefficient == std::numeric_limits<int64_t>::min() || next.coefficient % lead.coefficient != 0)
      return std::nullopt;
    Extent step;
    step.add({*factors, next.coefficient / lead.coefficient});
    quotient = quotient + step;
    remainder = remainder - step * divisor;
    if (remainder.tooLarge)
      return std::nullopt;
  }
  return quotient;
}

/// The floor division that does not simplify, as a factor of its own.
static Attribute getFloorDivFactor(const Extent &dividend, const Extent &divisor) {
  SmallVector<StringAttr> symbols;
  dividend.collectSymbols(symbols);
  divisor.collectSymbols(symbols);
  MLIRContext *context = symbols.front().getContext();
  AffineExpr expr = dividend.toAffine(symbols, context).floorDiv(divisor.toAffine(symbols, context));
  SmallVector<Attribute> names(symbols.begin(), symbols.end());
  return vitc::vit::DimsAttr::get(context, ArrayAttr::get(context, names),
                                  AffineMapAttr::get(AffineMap::get(0, symbols.size(), expr)));
}

std::optional<Extent> Extent::floorDiv(const Extent &divisor) const {
  if (tooLarge || divisor.tooLarge)
    return makeTooLarge();
  std::optional<int64_t> bound = divisor.lowerBound();
  if (!bound || *bound < 1)
    return std::nullopt;
  if (std::optional<Extent> quotient = divideExactly(divisor))
    return quotient;

  Extent quotient, rest = *this, by = divisor;
  if (std::optional<int64_t> d = divisor.asConstant()) {
    // What the divisor divides leaves the floor: ⌊(d·q + r) / d⌋ = q + ⌊r / d⌋, the coefficients of r within [0, d).
    int64_t common = *d;
    rest = Extent();
    for (const Term &term : terms) {
      int64_t q = floorQuotient(term.coefficient, *d), r = term.coefficient - q * *d;
      quotient.add({term.factors, q});
      rest.add({term.factors, r});
      common = std::gcd(common, r);
    }
    quotient.constant = floorQuotient(constant, *d);
    // ⌊(g·r + c) / (g·d)⌋ = ⌊(r + ⌊c / g⌋) / d⌋.
    for (Term &term : rest.terms)
      term.coefficient /= common;
    rest.constant = floorQuotient(constant - quotient.constant * *d, common);
    by = Extent(*d / common);
    if (rest.isConstant())
      return quotient; // ⌊r / d⌋ with 0 <= r < d
  }
  quotient.add({{getFloorDivFactor(rest, by)}, 1});
  return std::move(quotient).ifSmall();
}

std::optional<Extent> Extent::mod(const Extent &divisor) const {
  std::optional<Extent> quotient = floorDiv(divisor);
  if (!quotient)
    return std::nullopt;
  return *this - *quotient * divisor;
}

//===--------------------------------------------------------------------===//
// Bounds
//===--------------------------------------------------------------------===//

/// At least 1 for a symbol, 0 for one that the run computes; ⌊least dividend / divisor⌋ for a floor division by a
/// constant.
static std::optional<int64_t> lowerBoundOf(Attribute factor) {
  if (auto name = dyn_cast<StringAttr>(factor))
    return name.getValue().starts_with(Extent::computedPrefix) ? 0 : 1;
  auto division = cast<vitc::vit::DimsAttr>(factor);
  auto expr = dyn_cast<AffineBinaryOpExpr>(division.getExtent(0));
  if (!expr || expr.getKind() != AffineExprKind::FloorDiv)
    return std::nullopt;
  ArrayRef<Attribute> symbols = division.getSymbols().getValue();
  std::optional<Extent> dividend = Extent::fromAffine(expr.getLHS(), symbols);
  std::optional<Extent> divisor = Extent::fromAffine(expr.getRHS(), symbols);
  std::optional<int64_t> least = dividend ? dividend->lowerBound() : std::nullopt;
  if (!least || *least < 0 || !divisor)
    return std::nullopt;
  return divisor->isConstant() ? *least / *divisor->asConstant() : 0;
}

/// The dividend and the divisor of a floor division by a constant.
static std::optional<std::pair<Extent, int64_t>> getDivisionByConstant(Attribute factor) {
  auto division = dyn_cast<vitc::vit::DimsAttr>(factor);
  auto expr = dyn_cast_if_present<AffineBinaryOpExpr>(division ? division.getExtent(0) : AffineExpr());
  if (!expr || expr.getKind() != AffineExprKind::FloorDiv)
    return std::nullopt;
  auto divisor = dyn_cast<AffineConstantExpr>(expr.getRHS());
  if (!divisor || divisor.getValue() < 1)
    return std::nullopt;
  std::optional<Extent> dividend = Extent::fromAffine(expr.getLHS(), division.getSymbols().getValue());
  return dividend ? std::optional(std::pair(*dividend, divisor.getValue())) : std::nullopt;
}

/// Whether a product with a divisor that is small cannot overflow.
static bool isModest(int64_t value) { return -(int64_t(1) << 31) <= value && value <= (int64_t(1) << 31); }

bool Extent::isModest() const {
  return !tooLarge && ::isModest(constant) &&
         llvm::all_of(terms, [](const Term &term) { return ::isModest(term.coefficient); });
}

/// d · (rest + c · ⌊p / d⌋) is at least d · rest + c · p where c < 0, else d · rest + c · (p − (d − 1)).
std::optional<int64_t> Extent::lowerBoundWithoutDivision() const {
  for (const Term &term : terms) {
    auto division = term.factors.size() == 1 ? getDivisionByConstant(term.factors.front()) : std::nullopt;
    if (!division)
      continue;
    auto &[dividend, divisor] = *division;
    if (!isModest() || !dividend.isModest() || divisor > (1 << 16))
      return std::nullopt;
    Extent rest = *this;
    rest.add({term.factors, -term.coefficient});
    Extent least = term.coefficient < 0 ? dividend : dividend - (divisor - 1);
    std::optional<int64_t> bound = (rest * divisor + least * term.coefficient).lowerBound();
    return bound ? std::optional(llvm::divideCeilSigned(*bound, divisor)) : std::nullopt;
  }
  return std::nullopt;
}

std::optional<int64_t> Extent::lowerBound() const {
  if (tooLarge)
    return std::nullopt;
  int64_t bound = constant;
  for (const Term &term : terms) {
    if (term.coefficient < 0)
      return lowerBoundWithoutDivision();
    int64_t least = term.coefficient;
    for (Attribute factor : term.factors) {
      std::optional<int64_t> ofFactor = lowerBoundOf(factor);
      if (!ofFactor || *ofFactor < 0 || llvm::MulOverflow(least, *ofFactor, least))
        return std::nullopt;
    }
    if (llvm::AddOverflow(bound, least, bound))
      return std::nullopt;
  }
  return bound;
}

bool Extent::isProvablyAtLeast(const Extent &other) const {
  // The difference of constants may wrap.
  if (isConstant() && other.isConstant())
    return constant >= other.constant;
  std::optional<int64_t> bound = (*this - other).lowerBound();
  return bound && *bound >= 0;
}

bool Extent::isProvablyDifferentFrom(const Extent &other) const {
  if (isConstant() && other.isConstant())
    return constant != other.constant;
  return isProvablyAtLeast(other + 1) || other.isProvablyAtLeast(*this + 1);
}

std::vector<Extent> Extent::getFactors() const {
  if (terms.size() != 1 || constant != 0 || terms.front().coefficient < 1)
    return {*this};
  std::vector<Extent> factors;
  for (Attribute factor : terms.front().factors) {
    Extent single;
    single.terms.push_back({{factor}, 1});
    factors.push_back(single);
  }
  return factors;
}

bool Extent::isKnownBeforeRun() const {
  auto isByConstant = [](Attribute factor) {
    auto division = dyn_cast<vitc::vit::DimsAttr>(factor);
    return !division || !division.getExtent(0)
                             .walk([](AffineExpr part) {
                               auto binary = dyn_cast<AffineBinaryOpExpr>(part);
                               bool divides = binary && part.getKind() != AffineExprKind::Add &&
                                              part.getKind() != AffineExprKind::Mul;
                               return divides && !isa<AffineConstantExpr>(binary.getRHS()) ? WalkResult::interrupt()
                                                                                           : WalkResult::advance();
                             })
                             .wasInterrupted();
  };
  SmallVector<StringAttr> symbols;
  collectSymbols(symbols);
  return llvm::none_of(symbols, [](StringAttr name) { return name.getValue().starts_with(computedPrefix); }) &&
         llvm::all_of(terms, [&](const Term &term) { return llvm::all_of(term.factors, isByConstant); });
}

//===--------------------------------------------------------------------===//
// Affine expressions and types
//===--------------------------------------------------------------------===//

std::optional<Extent> Extent::fromAffine(AffineExpr expr, ArrayRef<Attribute> symbols) {
  if (auto literal = dyn_cast<AffineConstantExpr>(expr))
    return Extent(literal.getValue());
  if (auto name = dyn_cast<AffineSymbolExpr>(expr))
    return symbol(cast<StringAttr>(symbols[name.getPosition()]));
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!binary)
    return std::nullopt;
  std::optional<Extent> lhs = fromAffine(binary.getLHS(), symbols), rhs = fromAffine(binary.getRHS(), symbols);
  if (!lhs || !rhs)
    return std::nullopt;
  switch (expr.getKind()) {
  case AffineExprKind::Add:
    return *lhs + *rhs;
  case AffineExprKind::Mul:
    return *lhs * *rhs;
  case AffineExprKind::FloorDiv:
    return lhs->floorDiv(*rhs);
  case AffineExprKind::CeilDiv:
    return (*lhs + *rhs - 1).floorDiv(*rhs);
  default: // Mod
    return lhs->mod(*rhs);
  }
}

AffineExpr Extent::toAffine(ArrayRef<StringAttr> symbols, MLIRContext *context) const {
  auto symbolExpr = [&](Attribute name) {
    return getAffineSymbolExpr(llvm::find(symbols, cast<StringAttr>(name)) - symbols.begin(), context);
  };
  auto factorExpr = [&](Attribute factor) {
    auto division = dyn_cast<vit::DimsAttr>(factor);
    if (!division)
      return symbolExpr(factor);
    auto replacements = llvm::map_to_vector(division.getSymbols().getValue(), symbolExpr);
    return division.getExtent(0).replaceSymbols(replacements);
  };
  AffineExpr sum = getAffineConstantExpr(0, context);
  for (const Term &term : terms) {
    AffineExpr value = factorExpr(term.factors.front());
    for (Attribute factor : ArrayRef(term.factors).drop_front())
      value = value * factorExpr(factor);
    sum = sum + value * term.coefficient;
  }
  return sum + constant;
}

void Extent::collectSymbols(SmallVectorImpl<StringAttr> &symbols) const {
  auto insert = [&](Attribute name) {
    if (!llvm::is_contained(symbols, name))
      symbols.push_back(cast<StringAttr>(name));
  };
  for (const Term &term : terms)
    for (Attribute factor : term.factors) {
      auto division = dyn_cast<vit::DimsAttr>(factor);
      if (division)
        llvm::for_each(division.getSymbols(), insert);
      else
        insert(factor);
    }
  llvm::sort(symbols, [](StringAttr a, StringAttr b) { return a.getValue() < b.getValue(); });
}

/// `(height//14)`, `((height + 13)//14)`
static std::string printDivision(vitc::vit::DimsAttr division) {
  ArrayRef<Attribute> symbols = division.getSymbols().getValue();
  auto expr = cast<AffineBinaryOpExpr>(division.getExtent(0));
  auto print = [&](AffineExpr part) {
    std::optional<Extent> extent = Extent::fromAffine(part, symbols);
    std::string text = extent ? extent->str() : "?";
    return StringRef(text).contains(' ') ? "(" + text + ")" : text;
  };
  return "(" + print(expr.getLHS()) + "//" + print(expr.getRHS()) + ")";
}

std::string Extent::str() const {
  if (tooLarge)
    return "an expression of more than " + std::to_string(kMostParts) + " parts";
  if (isConstant())
    return std::to_string(constant);
  std::string text;
  llvm::raw_string_ostream stream(text);
  for (auto [index, term] : llvm::enumerate(terms)) {
    bool isNegative = term.coefficient < 0;
    uint64_t magnitude = isNegative ? 0 - static_cast<uint64_t>(term.coefficient) : term.coefficient;
    stream << (index ? isNegative ? " - " : " + " : isNegative ? "-" : "");
    if (magnitude != 1)
      stream << magnitude << " * ";
    llvm::interleave(
        term.factors, stream,
        [&](Attribute factor) {
          if (auto name = dyn_cast<StringAttr>(factor))
            stream << name.getValue();
          else
            stream << printDivision(cast<vit::DimsAttr>(factor));
        },
        " * ");
  }
  if (constant != 0)
    stream << (constant < 0 ? " - " : " + ") << (constant < 0 ? 0 - static_cast<uint64_t>(constant) : constant);
  return text;
}

FailureOr<SymbolicShape> vitc::onnx::getExtents(Type tensor) {
  auto type = dyn_cast<RankedTensorType>(tensor);
  if (!type)
    return failure();
  auto dims = dyn_cast_or_null<vit::DimsAttr>(type.getEncoding());
  if (dims && dims.getMap().getValue().getNumResults() != type.getRank())
    return failure();
  SymbolicShape extents;
  for (auto [dim, size] : llvm::enumerate(type.getShape())) {
    if (ShapedType::isStatic(size))
      extents.push_back(size);
    else if (std::optional<Extent> extent =
                 dims ? Extent::fromAffine(dims.getExtent(dim), dims.getSymbols().getValue()) : std::nullopt)
      extents.push_back(*extent);
    else
      return failure();
  }
  return extents;
}

Attribute vitc::onnx::getDimsAttr(ArrayRef<Extent> extents, MLIRContext *context) {
  SmallVector<StringAttr> symbols;
  for (const Extent &extent : extents)
    extent.collectSymbols(symbols);
  auto exprs = llvm::map_to_vector(extents, [&](const Extent &extent) { return extent.toAffine(symbols, context); });
  SmallVector<Attribute> names(symbols.begin(), symbols.end());
  return vit::DimsAttr::get(context, ArrayAttr::get(context, names),
                            AffineMapAttr::get(AffineMap::get(0, symbols.size(), exprs, context)));
}

RankedTensorType vitc::onnx::getTensorType(ArrayRef<Extent> extents, Type elementType) {
  auto shape = llvm::map_to_vector(
      extents, [](const Extent &extent) { return extent.asConstant().value_or(ShapedType::kDynamic); });
  Attribute encoding;
  if (llvm::is_contained(shape, ShapedType::kDynamic))
    encoding = getDimsAttr(extents, elementType.getContext());
  return RankedTensorType::get(shape, elementType, encoding);
}

Extent vitc::onnx::product(ArrayRef<Extent> extents) {
  Extent result = 1;
  for (const Extent &extent : extents)
    result = result * extent;
  return result;
}

std::string vitc::onnx::str(ArrayRef<Extent> extents) {
  return "(" + llvm::join(llvm::map_range(extents, [](const Extent &extent) { return extent.str(); }), ", ") + ")";
}
