#include "ProgramBuilder.h"

#include "SizeExpressions.h"

#include "vitc/Dialect/CPUKernel/IR/CPUKernel.h"
#include "vitc/Dialect/GPUKernel/IR/GPUKernel.h"
#include "vitc/Dialect/ViT/IR/ViT.h"
#include "vitc/Recognition/Report.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace vitc;
using namespace vitc::driver;

static target::TypeCode getFloatCode(Type type) {
  return llvm::TypeSwitch<Type, target::TypeCode>(type)
      .Case([](BFloat16Type) { return target::TypeCode::BFloat; })
      .Case([](Float8E4M3FNType) { return target::TypeCode::Float8E4M3FN; })
      .Case([](Float8E4M3FNUZType) { return target::TypeCode::Float8E4M3FNUZ; })
      .Case([](Float8E5M2Type) { return target::TypeCode::Float8E5M2; })
      .Case([](Float8E5M2FNUZType) { return target::TypeCode::Float8E5M2FNUZ; })
      .Case([](Float8E8M0FNUType) { return target::TypeCode::Float8E8M0FNU; })
      .Case([](Float4E2M1FNType) { return target::TypeCode::Float4E2M1FN; })
      .Default(target::TypeCode::Float);
}

static void setElementType(target::TensorSpec &spec, Type type) {
  spec.bits = type.getIntOrFloatBitWidth();
  if (type.isInteger(1)) {
    spec.code = target::TypeCode::Bool;
    spec.bits = 8;
  } else if (isa<FloatType>(type)) {
    spec.code = getFloatCode(type);
  } else {
    spec.code = type.isUnsignedInteger() ? target::TypeCode::UInt : target::TypeCode::Int;
  }
}

/// The larger coefficient of each term: nowhere below either, since symbols are not negative.
static target::Polynomial getUpperBound(const target::Polynomial &a, const target::Polynomial &b) {
  target::Polynomial bound = a, excess = b - a;
  for (const target::Term &term : excess.getTerms())
    if (term.coefficient > 0)
      bound = bound + target::Polynomial(term);
  return bound;
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

namespace {

/// Describes an entry function, whose memory is planned.
class FunctionWriter {
public:
  FunctionWriter(func::FuncOp entry, target::Function &function)
      : entry(entry), function(function), sizes(function.symbols) {}

  LogicalResult writeSymbols() {
    bool isNew = function.symbols.empty();
    for (auto record : entry->getAttrOfType<ArrayAttr>("vcpu.symbols").getAsRange<DictionaryAttr>()) {
      names.push_back(record.getAs<StringAttr>("name"));
      FailureOr<target::Symbol> symbol = describeSymbol(record);
      if (failed(symbol))
        return entry.emitError("expected ")
               << names.back() << " to be at most a polynomial of the named dimensions, got " << record.get("bound");
      if (isNew)
        function.symbols.push_back(*symbol);
    }
    if (names.size() > target::maxSymbols)
      return entry.emitError("expected at most ") << target::maxSymbols << " named dimensions, got " << names.size();
    return success();
  }

  LogicalResult writeTensors(StringRef attribute, std::vector<target::TensorSpec> &specs) {
    for (auto record : entry->getAttrOfType<ArrayAttr>(attribute).getAsRange<DictionaryAttr>()) {
      FailureOr<target::TensorSpec> spec = describeTensor(record);
      if (failed(spec))
        return entry.emitError("expected a shape made of the inputs' named dimensions and of no more than ")
               << target::maxSymbols << " of them and of quotients, got " << record.get("type") << " of "
               << record.get("name");
      specs.push_back(*spec);
    }
    return success();
  }

  LogicalResult writeRequirements() {
    auto list = entry->getAttrOfType<ArrayAttr>("vit.requires");
    if (!list)
      return success();
    for (auto requirement : list.getAsRange<vit::RequirementAttr>()) {
      FailureOr<target::Polynomial> value = write(requirement.getValue(), 0);
      if (failed(value))
        return entry.emitError("expected a requirement of the inputs' named dimensions, got ") << requirement;
      auto kind = requirement.isZero() ? target::RequirementKind::Zero : target::RequirementKind::NonNegative;
      function.requirements.push_back({requirement.getText().str(), *value, kind});
    }
    return success();
  }

  LogicalResult writeMemory(target::Variant &variant) {
    for (auto record : entry->getAttrOfType<ArrayAttr>("vcpu.buffers").getAsRange<DictionaryAttr>()) {
      AffineExpr expr = record.getAs<AffineMapAttr>("bytes").getValue().getResult(0);
      FailureOr<target::Polynomial> bytes = sizes.writeBound(expr);
      if (failed(bytes))
        return entry.emitError("expected a buffer whose size is made of the named dimensions, got ")
               << record.get("bytes");
      variant.buffers.push_back({*bytes, static_cast<int32_t>(record.getAs<IntegerAttr>("first").getInt()),
                                 static_cast<int32_t>(record.getAs<IntegerAttr>("last").getInt())});
    }
    for (AffineExpr expr : entry->getAttrOfType<AffineMapAttr>("vcpu.scratch").getValue().getResults()) {
      FailureOr<target::Polynomial> bytes = sizes.writeBound(expr);
      if (failed(bytes))
        return entry.emitError("expected scratch whose size is made of the named dimensions");
      variant.scratchBytes = getUpperBound(variant.scratchBytes, *bytes);
    }
    return success();
  }

  /// A step is what a barrier ends, or a launch on a GPU.
  void writeSteps(target::Variant &variant) {
    variant.passes = static_cast<int32_t>(vit::countPasses(entry));
    entry.walk([&](Operation *op) {
      if (auto barrier = dyn_cast<vcpu::BarrierOp>(op))
        variant.steps.push_back(describeStep(op, barrier.getKind(), barrier.getCost()));
      else if (auto launch = dyn_cast<vgpu::LaunchOp>(op))
        variant.steps.push_back(describeStep(op, launch.getKind(), launch.getCost()));
    });
  }

private:
  /// Extent `dim` of `dims` over the function's symbols.
  FailureOr<target::Polynomial> write(vit::DimsAttr dims, int64_t dim) {
    SmallVector<AffineExpr> renamed;
    for (Attribute name : dims.getSymbols()) {
      auto *position = llvm::find(names, cast<StringAttr>(name));
      if (position == names.end())
        return failure();
      renamed.push_back(getAffineSymbolExpr(position - names.begin(), entry.getContext()));
    }
    return sizes.write(dims.getExtent(dim).replaceSymbols(renamed));
  }

  FailureOr<target::TensorSpec> describeTensor(DictionaryAttr record) {
    auto type = cast<ShapedType>(record.getAs<TypeAttr>("type").getValue());
    auto dims = record.getAs<vit::DimsAttr>("dims");
    target::TensorSpec spec;
    if (auto name = record.getAs<StringAttr>("name"))
      spec.name = name.str();
    // What the IR holds as signless keeps the sign that the model gave it in an attribute.
    auto element = record.getAs<TypeAttr>("element_type");
    setElementType(spec, element ? element.getValue() : type.getElementType());
    for (auto [dim, extent] : llvm::enumerate(type.getShape())) {
      if (!ShapedType::isDynamic(extent)) {
        spec.shape.push_back(target::Polynomial(extent));
        continue;
      }
      FailureOr<target::Polynomial> polynomial = dims ? write(dims, dim) : FailureOr<target::Polynomial>();
      if (failed(polynomial))
        return failure();
      spec.shape.push_back(*polynomial);
    }
    return spec;
  }

  target::StepSpec describeStep(Operation *op, std::optional<StringRef> kind, std::optional<AffineMap> cost) {
    target::StepSpec step;
    step.kind = kind.value_or("").str();
    for (StringRef name : nodeNames(op->getLoc()))
      step.nodes.push_back(name.str());
    if (!cost)
      return step;
    target::Polynomial *sizes[] = {&step.macs, &step.weightBytes, &step.activationBytes};
    for (auto [size, expr] : llvm::zip(sizes, cost->getResults()))
      *size = this->sizes.writeEstimate(expr);
    return step;
  }

  func::FuncOp entry;
  target::Function &function;
  SizeExpressions sizes;
  SmallVector<StringAttr> names;
};

} // namespace

LogicalResult vitc::driver::describeFunction(func::FuncOp entry, const TargetInfo &target, unsigned shape,
                                             target::Program &program) {
  std::string name = entry.getSymName().str();
  auto found = llvm::find_if(program.functions,
                             [&](const target::Function &known) { return known.name == name && known.shape == shape; });
  target::Function function;
  bool isNew = found == program.functions.end();
  function.name = name;
  function.shape = shape;
  if (!isNew)
    function.symbols = found->symbols; // all variants share the table
  FunctionWriter writer(entry, function);
  target::Variant variant;
  variant.target = target;
  variant.entry = name;
  // Shapes come before memory, which does without symbols of its own where the table is full.
  if (failed(writer.writeSymbols()) || failed(writer.writeTensors("vcpu.inputs", function.inputs)) ||
      failed(writer.writeTensors("vcpu.outputs", function.outputs)) || failed(writer.writeRequirements()) ||
      failed(writer.writeMemory(variant)))
    return failure();
  writer.writeSteps(variant);
  if (isNew)
    program.functions.push_back(std::move(function));
  else
    found->symbols = std::move(function.symbols);
  (isNew ? program.functions.back() : *found).variants.push_back(std::move(variant));
  return success();
}
