#include "ChildProcess.h"
#include "HostLibrary.h"
#include "Tuner.h"

#include "vitc/Dialect/GPUKernel/IR/GPUKernel.h"
#include "vitc/Dialect/GPUKernel/Kernels/GemmSchedule.h"
#include "vitc/Dialect/GPUKernel/Kernels/GemmTuning.h"
#include "vitc/Pipelines/Pipelines.h"
#include "vitc/Run/Inputs.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/StringSet.h"

#include <chrono>
#include <random>
#include <unistd.h>

using namespace mlir;
using namespace vitc;
using namespace vitc::driver;

using Clock = std::chrono::steady_clock;

/// How often all schedules of a product run, one after another: until so much time has passed, within bounds.
static constexpr double kSecondsOfRounds = 2;
static constexpr int kLeastRounds = 3, kMostRounds = 30;

/// What the process that measures a product may take: a kernel may never end.
static constexpr unsigned kSecondsOfProduct = 300;

/// Numbers that are drawn for an operand; larger ones repeat them.
static constexpr int64_t kDrawn = 1 << 20;

namespace {

/// A product, and the schedules to be measured, the cost model's first.
struct Product {
  vgpu::GemmOp op;
  std::string key;
  int64_t rows;
  SmallVector<vgpu::GemmConfig> schedules;

  double products() const { return double(rows) * schedules.front().n * schedules.front().k; }
};

/// The median of nanoseconds of each schedule, or why there is none.
using Times = llvm::Expected<std::vector<int64_t>>;

} // namespace

static double secondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Each once, those with most products first.
static std::vector<Product> findProducts(ModuleOp module, int64_t capability) {
  std::vector<Product> found;
  llvm::StringSet<> known;
  module.walk([&](vgpu::GemmOp op) {
    vgpu::GemmConfig config = op.getConfig();
    // As it was when the schedule was chosen.
    config.stages = 0;
    config.epilogue.output = vgpu::Element::F32;
    int64_t rows = cast<ShapedType>(op.getA().getType()).getDimSize(0);
    bool isOpen = ShapedType::isDynamic(rows);
    std::string key = vgpu::tuningKey(capability, config, isOpen ? std::nullopt : std::optional(rows));
    rows = isOpen ? vgpu::openRows : rows;
    if (rows > 0 && known.insert(key).second)
      found.push_back({op, key, rows, vgpu::listAlternatives(config, rows, capability)});
  });
  llvm::erase_if(found, [](const Product &product) { return product.schedules.empty(); });
  llvm::sort(found, [](const Product &a, const Product &b) {
    double first = a.products(), second = b.products();
    return std::tie(second, a.key) < std::tie(first, b.key);
  });
  return found;
}

/// The type with so many rows where their number is open.
static RankedTensorType closeRows(Value value, int64_t rows) {
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<int64_t> shape(type.getShape());
  if (type.isDynamicDim(0))
    shape[0] = rows;
  return type.clone(shape);
}

/// The product once more, by other tiles.
static Value writeProduct(OpBuilder &builder, vgpu::GemmOp op, IRMapping &mapping, RankedTensorType result,
                          const vgpu::GemmConfig &schedule) {
  mapping.map(op.getOutput(),
              tensor::EmptyOp::create(builder, op.getLoc(), result.getShape(), result.getElementType()).getResult());
  auto copy = cast<vgpu::GemmOp>(builder.clone(*op, mapping));
  copy->getResult(0).setType(result);
  copy.setTileM(schedule.tileM);
  copy.setTileN(schedule.tileN);
  copy.setSplits(schedule.splits);
  copy.setStages(schedule.stages);
  return copy->getResult(0);
}

/// A module whose `main` computes the product once for each schedule, and before that once with weights of its own, so
/// that A and the results' memory are as warm for the first as for the others. It returns an element of each.
static OwningOpRef<ModuleOp> isolate(const Product &product) {
  vgpu::GemmOp op = product.op;
  Location loc = op.getLoc();
  OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
  OpBuilder builder = OpBuilder::atBlockEnd(module->getBody());
  RankedTensorType result = closeRows(op.getOutput(), product.rows);
  auto element = RankedTensorType::get({1, 1}, result.getElementType());
  SmallVector<Value> operands{op.getW()};
  for (Value operand : op->getOperands())
    if (operand != op.getOutput())
      operands.push_back(operand);
  auto inputs = llvm::map_to_vector(operands, [&](Value value) -> Type { return closeRows(value, product.rows); });
  SmallVector<Type> results(product.schedules.size() + 1, element);
  auto function = func::FuncOp::create(builder, loc, "main", builder.getFunctionType(inputs, results));
  for (unsigned i = 0; i < inputs.size(); ++i)
    function.setArgAttr(i, "vit.name", builder.getStringAttr("x" + Twine(i)));
  for (unsigned i = 0; i < results.size(); ++i)
    function.setResultAttr(i, "vit.name", builder.getStringAttr("y" + Twine(i)));
  builder.setInsertionPointToStart(function.addEntryBlock());
  IRMapping mapping;
  mapping.map(operands, function.getArguments());
  mapping.map(op.getW(), function.getArgument(0));
  SmallVector<Value> elements;
  auto add = [&](const vgpu::GemmConfig &schedule) {
    Value whole = writeProduct(builder, op, mapping, result, schedule);
    auto zero = builder.getIndexAttr(0), one = builder.getIndexAttr(1);
    elements.push_back(tensor::ExtractSliceOp::create(builder, loc, element, whole, ArrayRef<OpFoldResult>{zero, zero},
                                                      ArrayRef<OpFoldResult>{one, one},
                                                      ArrayRef<OpFoldResult>{one, one}));
  };
  add(product.schedules.front());
  mapping.map(op.getW(), function.getArgument(2)); // of the warm weights, A and W
  for (const vgpu::GemmConfig &schedule : product.schedules)
    add(schedule);
  func::ReturnOp::create(builder, loc, elements);
  return module;
}

/// Normal numbers; zeros would cost a GPU less power, and less time.
static llvm::Expected<run::Arrays> drawInputs(const run::FunctionInfo &function) {
  run::Arrays inputs;
  std::mt19937_64 random(0);
  std::normal_distribution<double> normal;
  for (const run::TensorInfo &info : function.inputs) {
    run::Array &array = inputs[info.name];
    array.type = info.type;
    for (const run::Dim &dim : info.shape)
      array.shape.push_back(*dim.extent);
    llvm::Expected<int64_t> bytes = run::countBytes(array.shape, *array.type);
    if (!bytes)
      return bytes.takeError();
    array.bytes.resize(*bytes);
    for (int64_t i = 0, drawn = std::min(array.size(), kDrawn); i < drawn; ++i)
      array.set(i, normal(random));
    for (int64_t done = kDrawn * array.type->bytes(); done < *bytes; done += kDrawn * array.type->bytes())
      std::copy_n(array.bytes.data(), std::min(kDrawn * array.type->bytes(), *bytes - done), array.bytes.data() + done);
  }
  return inputs;
}

/// Runs the library and takes the times of its products.
static Times timeAll(StringRef path) {
  llvm::Expected<run::Model> model = run::Model::load(path.str());
  if (!model)
    return model.takeError();
  llvm::Expected<std::vector<run::FunctionInfo>> functions = model->functions("main");
  if (!functions)
    return functions.takeError();
  const run::FunctionInfo &function = functions->front();
  run::SessionOptions options;
  options.profile = true;
  options.device = {decltype(options.device.device_type)(kDLCUDA), 0};
  if (llvm::Error error = llvm::joinErrors(model->open(""), model->createSession(function, options)))
    return error;
  llvm::Expected<run::Arrays> inputs = drawInputs(function);
  if (!inputs)
    return inputs.takeError();
  run::Profile profile;
  Clock::time_point start = Clock::now();
  for (int round = 0; round < kMostRounds && (round < kLeastRounds || secondsSince(start) < kSecondsOfRounds);
       ++round) {
    if (auto outputs = model->run(function, *inputs); !outputs)
      return outputs.takeError();
    if (llvm::Error error = model->addRun(profile))
      return error;
  }
  std::vector<int64_t> times;
  for (size_t step = 0; step < profile.steps.size(); ++step)
    if (profile.steps[step].kind == "gemm")
      times.push_back(std::lround(profile.medianSeconds(step) * 1e9));
  if (times.empty())
    return llvm::createStringError("no product was timed");
  times.erase(times.begin());
  return times;
}

/// In a process of its own: a kernel that fails takes the GPU's context with it.
static Times measure(const Product &product, const TargetInfo &target) {
  TemporaryLibrary library;
  if (failed(writeHostLibrary(*isolate(product), target, library.getPath())))
    return llvm::createStringError("a library with the kernels of '" + product.key + "' could not be made");
  llvm::Expected<std::string> text = callInChild([&] {
    alarm(kSecondsOfProduct);
    Times times = timeAll(library.getPath());
    return times ? llvm::join(llvm::map_range(*times, [](int64_t time) { return std::to_string(time); }), " ")
                 : "!" + llvm::toString(times.takeError());
  });
  if (!text)
    return text.takeError();
  if (StringRef(*text).starts_with("!"))
    return llvm::createStringError(text->substr(1));
  SmallVector<StringRef> numbers;
  StringRef(*text).split(numbers, ' ');
  std::vector<int64_t> times;
  for (StringRef number : numbers)
    if (number.getAsInteger(10, times.emplace_back()))
      return llvm::createStringError("the times of '" + product.key + "' cannot be read: " + *text);
  if (times.size() != product.schedules.size())
    return llvm::createStringError(Twine(product.schedules.size()) + " kernels of '" + product.key +
                                   "' were made, and " + Twine(times.size()) + " timed");
  return times;
}

llvm::Expected<TuningReport> vitc::driver::tuneGPU(ModuleOp module, const TargetInfo &target, double seconds,
                                                   Tuning &tuning) {
  Clock::time_point start = Clock::now();
  TuningReport report;
  if (!target.hasTensorKernels())
    return llvm::createStringError("products of " + target.level +
                                   " have schedules with --precision=bf16, fp16 or tf32 alone");
  OwningOpRef<ModuleOp> kernels = module.clone();
  PassManager pm(module.getContext());
  buildGPUKernelPipeline(pm, target.gpuCapability, target.multipliedElement());
  if (failed(pm.run(*kernels)))
    return llvm::createStringError("the kernels for " + target.level + " could not be chosen");
  for (const Product &product : findProducts(*kernels, target.gpuCapability)) {
    ++report.kernels;
    if (tuning.find(product.key) || secondsSince(start) >= seconds)
      continue;
    Times times = measure(product, target);
    if (!times) {
      if (report.measured == 0)
        return times.takeError();
      report.failures.push_back("'" + product.key + "' could not be measured: " + llvm::toString(times.takeError()));
      continue;
    }
    size_t best = std::min_element(times->begin(), times->end()) - times->begin();
    ++report.measured;
    report.faster += best != 0;
    Tuning::Schedule schedule = vgpu::describeSchedule(product.schedules[best]);
    schedule["nanoseconds"] = (*times)[best];
    schedule["expected_nanoseconds"] = times->front();
    tuning.schedules[product.key] = std::move(schedule);
  }
  return report;
}
