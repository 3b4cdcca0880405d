#include "Tuner.h"
#include "ChildProcess.h"
#include "HostLibrary.h"

#include "vitc/Dialect/ViT/IR/ViT.h"
#include "vitc/Dialect/ViT/Utils/TuningAttribute.h"
#include "vitc/Run/Inputs.h"
#include "vitc/Support/CostModel.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/StringSet.h"

#include <chrono>
#include <list>

using namespace mlir;
using namespace vitc;
using namespace vitc::driver;

using Clock = std::chrono::steady_clock;

/// How often each schedule of a kernel runs, and what part of the cost model's time another one has to save: less may
/// be noise.
static constexpr int kRounds = 15;
static constexpr double kGain = 0.03;

namespace {

/// A kernel and what can be chosen of it.
struct Kernel {
  Operation *op;
  std::string key;
  double products;
  std::vector<Tuning::Schedule> schedules; ///< the first is empty: the cost model's
};

} // namespace

//===----------------------------------------------------------------------===//
// What can be measured
//===----------------------------------------------------------------------===//

static bool isMeasurable(Operation *op) {
  auto isStatic = [](Type type) {
    auto shaped = dyn_cast<RankedTensorType>(type);
    return shaped && shaped.hasStaticShape() && shaped.getElementType().isF32();
  };
  return llvm::all_of(op->getOperandTypes(), isStatic) && llvm::all_of(op->getResultTypes(), isStatic);
}

static bool isConstant(Value value) {
  Operation *op = value.getDefiningOp();
  return op && op->hasTrait<OpTrait::ConstantLike>();
}

/// Chunks of rows around what fits into L2, and all rows at once; rows of A as they lie, and packed; and Strassen's
/// algorithm.
static Kernel describeProduct(vit::LinearOp op, const TargetInfo &target) {
  ArrayRef<int64_t> shape = op.getInput().getType().getShape();
  int64_t inner = shape.back(), columns = op.getResult().getType().getShape().back();
  int64_t rows = op.getInput().getType().getNumElements() / std::max<int64_t>(1, inner);
  Kernel kernel{op, tuningKey(target, "gemm", {rows, inner, columns}), double(rows) * inner * columns, {{}}};
  for (int64_t mc : {56, 112, 224, 448, 896})
    for (int64_t packA : {0, 1})
      if ((mc == 56 || mc / 2 < rows) && packA >= target.multipliesBF16())
        kernel.schedules.push_back({{"strassen", 0}, {"mc", mc}, {"pack_a", packA}});
  if (canUseStrassen(target, {rows, inner, columns}))
    kernel.schedules.push_back({{"strassen", 1}});
  return kernel;
}

/// Plain products, and both tiles of minimal filtering.
static std::optional<Kernel> describeConvolution(vit::ConvOp op, const TargetInfo &target) {
  ArrayRef<int64_t> filter = op.getWeight().getType().getShape(), out = op.getResult().getType().getShape();
  auto areOnes = [](ArrayRef<int64_t> values) {
    return llvm::all_of(values, [](int64_t value) { return value == 1; });
  };
  if (op.getTransposed() || op.getGroups() != 1 || filter[2] != 3 || filter[3] != 3 || !areOnes(op.getStrides()) ||
      !areOnes(op.getDilations()))
    return std::nullopt;
  double products = 9.0 * filter[0] * filter[1] * out[2] * out[3];
  return Kernel{op,
                tuningKey(target, "conv3x3", {out[2], out[3], filter[1], filter[0]}),
                products,
                {{}, {{"tile", 0}}, {{"tile", 2}}, {{"tile", 4}}}};
}

/// Each shape once, those with most products first.
static std::vector<Kernel> findKernels(ModuleOp module, const TargetInfo &target) {
  std::vector<Kernel> kernels;
  llvm::StringSet<> known;
  auto add = [&](Kernel kernel) {
    if (known.insert(kernel.key).second)
      kernels.push_back(std::move(kernel));
  };
  module.walk([&](Operation *op) {
    if (!isMeasurable(op))
      return;
    if (auto linear = dyn_cast<vit::LinearOp>(op); linear && isConstant(linear.getWeight()))
      add(describeProduct(linear, target));
    if (auto conv = dyn_cast<vit::ConvOp>(op); conv && isConstant(conv.getWeight()))
      if (std::optional<Kernel> kernel = describeConvolution(conv, target))
        add(std::move(*kernel));
  });
  llvm::sort(kernels, [](const Kernel &a, const Kernel &b) {
    return std::tie(b.products, a.key) < std::tie(a.products, b.key);
  });
  return kernels;
}

//===----------------------------------------------------------------------===//
// Measuring
//===----------------------------------------------------------------------===//

/// A module whose `main` is the kernel alone: what is not constant is its input.
static OwningOpRef<ModuleOp> isolate(const Kernel &kernel, const Tuning::Schedule &schedule) {
  Operation *op = kernel.op;
  OwningOpRef<ModuleOp> module = ModuleOp::create(op->getLoc());
  if (!schedule.empty())
    vit::setTuning(*module, {"", {{kernel.key, schedule}}, {}});
  llvm::SetVector<Value> inputs;
  for (Value operand : op->getOperands())
    if (!isConstant(operand))
      inputs.insert(operand);
  OpBuilder builder = OpBuilder::atBlockEnd(module->getBody());
  auto type = builder.getFunctionType(TypeRange(ValueRange(inputs.getArrayRef())), op->getResultTypes());
  auto function = func::FuncOp::create(builder, op->getLoc(), "main", type);
  for (unsigned i = 0; i < inputs.size(); ++i)
    function.setArgAttr(i, "vit.name", builder.getStringAttr("x" + Twine(i)));
  function.setResultAttr(0, "vit.name", builder.getStringAttr("y"));
  builder.setInsertionPointToStart(function.addEntryBlock());
  IRMapping mapping;
  mapping.map(inputs.getArrayRef(), function.getArguments());
  for (Value operand : op->getOperands())
    if (isConstant(operand) && !mapping.contains(operand))
      mapping.map(operand, builder.clone(*operand.getDefiningOp())->getResult(0));
  func::ReturnOp::create(builder, op->getLoc(), builder.clone(*op, mapping)->getResults());
  return module;
}

/// A library that was loaded, with inputs of its own.
struct Runnable {
  run::Model model;
  run::FunctionInfo function;
  run::Arrays inputs;
  std::vector<double> seconds;

  static llvm::Expected<Runnable> load(StringRef path) {
    llvm::Expected<run::Model> model = run::Model::load(path.str());
    if (!model)
      return model.takeError();
    llvm::Expected<std::vector<run::FunctionInfo>> functions = model->functions("main");
    if (!functions)
      return functions.takeError();
    Runnable runnable{std::move(*model), functions->front(), {}, {}};
    if (llvm::Error error = runnable.model.open(""))
      return error;
    if (llvm::Error error = runnable.model.createSession(runnable.function, {{}, /*threads=*/1}))
      return error;
    if (llvm::Error error = run::drawInputs(runnable.function, {}, /*seed=*/0, runnable.inputs))
      return error;
    return runnable;
  }

  llvm::Error time() {
    Clock::time_point start = Clock::now();
    llvm::Expected<std::vector<DLTensor>> outputs = model.run(function, inputs);
    seconds.push_back(std::chrono::duration<double>(Clock::now() - start).count());
    return outputs.takeError();
  }

  double median() {
    llvm::sort(seconds);
    return seconds[seconds.size() / 2];
  }
};

/// Runs the libraries in turn, so that what else the machine does slows all of them; the medians, or nothing.
static std::string timeAll(const std::list<TemporaryLibrary> &libraries) {
  std::vector<Runnable> runnables;
  for (const TemporaryLibrary &library : libraries) {
    llvm::Expected<Runnable> runnable = Runnable::load(library.getPath());
    if (!runnable)
      return llvm::consumeError(runnable.takeError()), "";
    runnables.push_back(std::move(*runnable));
  }
  for (int round = 0; round < kRounds; ++round)
    for (Runnable &runnable : runnables)
      if (llvm::Error error = runnable.time())
        return llvm::consumeError(std::move(error)), "";
  std::string medians;
  for (Runnable &runnable : runnables)
    medians += std::to_string(std::lround(runnable.median() * 1e9)) + " ";
  return medians;
}

/// The fastest schedule of a kernel, empty where it is the cost model's; nothing where it cannot be measured.
static std::optional<Tuning::Schedule> measure(const Kernel &kernel, const TargetInfo &target) {
  std::list<TemporaryLibrary> libraries;
  for (const Tuning::Schedule &schedule : kernel.schedules) {
    OwningOpRef<ModuleOp> module = isolate(kernel, schedule);
    libraries.emplace_back();
    if (failed(writeHostLibrary(*module, target, libraries.back().getPath())))
      return std::nullopt;
  }
  llvm::Expected<std::string> text = callInChild([&] { return timeAll(libraries); });
  if (!text)
    return llvm::consumeError(text.takeError()), std::nullopt;
  SmallVector<StringRef> medians;
  StringRef(*text).split(medians, ' ', -1, /*KeepEmpty=*/false);
  if (medians.size() != kernel.schedules.size())
    return std::nullopt;
  std::vector<int64_t> times;
  for (StringRef median : medians)
    if (median.getAsInteger(10, times.emplace_back()))
      return std::nullopt;
  size_t best = std::min_element(times.begin(), times.end()) - times.begin();
  return times[best] < (1 - kGain) * times[0] ? kernel.schedules[best] : Tuning::Schedule();
}

TuningReport vitc::driver::tune(ModuleOp module, const TargetInfo &target, double seconds, Tuning &tuning) {
  Clock::time_point start = Clock::now();
  TuningReport report;
  for (const Kernel &kernel : findKernels(module, target)) {
    ++report.kernels;
    if (tuning.find(kernel.key) || std::chrono::duration<double>(Clock::now() - start).count() >= seconds)
      continue;
    std::optional<Tuning::Schedule> fastest = measure(kernel, target);
    if (!fastest)
      continue;
    ++report.measured;
    report.faster += !fastest->empty();
    tuning.schedules[kernel.key] = std::move(*fastest);
  }
  return report;
}
