#include "OptionChecks.h"

#include "vitc/Import/Import.h"
#include "vitc/Recognition/Report.h"
#include "vitc/Support/TapRequest.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"

using namespace vitc;
using namespace vitc::driver;
using llvm::StringRef;
using llvm::Twine;

static Refusal misuse(const Twine &reason) { return {Usage, reason.str()}; }

static std::optional<Refusal> checkFiles(const Options &options) {
  if (options.input.empty())
    return misuse("expected a model to compile");
  bool onlyReports = options.explain != ExplainFormat::None || !options.requireFused.empty() || options.report ||
                     options.verify || (options.tuneSeconds > 0 && !options.tuning.empty());
  if (options.output.empty() && options.stopAfter == Stage::Library && !onlyReports)
    return misuse("expected -o with the path of the library to write");
  if (options.tuneSeconds > 0 && options.tuning.empty() && options.output.empty())
    return misuse("expected --tuning with the file to write, or -o, with --tune");
  if (!options.output.empty() && options.stopAfter != Stage::Library)
    return misuse("expected -o or --compile-to, which prints IR and writes no file");
  if (options.explain != ExplainFormat::None && options.stopAfter < Stage::ViT)
    return misuse("expected --explain with --compile-to=vit or a later stage: nothing is recognised before");
  if (options.report && options.stopAfter != Stage::Library)
    return misuse("expected --report or --compile-to, which stops before the memory is known");
  if (options.report && options.explain == ExplainFormat::JSON)
    return misuse("expected --report or --explain=json, which prints JSON alone");
  if (options.verify && options.stopAfter != Stage::Library)
    return misuse("expected --verify or --compile-to, which stops before there is anything to run");
  if (options.verify && options.explain == ExplainFormat::JSON)
    return misuse("expected --verify or --explain=json, which prints JSON alone");
  if (options.verify && !options.verify->empty() && !llvm::sys::fs::exists(*options.verify))
    return misuse("expected --verify to name a file of inputs, got '" + *options.verify + "', which does not exist");
  if (!options.output.empty() && llvm::sys::fs::equivalent(options.input, options.output))
    return misuse("expected -o to name another file than the model, got '" + options.output + "'");
  return std::nullopt;
}

static std::optional<Refusal> checkLevels(const Options &options) {
  std::vector<std::string> names = options.levels;
  if (names.empty())
    names.push_back("host");
  std::optional<TargetInfo> first;
  for (StringRef name : names) {
    if (std::optional<TargetInfo> level = TargetInfo::get(name)) {
      if (first && first->triple != level->triple)
        return misuse("expected CPU levels of one architecture in a library, got " + first->level + " and " +
                      level->level);
      first = level;
      continue;
    }
    if (name == "host")
      return Refusal{CannotCompile, "this machine's CPU has none of the levels " +
                                        llvm::join(TargetInfo::levels(), ", ") + "; name one with --mcpu"};
    return misuse("unknown CPU level or GPU '" + name + "'; expected host, " + llvm::join(TargetInfo::levels(), ", ") +
                  ", or in --target one of " + llvm::join(TargetInfo::gpus(), ", "));
  }
  auto isGPU = [](StringRef name) { return TargetInfo::get(name)->isGPU(); };
  if (llvm::is_contained(options.artefacts, Artefact::PTX) && llvm::none_of(names, isGPU))
    return misuse("expected a GPU, " + llvm::join(TargetInfo::gpus(), ", ") + ", in --target with --emit=ptx");
  return std::nullopt;
}

static std::optional<Refusal> checkKinds(const Options &options) {
  for (StringRef kind : options.requireFused)
    if (!llvm::is_contained(kRecognizedKinds, kind))
      return misuse("expected kinds of " + llvm::join(llvm::ArrayRef(kRecognizedKinds), ", ") +
                    " in --require-fused, got '" + kind + "'");
  return std::nullopt;
}

static std::optional<Refusal> checkShapes(const Options &options) {
  for (StringRef shape : options.shapes)
    if (!parseInputShape(shape))
      return misuse("expected --shape NAME=1x3x224x224, got '" + shape + "'");
  for (const std::vector<std::string> &set : options.shapeSets)
    for (StringRef shape : set)
      if (!parseInputShape(shape))
        return misuse("expected --shapes NAME=1x3x224x224;NAME=8x3x224x224, got '" + shape + "'");
  if (options.shapeSets.size() > 1 && (options.report || options.verify))
    return misuse("expected one set in --shapes with --report or --verify, which tell of one function");
  return std::nullopt;
}

static std::optional<Refusal> checkPrecision(const Options &options) {
  std::string known = llvm::join(TargetInfo::precisions(), ", ");
  if (!llvm::is_contained(TargetInfo::precisions(), options.precision))
    return misuse("expected " + known + " in --precision, got '" + options.precision + "'");
  for (StringRef name : options.levels.empty() ? std::vector<std::string>{"host"} : options.levels)
    if (TargetInfo level = *TargetInfo::get(name); !level.withPrecision(options.precision))
      return Refusal{CannotCompile, "--precision=" + options.precision + " is for GPUs, and " + level.level +
                                        " is none: expected fp32, bf16 or auto"};
  return std::nullopt;
}

static std::optional<Refusal> checkTaps(const Options &options) {
  if (options.tapOnly && options.taps.empty())
    return misuse("expected --tap with --tap-only: nothing else is left to compute");
  for (StringRef tap : options.taps) {
    if (tap.empty())
      return misuse("expected a kind or the name of a tensor in --tap");
    if (startsWithTapKind(tap) && !parseTapRequest(tap))
      return misuse("expected --tap=" + tap.split(':').first + ":LAYERS with layers such as 0-3,-1, got '" + tap + "'");
  }
  return std::nullopt;
}

std::optional<Refusal> vitc::driver::checkOptions(const Options &options) {
  for (auto *check : {checkFiles, checkLevels, checkKinds, checkShapes, checkPrecision, checkTaps})
    if (std::optional<Refusal> refusal = check(options))
      return refusal;
  return std::nullopt;
}

std::vector<TargetInfo> vitc::driver::resolveLevels(const Options &options) {
  std::vector<std::string> names = options.levels;
  if (names.empty())
    names.push_back("host");
  llvm::SmallVector<std::string> wanted;
  for (StringRef name : names)
    wanted.push_back(TargetInfo::get(name)->level);
  std::vector<TargetInfo> targets;
  for (llvm::ArrayRef<llvm::StringLiteral> names : {TargetInfo::gpus(), TargetInfo::levels()})
    for (StringRef level : llvm::reverse(names))
      if (llvm::is_contained(wanted, level)) {
        targets.push_back(*TargetInfo::get(level)->withPrecision(options.precision));
        targets.back().plainProducts = options.plainProducts;
      }
  return targets;
}

const TargetInfo *vitc::driver::findRunnable(llvm::ArrayRef<TargetInfo> targets) {
  std::optional<TargetInfo> host = TargetInfo::get("host");
  const TargetInfo *found =
      llvm::find_if(targets, [&](const TargetInfo &target) { return host && host->runs(target); });
  return found == targets.end() ? nullptr : found;
}
