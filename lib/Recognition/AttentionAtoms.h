#ifndef VITC_RECOGNITION_ATTENTIONATOMS_H
#define VITC_RECOGNITION_ATTENTIONATOMS_H

#include "vitc/Recognition/AxisMap.h"

namespace vitc {

/// The readers of a loop, in the order of `Atom::digits`; addends follow.
enum Reader { kQuery, kKey, kValue, kProbs, kAddends };

/// A stretch of indices that no reader cuts further, as each reader counts through it.
struct Atom {
  Extent extent;
  llvm::SmallVector<Digit> digits; ///< one a reader
  enum Role { Batch, Head, Query, Key, Feature } role = Batch;
};

/// The loops of the product with the values, cut into atoms, the outermost first. Roles make dimensions of them: one of
/// each batch atom, then for each role in a list the number that all its atoms count together, the last one fastest.
class Atoms {
public:
  /// Cuts a loop by the axes that its readers index with it. Fails where they do not divide.
  mlir::LogicalResult addLoop(llvm::SmallVector<Axis> axes);

  /// A reader's map with the dimensions (batch.., roles..), of which there is at least one batch.
  AxisMap withAxes(const AxisMap &map, Reader reader, llvm::ArrayRef<Atom::Role> roles) const;

  /// Every loop over the dimensions (batch.., roles..); atoms of other roles are left out.
  llvm::SmallVector<Axis> axesOfLoops(llvm::ArrayRef<Atom::Role> roles) const;

  /// Likewise, dimension `dim` of the probabilities.
  Axis axisOfProbs(int64_t dim, llvm::ArrayRef<Atom::Role> roles) const;

  llvm::SmallVector<llvm::SmallVector<Atom>> loops;

private:
  llvm::SmallVector<const Atom *> ordered() const;
  Digit place(const Atom &atom, llvm::ArrayRef<Atom::Role> roles) const;
};

} // namespace vitc

#endif // VITC_RECOGNITION_ATTENTIONATOMS_H
