#include "Outputs.h"

#include "onnx.pb.h"
#include "vitc/Support/TapRequest.h"
#include "llvm/ADT/STLExtras.h"

using namespace vitc;
using llvm::StringRef;

static bool definesTensor(const ::onnx::GraphProto &graph, StringRef name) {
  auto isCalledSo = [&](const auto &tensor) { return tensor.name() == name; };
  return llvm::any_of(graph.input(), isCalledSo) || llvm::any_of(graph.initializer(), isCalledSo) ||
         llvm::any_of(graph.node(), [&](const auto &node) { return llvm::is_contained(node.output(), name); });
}

static bool isKind(StringRef tap, const ::onnx::GraphProto &graph) {
  return parseTapRequest(tap) && !definesTensor(graph, tap);
}

bool vitc::hasTapsOfKinds(const ::onnx::GraphProto &graph, const ImportOptions &options) {
  return llvm::any_of(options.taps, [&](StringRef tap) { return isKind(tap, graph); });
}

llvm::SmallVector<StringRef> vitc::getOutputNames(const ::onnx::GraphProto &graph, const ImportOptions &options) {
  llvm::SmallVector<StringRef> names;
  if (!options.tapsOnly || hasTapsOfKinds(graph, options))
    for (const ::onnx::ValueInfoProto &output : graph.output())
      names.push_back(output.name());
  for (StringRef tap : options.taps)
    if (!llvm::is_contained(names, tap) && !isKind(tap, graph))
      names.push_back(tap);
  return names;
}

llvm::SmallVector<StringRef> vitc::findCloseNames(StringRef name, llvm::ArrayRef<StringRef> known) {
  const unsigned most = std::max<unsigned>(2, name.size() / 4); // edits: beyond that it is another name
  llvm::SmallVector<std::pair<unsigned, StringRef>> close;
  for (StringRef candidate : known) {
    unsigned distance = name.edit_distance_insensitive(candidate, /*AllowReplacements=*/true, most);
    if (distance <= most)
      close.emplace_back(distance, candidate);
    else if (name.size() > 2 && candidate.contains_insensitive(name))
      close.emplace_back(candidate.size(), candidate);
  }
  llvm::sort(close);
  close.truncate(std::min<size_t>(close.size(), 3));
  return llvm::map_to_vector(close, [](const auto &entry) { return entry.second; });
}
