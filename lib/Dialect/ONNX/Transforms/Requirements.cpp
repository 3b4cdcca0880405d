#include "Requirements.h"

#include "vitc/Dialect/ViT/IR/ViT.h"

#include "mlir/IR/Location.h"

using namespace mlir;
using namespace vitc;
using namespace vitc::onnx;

//===--------------------------------------------------------------------===//
// What is required
//===--------------------------------------------------------------------===//

void vitc::onnx::requirePositive(Operation *op, ShapeEnv &env, const SymbolicShape &shape) {
  for (const Extent &extent : shape)
    for (const Extent &factor : extent.getFactors())
      if (std::optional<int64_t> least = factor.lowerBound(); !least || *least < 1)
        env.requireAtLeast(op, factor, 1);
}

//===--------------------------------------------------------------------===//
// How it is said
//===--------------------------------------------------------------------===//

namespace {

/// What a requirement on one dimension comes to.
struct Solution {
  enum Kind { AtLeast, AtMost, Between, MultipleOf, Exactly, Other } kind = Other;
  int64_t number = 0;
  int64_t most = 0; ///< of Between
};

/// A condition on one dimension: that `value` is zero, or not negative.
struct Condition {
  StringAttr symbol;
  Extent value;
  bool isEquality;

  /// The value where the symbol is `by` more.
  Extent shifted(int64_t by) const {
    AffineExpr name = getAffineSymbolExpr(0, symbol.getContext());
    return Extent::fromAffine(value.toAffine(symbol, symbol.getContext()).replaceSymbols(name + by), symbol)
        .value_or(value);
  }

  std::optional<bool> holdsAt(int64_t number) const {
    AffineExpr expr = value.toAffine(symbol, symbol.getContext());
    auto constant =
        dyn_cast<AffineConstantExpr>(expr.replaceSymbols(getAffineConstantExpr(number, symbol.getContext())));
    if (!constant)
      return std::nullopt;
    return isEquality ? constant.getValue() == 0 : constant.getValue() >= 0;
  }

  /// Whether it is proven for all numbers from this one on, or proven for none of them.
  bool holdsFrom(int64_t number) const { return !isEquality && shifted(number - 1).isProvablyAtLeast(0); }
  bool failsFrom(int64_t number) const {
    Extent rest = shifted(number - 1);
    return isEquality ? rest.isProvablyDifferentFrom(0) : Extent(-1).isProvablyAtLeast(rest);
  }
};

} // namespace

/// A condition is tried for small numbers, which tell what it comes to: sizes are sums of floors of multiples, whose
/// zeros repeat or are single. What larger numbers come to has to be proven.
static constexpr int64_t triedNumbers = 4096;

/// a · symbol + c >= 0 with a < 0: the symbol is at most ⌊c / −a⌋.
static Solution solveDecreasing(const Condition &condition) {
  std::optional<int64_t> slope = (condition.shifted(1) - condition.value).asConstant();
  std::optional<int64_t> offset =
      slope ? (condition.value - Extent::symbol(condition.symbol) * *slope).asConstant() : std::nullopt;
  if (condition.isEquality || !offset || *slope >= 0 || *slope == std::numeric_limits<int64_t>::min() || *offset < 0)
    return {};
  int64_t most = *offset / -*slope;
  return {most == 1 ? Solution::Exactly : Solution::AtMost, most};
}

static Solution solve(const Condition &condition) {
  if (Solution most = solveDecreasing(condition); most.kind != Solution::Other)
    return most;
  SmallVector<int64_t> holds;
  for (int64_t number = 1; number <= triedNumbers; ++number) {
    std::optional<bool> result = condition.holdsAt(number);
    if (!result)
      return {};
    if (*result)
      holds.push_back(number);
  }
  if (holds.empty())
    return {};
  int64_t first = holds.front(), last = holds.back(), count = holds.size();
  if (last == triedNumbers && count == last - first + 1 && condition.holdsFrom(first))
    return {Solution::AtLeast, first};
  if (count == 1 && condition.failsFrom(first + 1))
    return {Solution::Exactly, first};
  if (count == last - first + 1 && last < triedNumbers && condition.failsFrom(last + 1))
    return first == 1 ? Solution{Solution::AtMost, last} : Solution{Solution::Between, first, last};
  bool repeats = condition.isEquality && first > 1 && count == triedNumbers / first &&
                 llvm::all_of(holds, [&](int64_t number) { return number % first == 0; });
  return repeats ? Solution{Solution::MultipleOf, first} : Solution{};
}

/// "height to be a multiple of 2"
static std::string describe(const Requirement &requirement, const Solution &solution, StringRef symbol) {
  switch (solution.kind) {
  case Solution::AtMost:
    return (symbol + " to be at most " + Twine(solution.number)).str();
  case Solution::AtLeast:
    return (symbol + " to be at least " + Twine(solution.number)).str();
  case Solution::Between:
    return (symbol + " to be from " + Twine(solution.number) + " to " + Twine(solution.most)).str();
  case Solution::MultipleOf:
    return (symbol + " to be a multiple of " + Twine(solution.number)).str();
  case Solution::Exactly:
    return (symbol + " to be " + Twine(solution.number)).str();
  case Solution::Other:
    break;
  }
  StringRef relation = requirement.isEquality ? " to be equal to " : " to be at least ";
  return requirement.lhs.str() + relation.str() + requirement.rhs.str();
}

/// "the Reshape 'flatten'"
static std::string nameNode(const Requirement &requirement) {
  std::string text = "the " + requirement.node.stripDialect().str();
  if (auto name = dyn_cast<NameLoc>(requirement.loc))
    text += " '" + name.getName().str() + "'";
  return text;
}

//===--------------------------------------------------------------------===//
// The attribute
//===--------------------------------------------------------------------===//

namespace {

/// The function's requirements so far.
class Requirements {
public:
  explicit Requirements(func::FuncOp function) : function(function) {
    if (auto list = function->getAttrOfType<ArrayAttr>(name))
      llvm::append_range(attributes, list.getAsRange<vit::RequirementAttr>());
  }

  void add(const Requirement &requirement) {
    SmallVector<StringAttr> symbols;
    requirement.getValue().collectSymbols(symbols);
    Extent value = requirement.getValue();
    Solution solution = symbols.size() == 1 ? solve(Condition{symbols[0], value, requirement.isEquality}) : Solution();
    if (solution.kind == Solution::AtLeast || (solution.kind == Solution::Exactly && requirement.isEquality))
      value = Extent::symbol(symbols[0]) - solution.number;
    else if (solution.kind == Solution::AtMost && !requirement.isEquality)
      value = Extent(solution.number) - Extent::symbol(symbols[0]);
    StringRef symbol = symbols.empty() ? StringRef() : symbols[0].getValue();
    std::string text = describe(requirement, solution, symbol) + ", for " + nameNode(requirement);
    MLIRContext *context = function.getContext();
    auto made = vit::RequirementAttr::get(context, StringAttr::get(context, text),
                                          StringAttr::get(context, requirement.isEquality ? "zero" : "non_negative"),
                                          cast<vit::DimsAttr>(getDimsAttr(value, context)));
    for (vit::RequirementAttr &other : attributes)
      if (std::optional<Extent> known = getValue(other); known && other.getKind() == made.getKind()) {
        if (*known == value || (!requirement.isEquality && value.isProvablyAtLeast(*known)))
          return;
        if (!requirement.isEquality && known->isProvablyAtLeast(value)) {
          other = made;
          return;
        }
      }
    attributes.push_back(made);
  }

  void store() {
    if (attributes.empty())
      return;
    SmallVector<Attribute> list(attributes.begin(), attributes.end());
    function->setAttr(name, ArrayAttr::get(function.getContext(), list));
  }

private:
  static std::optional<Extent> getValue(vit::RequirementAttr requirement) {
    vit::DimsAttr dims = requirement.getValue();
    return Extent::fromAffine(dims.getExtent(0), dims.getSymbols().getValue());
  }

  static constexpr StringRef name = "vit.requires";
  func::FuncOp function;
  SmallVector<vit::RequirementAttr> attributes;
};

} // namespace

void vitc::onnx::updateRequirements(func::FuncOp function, ArrayRef<Requirement> requirements) {
  Requirements all(function);
  SmallVector<Extent> seen[2];
  for (const Requirement &requirement : requirements) {
    // The same one is met again at every op that has the extent.
    Extent value = requirement.getValue();
    SmallVector<Extent> &alike = seen[requirement.isEquality];
    if (llvm::is_contained(alike, value))
      continue;
    alike.push_back(value);
    all.add(requirement);
  }
  all.store();
}
