#include "vitc/Recognition/Report.h"

#include "AttentionKind.h"
#include "Recognizer.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "vitc/Dialect/ViT/IR/ViT.h"
#include "vitc/Support/PrintableText.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace vitc;

SmallVector<StringRef> vitc::nodeNames(Location loc) {
  llvm::SetVector<StringRef> names;
  loc->walk([&](Location inner) {
    if (auto named = dyn_cast<NameLoc>(inner))
      names.insert(named.getName());
    return WalkResult::advance();
  });
  return names.takeVector();
}

std::string vitc::nodeName(Location loc) {
  SmallVector<StringRef> names = nodeNames(loc);
  return names.empty() ? "?" : names.front().str();
}

/// What two names have in common, in whole components of a path.
static StringRef commonName(StringRef a, StringRef b) {
  auto endsAt = [](StringRef name, size_t length) {
    return length == name.size() || name[length] == '/' || name[length] == '.';
  };
  size_t length = std::mismatch(a.begin(), a.begin() + std::min(a.size(), b.size()), b.begin()).first - a.begin();
  while (length > 0 && !(endsAt(a, length) && endsAt(b, length)))
    --length;
  return a.take_front(length);
}

/// What the names of all nodes have in common; the first name where that is nothing.
static std::string commonName(ArrayRef<StringRef> names) {
  if (names.empty())
    return "?";
  StringRef common = names.front();
  for (StringRef name : names)
    common = commonName(common, name);
  return common.empty() ? names.front().str() : common.str();
}

namespace {
/// The inside of an MLP: an activation, or with a gate the product of one with other features, and the linear before.
struct Inside {
  vit::LinearOp first;
  Operation *activation;
};
} // namespace

static Operation *sourceOf(Value value) { return trace(value, {.scales = false}).source.getDefiningOp(); }

static bool isActivation(Operation *op) { return isa_and_present<vit::GeluOp, vit::HardSwishOp, vit::SiluOp>(op); }

/// What is before `second`, where that is the second linear of an MLP: f(x W₁) W₂, or (f(x W₁) ⊙ x V) W₂ (Shazeer,
/// arXiv 2002.05202, equation 6), W₁ and V being one matrix or two.
static std::optional<Inside> matchInsideOfMlp(vit::LinearOp second) {
  Operation *before = sourceOf(second.getInput());
  if (isActivation(before)) {
    auto first = dyn_cast_if_present<vit::LinearOp>(sourceOf(before->getOperand(0)));
    return first ? std::optional(Inside{first, before}) : std::nullopt;
  }
  std::optional<Elementwise> product = before ? matchElementwise(before) : std::nullopt;
  if (!product || product->kind != linalg::ElementwiseKind::mul)
    return std::nullopt;
  for (unsigned side = 0; side < 2; ++side) {
    Operation *activation = sourceOf(product->operand(side));
    auto gate = dyn_cast_if_present<vit::LinearOp>(sourceOf(product->operand(1 - side)));
    auto first = isActivation(activation) ? dyn_cast_if_present<vit::LinearOp>(sourceOf(activation->getOperand(0)))
                                          : vit::LinearOp();
    if (gate && first && gate.getInput() == first.getInput())
      return Inside{first, activation};
  }
  return std::nullopt;
}

static StringRef kindOf(Operation *op) {
  return TypeSwitch<Operation *, StringRef>(op)
      .Case([](vit::AttentionOp attention) { return kindOfAttention(attention); })
      .Case([](vit::AttendOp attend) { return attend.getNormalized() ? "reattention" : "inherited_attention"; })
      .Case([](vit::ScoreDownOp down) {
        // A depthwise convolution and one over heads are one residual.
        return down.getScores().getDefiningOp<vit::ScoreDownOp>() ? "" : "score_residual";
      })
      .Case([](vit::TokenizeOp) { return "tokenize"; })
      .Case([](vit::ProjectOp) { return "project"; })
      .Case([](vit::LayerNormOp) { return "layer_norm"; })
      .Case([](vit::RmsNormOp) { return "rms_norm"; })
      .Case([](vit::LayerScaleOp) { return "layer_scale"; })
      .Case([](vit::GeluOp) { return "gelu"; })
      .Case([](vit::HardSwishOp) { return "hard_swish"; })
      .Case([](vit::SiluOp) { return "silu"; })
      .Case([](vit::LinearOp) { return "linear"; })
      .Case([](vit::PatchEmbedOp) { return "patch_embed"; })
      .Default([](Operation *) { return ""; });
}

int64_t vitc::countMacsOf(Operation *op) {
  int64_t macs = vit::countPasses(op);
  if (auto costed = dyn_cast<vit::CostInterface>(op))
    return macs * costed.countMacs();
  auto structured = dyn_cast<linalg::LinalgOp>(op);
  if (!structured || structured.getNumReductionLoops() == 0 || structured.getNumDpsInputs() != 2)
    return 0;
  for (int64_t extent : structured.getStaticLoopRanges())
    macs *= ShapedType::isDynamic(extent) ? 1 : extent;
  return macs;
}

int64_t vitc::countMacs(Operation *root) {
  int64_t macs = 0;
  root->walk([&](Operation *op) {
    int64_t own = countMacsOf(op);
    macs += own && llvm::all_of(op->getOperands(), isInputIndependent) ? 0 : own;
  });
  return macs;
}

void vitc::stripMissed(Operation *root) {
  root->walk([](Operation *op) { op->removeAttr(kMissedAttrName); });
}

static Report::Block block(StringRef kind, Location loc) {
  SmallVector<StringRef> names = nodeNames(loc);
  return {commonName(names), kind.str(), {names.begin(), names.end()}};
}

static void collectOp(Operation *op, Report &report) {
  if (StringRef kind = kindOf(op); !kind.empty())
    ++report.recognized[kind.str()];
  if (isa<vit::AttentionOp, vit::AttendOp, vit::TokenizeOp, vit::ProjectOp, vit::PatchEmbedOp>(op))
    report.blocks.push_back(block(kindOf(op), op->getLoc()));
  if (auto linear = dyn_cast<vit::LinearOp>(op))
    if (std::optional<Inside> inside = matchInsideOfMlp(linear)) {
      ++report.recognized["mlp"];
      report.blocks.push_back(
          block("mlp", FusedLoc::get(op->getContext(),
                                     {inside->first.getLoc(), inside->activation->getLoc(), linear.getLoc()})));
    }
  if (auto tokens = dyn_cast<vit::AssembleOp>(op)) {
    report.tokens.cls += tokens.getCls();
    report.tokens.registers += tokens.getRegisters();
    int64_t patches = tokens.getPatches().getType().getDimSize(1);
    if (report.tokens.patches == 0 && !ShapedType::isDynamic(patches))
      report.tokens.patches = patches;
    report.blocks.push_back(block("tokens", op->getLoc()));
  }
  if (auto missed = op->getAttrOfType<DictionaryAttr>(kMissedAttrName))
    for (NamedAttribute entry : missed)
      report.missed.push_back({nodeName(op->getLoc()), op->getName().getStringRef().str(), entry.getName().str(),
                               cast<StringAttr>(entry.getValue()).str()});
}

Report Report::collect(Operation *module) {
  Report report;
  module->walk<WalkOrder::PreOrder>([&](Operation *op) { collectOp(op, report); });
  report.importedMacs = report.finalMacs = countMacs(module);
  return report;
}

llvm::json::Value Report::toJSON() const {
  llvm::json::Object kinds;
  for (const auto &[kind, count] : recognized)
    kinds[kind] = count;
  llvm::json::Array blockList, missedList, rewriteList;
  for (const Block &block : blocks)
    blockList.push_back(
        llvm::json::Object{{"name", block.name}, {"kind", block.kind}, {"nodes", llvm::json::Array(block.nodes)}});
  for (const Missed &miss : missed)
    missedList.push_back(llvm::json::Object{
        {"node", miss.node}, {"op", miss.op}, {"candidate", miss.candidate}, {"reason", miss.reason}});
  for (const Rewrite &rewrite : rewrites)
    rewriteList.push_back(
        llvm::json::Object{{"name", rewrite.name}, {"where", rewrite.where}, {"macs_saved", rewrite.macsSaved}});
  return llvm::json::Object{
      {"version", 1},
      {"recognized", std::move(kinds)},
      {"tokens", llvm::json::Object{{"cls", tokens.cls}, {"registers", tokens.registers}, {"patches", tokens.patches}}},
      {"blocks", std::move(blockList)},
      {"missed", std::move(missedList)},
      {"pruned_rows", llvm::json::Array(prunedRows)},
      {"rewrites", std::move(rewriteList)},
      {"macs", llvm::json::Object{{"imported", importedMacs}, {"final", finalMacs}}},
  };
}

void Report::print(llvm::raw_ostream &os) const {
  os << (recognized.empty() ? "recognized: nothing" : "recognized:");
  for (const auto &[kind, count] : recognized)
    os << " " << kind << " " << count;
  os << "\ntokens: cls " << tokens.cls << ", registers " << tokens.registers << ", patches " << tokens.patches << "\n";
  if (tokens.cls == 0 && tokens.registers > 0)
    os << "  no output reads these prefix rows, so they count as registers, a CLS token included\n";
  for (const Rewrite &rewrite : rewrites)
    os << "rewritten: " << rewrite.name << " at " << printable(rewrite.where) << ", " << rewrite.macsSaved
       << " MACs saved\n";
  for (const Missed &miss : missed)
    os << "missed: " << miss.candidate << " at " << printable(miss.node) << " (" << miss.op << "): " << miss.reason
       << "\n";
  os << "MACs: " << importedMacs << " imported, " << finalMacs << " final\n";
}
