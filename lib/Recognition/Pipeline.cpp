#include "vitc/Recognition/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace vitc;

namespace {
struct RecognitionOptions : PassPipelineOptions<RecognitionOptions> {
  Option<std::string> explain{*this, "explain", llvm::cl::desc("print the report: text or json")};
};
} // namespace

void vitc::buildRecognitionPipeline(OpPassManager &pm, Report *report, StringRef explain) {
  // One value for one extent and for one constant: equality of extents is equality of values.
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  OpPassManager &functions = pm.nest<func::FuncOp>();
  // Raising first: recognisers read softmax, norms and activations as one op each.
  functions.addPass(createRaiseSoftmax());
  functions.addPass(createRaiseLayerNorm());
  functions.addPass(createRaiseActivations());
  // Before attention: the values are then contracted with the softmax itself.
  functions.addPass(createSimplifySoftmax());
  // Visual tokens before attention, which a tokenizer and a projector of one picture would also be.
  functions.addPass(createRecognizeVisualTokens());
  // Attention before linear: what becomes of scores decides what their contraction is.
  functions.addPass(createRecognizeAttention());
  functions.addPass(createRecognizeLinear());
  functions.addPass(createRecognizeLayerScale());
  functions.addPass(createRecognizePatchEmbed());
  // Layouts before tokens: rows are followed through every view that is left.
  functions.addPass(createSimplifyLayout());
  // Dead chains die, and slices of one source become one.
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  // Last: which rows are read is known when every op that keeps rows apart is recognised.
  pm.nest<func::FuncOp>().addPass(createRecognizeTokens());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createExplainPass(report, explain));
  // After the report, which is about the model; before anything is rewritten or dropped because nobody reads it.
  pm.addPass(createAddTapsPass(report));
}

void vitc::buildRaisingPipeline(OpPassManager &pm) {
  // Constants come out of bodies first, and equal ones become one.
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.nest<func::FuncOp>().addPass(createRaiseGenerics());
}

void vitc::buildRewritePipeline(OpPassManager &pm, Report *report) {
  pm.addPass(createRewriteInheritancePass(report));
  pm.addPass(createRewriteVisualTokensPass(report));
  pm.addPass(createPruneRowsPass(report));
  // After pruning, which takes projections apart whose rows are not read alike.
  pm.nest<func::FuncOp>().addPass(createMergeProjections());
  // After push-through, which leaves less of a chain; after pruning, since few queries are first worth making fewer.
  pm.addPass(createComposeInheritancePass(report));
  // After pruning, which looks through projections of whole sequences.
  pm.addPass(createFoldPrefixPass(report));
  // Of the queries that are left.
  pm.addPass(createMergeAddendsPass(report));
  pm.addPass(createComposeMovesPass(report));
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
}

void vitc::registerRecognitionPipelines() {
  PassPipelineRegistration<>("vit-raise", "from linalg of another front end to the linalg stage", buildRaisingPipeline);
  PassPipelineRegistration<RecognitionOptions>("vit-recognize", "from the linalg stage to the vit stage",
                                               [](OpPassManager &pm, const RecognitionOptions &options) {
                                                 buildRecognitionPipeline(pm, nullptr, options.explain);
                                               });
  PassPipelineRegistration<>("vit-rewrite", "rewrites of the vit stage that save work",
                             [](OpPassManager &pm) { buildRewritePipeline(pm); });
}
