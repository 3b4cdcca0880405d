#ifndef VITC_DRIVER_DRIVER_H
#define VITC_DRIVER_DRIVER_H

#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/raw_ostream.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace vitc::driver {

/// The stages of a compilation, in order; see docs/Architecture.md.
enum class Stage { ONNX, Linalg, ViT, Fused, Tiled, Vector, LLVM, Library };

/// Files a compilation may leave.
enum class Artefact { SharedLibrary, Object, Header, Assembly, PTX };

enum class ExplainFormat { None, Text, JSON };

struct Options {
  std::string input;                  ///< an ONNX file
  std::string output;                 ///< path of the shared library; the other artefacts stand beside it
  std::vector<std::string> shapes;    ///< `NAME=1x3x224x224`
  std::vector<std::string> constants; ///< `NAME=FILE.npy`, or a .npz file: inputs that are constants
  /// Of `--shapes`: each item has the shapes of one function of the library, as in `shapes`.
  std::vector<std::vector<std::string>> shapeSets;
  std::vector<std::string> taps;         ///< kinds of tensors, or names of some, that become outputs
  bool tapOnly = false;                  ///< whether they are the only outputs
  std::vector<std::string> levels;       ///< CPU levels; empty: the host's
  std::vector<Artefact> artefacts;       ///< empty: the shared library
  std::vector<std::string> requireFused; ///< kinds of which none may be missed
  std::string precision = "fp32";        ///< of products: fp32, bf16 or auto
  bool plainProducts = false;            ///< neither Strassen's nor Winograd's algorithm
  std::string prefix;                    ///< of PREFIX_model_v1; empty: from the output's name
  Stage stopAfter = Stage::Library;      ///< `--compile-to`: print the IR after this stage
  uint64_t maxMemory = 0;                ///< bytes that vitc may allocate; 0: no bound. Beyond it the process ends
  ExplainFormat explain = ExplainFormat::None;
  std::optional<std::string> verify; ///< the .npz file of inputs to compare with the unfused path on; empty: drawn ones
  std::string tuning;                ///< the file of measured schedules; empty: none
  double tuneSeconds = 0;            ///< how long to measure schedules, which go to that file; 0: not at all
  bool report = false;               ///< print what the model costs
  bool externalWeights = false;
  bool quiet = false; ///< no progress on a terminal
};

/// What the process returns: DESIGN.md's exit codes.
enum ExitCode : int { Done = 0, CannotCompile = 1, Usage = 2 };

/// Compiles one model. IR and reports go to `out`, messages to `err`; a failure leaves no file behind.
ExitCode compile(const Options &options, llvm::raw_ostream &out, llvm::raw_ostream &err);

/// Prints what a compiled library holds (its `info_json`); works on any processor.
ExitCode printInfo(llvm::StringRef path, llvm::raw_ostream &out, llvm::raw_ostream &err);

} // namespace vitc::driver

#endif // VITC_DRIVER_DRIVER_H
