#ifndef VITC_TARGET_ELFPATCH_H
#define VITC_TARGET_ELFPATCH_H

#include "vitc/Target/Weights.h"

namespace vitc::target {

/// Appends the weights to a linked ELF file at a page boundary and makes its section `.vitc.weights`, and in a library
/// the segment made of it, read them from there.
llvm::Error embedWeights(int file, const Weights &weights);

} // namespace vitc::target

#endif // VITC_TARGET_ELFPATCH_H
