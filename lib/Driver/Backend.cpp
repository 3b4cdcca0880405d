#include "Backend.h"

#include "vitc/Pipelines/Pipelines.h"

#include "mlir/Pass/PassManager.h"

using namespace mlir;
using namespace vitc;
using namespace vitc::driver;

FailureOr<LoweredModule> vitc::driver::lowerToLLVM(ModuleOp module, const TargetInfo &target, StringRef name) {
  LoweredModule lowered;
  lowered.program.name = name.str();
  lowered.program.options = {{"precision", "fp32"}};
  for (auto function : module.getOps<func::FuncOp>()) {
    if (!function.isPublic())
      continue;
    FailureOr<target::Function> described = describeFunction(function, target);
    if (failed(described))
      return failure();
    lowered.program.functions.push_back(std::move(*described));
  }
  FailureOr<PlacedWeights> weights = takeWeights(module);
  if (failed(weights))
    return failure();
  lowered.weights = std::move(*weights);
  PassManager pm(module.getContext());
  buildCPULLVMPipeline(pm);
  if (failed(pm.run(module)))
    return failure();
  return lowered;
}
