#include "NamedShape.h"
#include "TapTensors.h"

#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Pass/Pass.h"
#include "vitc/Dialect/ViT/IR/ViT.h"
#include "vitc/Recognition/Passes.h"
#include "vitc/Recognition/Report.h"
#include "vitc/Support/TapRequest.h"
#include "llvm/ADT/StringSet.h"

namespace vitc {
#define GEN_PASS_DEF_ADDTAPS
#include "vitc/Recognition/Passes.h.inc"
} // namespace vitc

using namespace mlir;
using namespace vitc;

namespace {

/// Adds the taps of one function to its results.
class TapAdder {
public:
  explicit TapAdder(func::FuncOp function)
      : function(function), layers(findAttentionLayers(function)), tensors(function) {}

  LogicalResult run(ArrayAttr taps, bool only);

private:
  LogicalResult addKind(StringRef tap);
  FailureOr<SmallVector<int64_t>> findLayers(StringRef tap, const TapRequest &request);
  LogicalResult addResult(StringRef tap, const Twine &name, Value value);
  InFlightDiagnostic refuse(StringRef tap) { return emitError(function.getLoc()) << "tap '" << tap << "': "; }

  func::FuncOp function;
  SmallVector<AttentionLayer> layers;
  TapTensors tensors;
  /// Results go to the end of the return op's operands, which follow where an attention is made again.
  SmallVector<unsigned> results;
  SmallVector<DictionaryAttr> attributes;
  llvm::StringSet<> names;
};

} // namespace

/// The layers that a request names, in its order.
FailureOr<SmallVector<int64_t>> TapAdder::findLayers(StringRef tap, const TapRequest &request) {
  int64_t count = layers.size();
  if (count == 0)
    return refuse(tap) << "no attention was recognised in the model";
  if (request.layers.empty())
    return llvm::to_vector(llvm::seq<int64_t>(0, count));
  SmallVector<int64_t> found;
  for (const TapRequest::Range &range : request.layers) {
    for (int64_t layer : {range.first, range.last})
      if (layer < -count || layer >= count)
        return refuse(tap) << "expected layers from " << -count << " to " << count - 1 << ", got " << layer;
    auto fromStart = [&](int64_t layer) { return layer < 0 ? layer + count : layer; };
    if (fromStart(range.last) < fromStart(range.first))
      return refuse(tap) << "expected a range of layers that does not end before it begins, got " << range.first
                         << " to " << range.last << " of " << count;
    llvm::append_range(found, llvm::seq_inclusive(fromStart(range.first), fromStart(range.last)));
  }
  return found;
}

LogicalResult TapAdder::addResult(StringRef tap, const Twine &name, Value value) {
  auto text = StringAttr::get(function.getContext(), name);
  if (!names.insert(text).second)
    return refuse(tap) << "'" << text.getValue() << "' is an output already";
  int64_t unknown = 0;
  FailureOr<vit::DimsAttr> dims = nameExtents(value, unknown);
  if (failed(dims))
    return refuse(tap) << "dimension " << unknown << " of '" << text.getValue()
                       << "' does not follow from the inputs' named dimensions: fix those with --shape";
  Builder builder(function.getContext());
  attributes.push_back(
      builder.getDictionaryAttr({builder.getNamedAttr("vit.dims", *dims), builder.getNamedAttr("vit.name", text)}));
  Operation *end = function.front().getTerminator();
  results.push_back(end->getNumOperands());
  end->insertOperands(end->getNumOperands(), value);
  return success();
}

LogicalResult TapAdder::addKind(StringRef tap) {
  std::optional<TapRequest> request = parseTapRequest(tap);
  if (!request)
    return refuse(tap) << "expected the name of an output, or KIND or KIND:LAYERS with a kind of " << listTapKinds();
  FailureOr<SmallVector<int64_t>> wanted = findLayers(tap, *request);
  if (failed(wanted))
    return failure();
  size_t before = results.size();
  for (int64_t index : *wanted) {
    FailureOr<Value> value = tensors.build(request->kind, layers[index]);
    if (succeeded(value)) {
      if (failed(addResult(tap, "tap." + getName(request->kind) + "." + Twine(index), *value)))
        return failure();
      continue;
    }
    // What is asked of all layers is asked of those that have it.
    Location loc = layers[index].getLoc();
    InFlightDiagnostic diagnostic = request->layers.empty() ? emitRemark(loc) : emitError(loc);
    diagnostic << "tap '" << tap << "': layer " << index << " " << tensors.getReason();
    if (!request->layers.empty())
      return diagnostic;
    diagnostic << "; it is left out";
  }
  return results.size() > before ? success() : LogicalResult(refuse(tap) << "none of the layers has it");
}

LogicalResult TapAdder::run(ArrayAttr taps, bool only) {
  Operation *end = function.front().getTerminator();
  SmallVector<DictionaryAttr> known;
  function.getAllResultAttrs(known);
  llvm::StringMap<unsigned> positions;
  for (auto [position, fields] : llvm::enumerate(known))
    if (auto name = fields ? fields.getAs<StringAttr>("vit.name") : StringAttr())
      positions[name.getValue()] = position;
  auto keep = [&](unsigned position) {
    results.push_back(position);
    attributes.push_back(known[position]);
  };
  if (!only)
    for (unsigned position = 0; position < known.size(); ++position)
      keep(position);
  if (!only)
    names.insert_range(positions.keys());
  for (StringRef tap : taps.getAsValueRange<StringAttr>()) {
    auto output = positions.find(tap);
    if (output != positions.end() && names.insert(tap).second)
      keep(output->second);
    else if (output == positions.end() && failed(addKind(tap)))
      return failure();
  }
  auto values = llvm::map_to_vector(results, [&](unsigned position) { return end->getOperand(position); });
  end->setOperands(values);
  function.setFunctionType(
      FunctionType::get(function.getContext(), function.getArgumentTypes(), TypeRange(ValueRange(values))));
  function.setAllResultAttrs(attributes);
  return success();
}

/// Erases what nothing reads any more.
static void eraseDeadOps(func::FuncOp function) {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(function.front())))
    if (isOpTriviallyDead(&op))
      op.erase();
}

namespace {
struct AddTapsPass final : vitc::impl::AddTapsBase<AddTapsPass> {
  using AddTapsBase::AddTapsBase;
  explicit AddTapsPass(Report *report) : report(report) {}

  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (auto taps = function->getAttrOfType<ArrayAttr>(vit::tapsAttrName))
        if (failed(addTaps(function, taps)))
          return signalPassFailure();
  }

private:
  LogicalResult addTaps(func::FuncOp function, ArrayAttr taps) {
    int64_t before = report ? countMacs(getOperation()) : 0;
    bool only = function->hasAttr(vit::tapOnlyAttrName);
    function->removeAttr(vit::tapsAttrName);
    function->removeAttr(vit::tapOnlyAttrName);
    for (const Report::Missed &missed : report ? ArrayRef(report->missed) : ArrayRef<Report::Missed>())
      if (missed.candidate == "attention")
        emitRemark(function.getLoc()) << "taps count the layers whose attention was recognised, and '" << missed.node
                                      << "' was not: " << missed.reason;
    if (failed(TapAdder(function).run(taps, only)))
      return failure();
    eraseDeadOps(function);
    if (report)
      report->finalMacs = countMacs(getOperation());
    if (report && report->finalMacs < before)
      report->rewrites.push_back({"tap_only", nodeName(function.getLoc()), before - report->finalMacs});
    return success();
  }

  Report *report = nullptr;
};
} // namespace

std::unique_ptr<Pass> vitc::createAddTapsPass(Report *report) { return std::make_unique<AddTapsPass>(report); }
