#include "Backend.h"
#include "LaunchList.h"
#include "ProgramBuilder.h"

#include "vitc/Pipelines/Pipelines.h"

#include "mlir/Pass/PassManager.h"

using namespace mlir;
using namespace vitc;
using namespace vitc::driver;

/// A level is told once: it reads what the code for the shape reads that has most weights.
static void addWeights(target::Program &program, StringRef level, uint64_t bytes) {
  for (target::TargetWeights &known : program.weights)
    if (known.level == level) {
      known.bytes = std::max(known.bytes, bytes);
      return;
    }
  program.weights.push_back({level.str(), bytes});
}

LogicalResult vitc::driver::lowerToLLVM(ModuleOp module, const TargetInfo &target, unsigned shape,
                                        LoweredProgram &lowered) {
  for (auto function : module.getOps<func::FuncOp>())
    if (function.isPublic() && failed(describeFunction(function, target, shape, lowered.program)))
      return failure();
  FailureOr<uint64_t> bytes = lowered.weights.take(module);
  if (failed(bytes))
    return failure();
  addWeights(lowered.program, target.level, *bytes);
  lowered.program.sharedWeightBytes = lowered.weights.getSharedBytes();
  PassManager pm(module.getContext());
  if (target.isGPU()) {
    for (auto function : llvm::make_early_inc_range(module.getOps<func::FuncOp>())) {
      if (failed(describeLaunches(function, target, shape, lowered.program)))
        return failure();
      function.erase(); // the host runs no code of its own
    }
    buildGPULLVMPipeline(pm);
  } else {
    buildCPULLVMPipeline(pm);
  }
  return pm.run(module);
}
