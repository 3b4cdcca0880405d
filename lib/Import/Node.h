#ifndef VITC_IMPORT_NODE_H
#define VITC_IMPORT_NODE_H

#include "mlir/IR/Builders.h"

namespace vitc {

/// A node between protobuf and the dialect: operands are values, attributes have the dialect's names and kinds, but
/// both may be those of an older opset.
struct Node {
  /// With its domain before it, where that is not ONNX's own: "com.microsoft.BiasGelu".
  llvm::StringRef opType;
  int64_t opset;
  mlir::Location loc;
  /// By position, null where absent.
  llvm::SmallVector<mlir::Value> inputs = {};
  mlir::NamedAttrList attributes = {};
  /// The names of the outputs by position, empty where absent.
  llvm::SmallVector<llvm::StringRef> outputs = {};

  mlir::InFlightDiagnostic emitError() const;
  mlir::Value getInput(unsigned position) const { return position < inputs.size() ? inputs[position] : mlir::Value(); }
  void setInput(unsigned position, mlir::Value value);
};

/// The values of a node's outputs by position; null where absent, or where nothing computes them.
using Outputs = llvm::SmallVector<mlir::Value>;

/// Whether vitc has the operator: as an op of the dialect, or as something the importer expands.
bool isSupported(llvm::StringRef opType, int64_t opset, mlir::MLIRContext *context);

/// Whether an operator has subgraphs that vitc imports (Subgraphs.cpp).
bool isControlFlow(llvm::StringRef opType);

/// Builds what a node says, in the form of the newest opset.
llvm::FailureOr<Outputs> buildNode(Node &node, mlir::OpBuilder &builder);

/// Rewrites operands and attributes of older opsets to those of the newest (Upgrades.cpp).
llvm::LogicalResult upgradeNode(Node &node, mlir::OpBuilder &builder);

/// The builder of an operator that the dialect does not have because it is, or may be, several ops or none
/// (Expansions.cpp). Null if there is none.
using Expansion = llvm::FailureOr<Outputs> (*)(Node &node, mlir::OpBuilder &builder);
Expansion getExpansion(llvm::StringRef opType, int64_t opset);
/// The same for the operators of ONNX Runtime (ContribOps.cpp).
Expansion getContribExpansion(llvm::StringRef opType);
/// The same for functions whose bodies depend on their nodes (FunctionExpansions.cpp).
Expansion getFunctionExpansion(llvm::StringRef opType, int64_t opset);
/// The same for operators on sequences and optional values (SequenceExpansions.cpp).
Expansion getSequenceExpansion(llvm::StringRef opType);

/// Builds the one op of the dialect that a node is.
llvm::FailureOr<Outputs> buildOp(const Node &node, mlir::OpBuilder &builder);

/// The elements of a value that is an `onnx.Constant`, else null.
mlir::ElementsAttr getConstant(mlir::Value value);

} // namespace vitc

#endif // VITC_IMPORT_NODE_H
