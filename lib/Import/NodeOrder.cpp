#include "NodeOrder.h"

#include "Functions.h"
#include "Subgraphs.h"
#include "mlir/IR/Diagnostics.h"
#include "onnx.pb.h"
#include <queue>

using namespace mlir;
using namespace vitc;
using ::onnx::NodeProto;

namespace {
class NodeOrder {
public:
  NodeOrder(ArrayRef<const NodeProto *> nodes, Location loc) : nodes(nodes), loc(loc), waitsFor(nodes.size()) {}

  LogicalResult findProducers(llvm::function_ref<bool(StringRef)> isOwn);
  LogicalResult countDependences(llvm::function_ref<bool(StringRef)> isDefined);
  FailureOr<SmallVector<const NodeProto *>> sort();

private:
  /// A node of those that still wait which depends on itself.
  const NodeProto *findCycle() const;

  ArrayRef<const NodeProto *> nodes;
  Location loc;
  llvm::StringMap<unsigned> producers;
  /// The number of operands a node waits for, and the nodes that wait for one.
  SmallVector<unsigned> waitsFor;
  llvm::DenseMap<unsigned, SmallVector<unsigned>> readers;
};
} // namespace

LogicalResult NodeOrder::findProducers(llvm::function_ref<bool(StringRef)> isOwn) {
  for (auto [index, node] : llvm::enumerate(nodes))
    for (const std::string &output : node->output()) {
      if (output.empty())
        continue;
      auto [position, inserted] = producers.try_emplace(output, index);
      if (inserted && !isOwn(output))
        continue;
      InFlightDiagnostic diagnostic = emitError(loc) << "value '" << output << "' is defined twice";
      if (!inserted)
        diagnostic << ", by '" << getNodeName(*nodes[position->second]) << "' and";
      return diagnostic << (inserted ? ", at last by '" : " by '") << getNodeName(*node) << "'";
    }
  return success();
}

LogicalResult NodeOrder::countDependences(llvm::function_ref<bool(StringRef)> isDefined) {
  for (auto [index, node] : llvm::enumerate(nodes)) {
    std::optional<std::string> missing;
    visitReads(*node, [&, reader = static_cast<unsigned>(index)](StringRef input) {
      if (input.empty())
        return;
      auto producer = producers.find(input);
      if (producer != producers.end()) {
        ++waitsFor[reader];
        readers[producer->second].push_back(reader);
      } else if (!isDefined(input)) {
        missing = input.str();
      }
    });
    if (missing)
      return emitError(loc) << "node '" << getNodeName(*node) << "' reads '" << *missing << "', which nothing defines";
  }
  return success();
}

const NodeProto *NodeOrder::findCycle() const {
  unsigned node = std::distance(waitsFor.begin(), llvm::find_if(waitsFor, [](unsigned n) { return n != 0; }));
  for (unsigned step = 0; step < nodes.size(); ++step) {
    std::optional<unsigned> waitedFor;
    visitReads(*nodes[node], [&](StringRef input) {
      auto producer = producers.find(input);
      if (!waitedFor && producer != producers.end() && waitsFor[producer->second] != 0)
        waitedFor = producer->second;
    });
    node = waitedFor.value_or(node);
  }
  return nodes[node];
}

FailureOr<SmallVector<const NodeProto *>> NodeOrder::sort() {
  std::priority_queue<unsigned, std::vector<unsigned>, std::greater<>> ready;
  for (auto [index, count] : llvm::enumerate(waitsFor))
    if (count == 0)
      ready.push(index);
  SmallVector<const NodeProto *> sorted;
  while (!ready.empty()) {
    unsigned index = ready.top();
    ready.pop();
    sorted.push_back(nodes[index]);
    for (unsigned reader : readers.lookup(index))
      if (--waitsFor[reader] == 0)
        ready.push(reader);
  }
  if (sorted.size() != nodes.size())
    return emitError(loc) << "node '" << getNodeName(*findCycle()) << "' depends on itself";
  return sorted;
}

FailureOr<SmallVector<const NodeProto *>> vitc::orderNodes(ArrayRef<const NodeProto *> nodes,
                                                           llvm::function_ref<bool(StringRef)> isOwn,
                                                           llvm::function_ref<bool(StringRef)> isDefined,
                                                           Location loc) {
  NodeOrder order(nodes, loc);
  if (failed(order.findProducers(isOwn)) || failed(order.countDependences(isDefined)))
    return failure();
  return order.sort();
}
