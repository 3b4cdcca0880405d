#ifndef VITC_IMPORT_GRAPHIMPORTER_H
#define VITC_IMPORT_GRAPHIMPORTER_H

#include "Functions.h"
#include "Node.h"
#include "Tensors.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "vitc/Import/Import.h"

namespace onnx {
class AttributeProto;
class GraphProto;
} // namespace onnx

namespace vitc {

/// Builds the ops of a graph's nodes; functions are inlined. What is about subgraphs stands in Subgraphs.cpp.
class GraphImporter {
public:
  GraphImporter(std::shared_ptr<const ::onnx::ModelProto> model, llvm::StringRef path, mlir::Location loc,
                mlir::OpBuilder &builder);

  /// Fills an entry function whose arguments are `inputs` by name; it returns `outputs`, and its type is set to theirs.
  llvm::LogicalResult importEntry(mlir::func::FuncOp entry, llvm::ArrayRef<llvm::StringRef> inputs,
                                  llvm::ArrayRef<InputConstant> constants, llvm::ArrayRef<llvm::StringRef> outputs);

private:
  /// Where names mean something: the graph, a subgraph, or one call of a function.
  struct Scope {
    int64_t opset;
    /// Put before the names of nodes: the names of the calls.
    std::string prefix;
    llvm::StringMap<mlir::Value> values = {};
    /// Initializers become constants when first read.
    llvm::StringMap<const ::onnx::TensorProto *> initializers = {};
    /// What the attribute parameters of a function stand for.
    llvm::StringMap<const ::onnx::AttributeProto *> attributes = {};

    /// The scope around a subgraph, and the block of its ops.
    Scope *parent = nullptr;
    mlir::Block *block = nullptr;

    bool owns(llvm::StringRef name) const { return values.contains(name) || initializers.contains(name); }
    bool defines(llvm::StringRef name) const { return owns(name) || (parent && parent->defines(name)); }
    const ::onnx::AttributeProto *getAttribute(llvm::StringRef name) const {
      return parent ? parent->getAttribute(name) : attributes.lookup(name);
    }
  };

  llvm::LogicalResult addInitializers(const ::onnx::GraphProto &graph, Scope &scope);
  llvm::LogicalResult importNodes(llvm::ArrayRef<const ::onnx::NodeProto *> nodes, Scope &scope);
  llvm::LogicalResult importNode(const ::onnx::NodeProto &proto, Scope &scope);
  const ::onnx::FunctionProto *findFunction(const ::onnx::NodeProto &proto, int64_t opset);
  llvm::LogicalResult importAttributes(const ::onnx::NodeProto &proto, Scope &scope, Node &node);
  llvm::FailureOr<Outputs> importCall(const ::onnx::NodeProto &proto, const ::onnx::FunctionProto &function,
                                      Scope &scope, const Node &node);
  llvm::FailureOr<Outputs> importControlFlow(const ::onnx::NodeProto &proto, Scope &scope, const Node &node);
  llvm::FailureOr<Outputs> importIf(const ::onnx::NodeProto &proto, Scope &scope, const Node &node);
  llvm::FailureOr<Outputs> importLoop(const ::onnx::NodeProto &proto, Scope &scope, const Node &node);
  llvm::FailureOr<Outputs> importBatchedScan(const ::onnx::NodeProto &proto, Scope &scope, const Node &node);
  llvm::FailureOr<Outputs> importScan(const ::onnx::NodeProto &proto, Scope &scope, const Node &node);
  /// Fills a block with the ops of a subgraph whose inputs are `arguments`, and what it yields.
  llvm::LogicalResult importSubgraph(const ::onnx::GraphProto &graph, Scope &outer, mlir::Block &block,
                                     mlir::ValueRange arguments);
  /// The value of a name that the scope defines; null for an absent input of a function.
  llvm::FailureOr<mlir::Value> getValue(llvm::StringRef name, Scope &scope);
  llvm::LogicalResult createReturn(mlir::func::FuncOp entry, llvm::ArrayRef<llvm::StringRef> outputs, Scope &scope);
  /// Says that nothing has this name, and what is spelled nearly so.
  llvm::LogicalResult reportMissingOutput(llvm::StringRef name, const Scope &scope);

  const ::onnx::ModelProto &model;
  FunctionTable functions;
  TensorImporter tensors;
  mlir::Location loc;
  mlir::OpBuilder &builder;
  /// The functions being inlined.
  llvm::SmallVector<const ::onnx::FunctionProto *> callStack;
  size_t numNodes = 0;
};

} // namespace vitc

#endif // VITC_IMPORT_GRAPHIMPORTER_H
