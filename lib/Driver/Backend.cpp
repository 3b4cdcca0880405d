#include "Backend.h"
#include "ProgramBuilder.h"

#include "vitc/Pipelines/Pipelines.h"

#include "mlir/Pass/PassManager.h"

using namespace mlir;
using namespace vitc;
using namespace vitc::driver;

/// Adds a function of one level, or its code to what a better level said of the function.
static void addFunction(target::Program &program, target::Function function) {
  auto known = llvm::find_if(program.functions, [&](auto &other) { return other.name == function.name; });
  if (known == program.functions.end())
    program.functions.push_back(std::move(function));
  else
    llvm::append_range(known->variants, std::move(function.variants));
}

LogicalResult vitc::driver::lowerToLLVM(ModuleOp module, const TargetInfo &target, LoweredProgram &lowered) {
  for (auto function : module.getOps<func::FuncOp>()) {
    if (!function.isPublic())
      continue;
    FailureOr<target::Function> described = describeFunction(function, target);
    if (failed(described))
      return failure();
    addFunction(lowered.program, std::move(*described));
  }
  FailureOr<uint64_t> bytes = lowered.weights.take(module);
  if (failed(bytes))
    return failure();
  lowered.program.weights.push_back({target.level, *bytes});
  lowered.program.sharedWeightBytes = lowered.weights.getSharedBytes();
  PassManager pm(module.getContext());
  buildCPULLVMPipeline(pm);
  return pm.run(module);
}
