#ifndef VITC_RECOGNITION_REPORT_H
#define VITC_RECOGNITION_REPORT_H

#include "mlir/IR/Operation.h"
#include "llvm/Support/JSON.h"
#include <map>
#include <string>
#include <vector>

namespace vitc {

/// The attribute that recognisers leave on an op they refused: a dictionary from candidate to reason.
inline constexpr llvm::StringLiteral kMissedAttrName = "vit.missed";

/// The kinds that recognition counts and that a near miss may be a candidate of.
inline constexpr llvm::StringLiteral kRecognizedKinds[] = {"attention",
                                                           "inherited_attention",
                                                           "window_attention",
                                                           "sr_attention",
                                                           "reattention",
                                                           "class_attention",
                                                           "linear_attention",
                                                           "score_residual",
                                                           "tokenize",
                                                           "project",
                                                           "layer_norm",
                                                           "rms_norm",
                                                           "gelu",
                                                           "silu",
                                                           "hard_swish",
                                                           "linear",
                                                           "mlp",
                                                           "layer_scale",
                                                           "patch_embed",
                                                           "tokens"};

/// What recognition found in a module, and why it did not find the rest: the content of `--explain`.
struct Report {
  struct Tokens {
    int64_t cls = 0;
    int64_t registers = 0;
    int64_t patches = 0; ///< a row of the first token sequence; 0 where it is symbolic
  };
  struct Block {
    std::string name; ///< what the names of its nodes have in common
    std::string kind;
    std::vector<std::string> nodes;
  };
  struct Missed {
    std::string node, op, candidate, reason;
    bool operator==(const Missed &) const = default;
  };

  std::map<std::string, int64_t> recognized; ///< kind → count, kinds disjoint
  Tokens tokens;
  std::vector<Block> blocks;
  std::vector<Missed> missed;
  std::vector<int64_t> prunedRows; ///< of each attention that answers fewer queries than it was given, how many fewer
  struct Rewrite {
    std::string name, where;
    int64_t macsSaved = 0;
  };
  std::vector<Rewrite> rewrites; ///< what the rewrites after recognition did
  int64_t importedMacs = 0;
  int64_t finalMacs = 0;

  /// Reads a module that recognition has gone over. Both MAC counts are that module's.
  static Report collect(mlir::Operation *module);

  llvm::json::Value toJSON() const; ///< docs/explain.schema.json
  void print(llvm::raw_ostream &os) const;
};

/// Multiplications of one contraction or convolution, 0 of anything else; symbolic extents count as 1.
int64_t countMacsOf(mlir::Operation *op);

/// Multiplications of contractions and convolutions for one image; symbolic extents count as 1. Products of constants,
/// which are made when the model is compiled, do not count.
int64_t countMacs(mlir::Operation *root);

/// The names of the nodes in a location, in order, each once.
llvm::SmallVector<llvm::StringRef> nodeNames(mlir::Location loc);

/// The name of the node that `op` came from: the first name in its location, or "?" where it has none.
std::string nodeName(mlir::Location loc);

/// Removes what recognisers left for the report.
void stripMissed(mlir::Operation *root);

} // namespace vitc

#endif // VITC_RECOGNITION_REPORT_H
