#ifndef VITC_DRIVER_COSTREPORT_H
#define VITC_DRIVER_COSTREPORT_H

#include "vitc/Support/TargetInfo.h"
#include "vitc/Target/Program.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/MapVector.h"

namespace vitc::driver {

/// What the ops of one kind cost together.
struct OpCost {
  int64_t ops = 0;
  int64_t macs = 0;            ///< multiplications of products, each with an addition
  int64_t weightBytes = 0;     ///< of constants, as the model has them
  int64_t activationBytes = 0; ///< read and written
  std::vector<double> seconds; ///< one thread at each level

  OpCost &operator+=(const OpCost &other);
};

/// An op of the model and what it costs.
struct ListedOp {
  std::vector<std::string> nodes; ///< of the ONNX file, the main one first
  llvm::StringRef kind;
  OpCost cost;
};

/// What a model costs (`--report`), counted from the types of its ops: kernels (`vit.*` ops with a cost, structured ops
/// of linalg), not the views and copies between them, and products as the model has them, whether Strassen's or
/// Winograd's algorithm takes fewer or not. The time of an op is a roofline: that of its products at a core's
/// peak, or of its bytes, weights from memory and activations from the cache, whichever is longer; on a GPU the peaks
/// are those of a data sheet, and all bytes come from memory.
class CostReport {
public:
  CostReport() = default;
  /// Precondition: the `fused` stage, all shapes static.
  CostReport(mlir::ModuleOp module, llvm::ArrayRef<TargetInfo> targets);
  /// Of a model with open sizes, such as `shape` (findOpenShape): the memory alone, at several values of the one
  /// symbol.
  CostReport(std::string shape, llvm::ArrayRef<TargetInfo> targets) : targets(targets), openShape(std::move(shape)) {}

  const OpCost &getTotal() const { return total; }
  llvm::ArrayRef<ListedOp> getOps() const { return ops; }
  /// A table of kinds, one of ops, and the memory that the compiled program needs.
  void print(const target::Program &program, uint64_t weightBytes, llvm::raw_ostream &os) const;

private:
  void printCosts(llvm::raw_ostream &os) const;
  void printRates(llvm::raw_ostream &os) const;

  std::vector<TargetInfo> targets;
  std::string openShape;                          ///< empty: all sizes are known
  llvm::MapVector<llvm::StringRef, OpCost> kinds; ///< by the name of the op, in order of first use
  std::vector<ListedOp> ops;
  OpCost total;
};

/// The input whose shape has a dimension without a size, as `--shape` would fix it (`x=?x3x224x224`); nothing where all
/// are known.
std::optional<std::string> findOpenShape(mlir::ModuleOp module);

} // namespace vitc::driver

#endif // VITC_DRIVER_COSTREPORT_H
