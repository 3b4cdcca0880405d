#ifndef VITC_DRIVER_COMPARELIBRARIES_H
#define VITC_DRIVER_COMPARELIBRARIES_H

#include "vitc/Run/Inputs.h"

#include "llvm/Support/raw_ostream.h"

namespace vitc::driver {

/// Compiled libraries. `reference` and `fused` return the outputs of the graph and those of the nodes, `delivered` of
/// the former those that it has, and what `taps`, if there is one, returns.
struct VerifiedLibraries {
  llvm::StringRef reference, fused, taps, delivered;
};

/// How far a program may be from the reference.
struct Tolerance {
  double relative = 1e-4; ///< of differences to the largest magnitude of the reference
  /// Where it is set, what counts instead: the least cosine, for products of fewer bits. Their differences add up from
  /// layer to layer, while what they mean is kept.
  std::optional<double> cosine;
};

/// How far one output of a program is from the reference's.
struct Comparison {
  std::string name; ///< of a node, or of an output
  bool isNode = false;
  run::Difference difference;

  bool agrees(const Tolerance &tolerance) const {
    if (difference.notNumbers)
      return false;
    return tolerance.cosine ? difference.cosine >= *tolerance.cosine
                            : difference.largest <= tolerance.relative * difference.scale;
  }
};

/// Runs the libraries in a child process, on the arrays of the .npz file `inputs` and on drawn numbers for what it has
/// not. Nodes come first, in their order, then the outputs of the delivered library.
llvm::Expected<std::vector<Comparison>> compareLibraries(const VerifiedLibraries &libraries,
                                                         llvm::ArrayRef<std::string> nodes, llvm::StringRef inputs);

/// Says how far the programs agree, or which node drifts first by more than the tolerance; returns whether they do.
bool printVerdict(llvm::ArrayRef<Comparison> comparisons, const Tolerance &tolerance, llvm::raw_ostream &out,
                  llvm::raw_ostream &err);

} // namespace vitc::driver

#endif // VITC_DRIVER_COMPARELIBRARIES_H
