#ifndef VITC_RUN_INPUTS_H
#define VITC_RUN_INPUTS_H

#include "vitc/Run/Model.h"

namespace vitc::run {

/// Adds to `arrays` what "file.npz" or "name=file.npy" says; a file of one array without a name gets `only`.
llvm::Error readNamed(llvm::StringRef argument, llvm::StringRef only, Arrays &arrays);

/// Of functions that differ in their shapes the first that takes the given inputs; the first of all where none does.
const FunctionInfo &chooseFunction(llvm::ArrayRef<FunctionInfo> functions, const Arrays &inputs);

/// The extent of each symbol of the function: from the inputs that are given, else from `chosen`, else 1.
llvm::Expected<Extents> resolveDims(const FunctionInfo &function, const Arrays &inputs, const Extents &chosen);

/// Draws every input that is not there: floats from a normal distribution, integers from 0 to 9.
llvm::Error drawInputs(const FunctionInfo &function, const Extents &dims, uint64_t seed, Arrays &inputs);

/// How far an output is from what was expected.
struct Difference {
  double largest = 0;      ///< max |got - expected|
  double scale = 0;        ///< max |expected|
  int64_t where = 0;       ///< of the largest
  bool notNumbers = false; ///< a NaN or infinity on one side alone
  double cosine = 1;       ///< of the angle between both as vectors of their finite elements; 1 where both are zero
};

llvm::Expected<Difference> compare(const Array &got, const Array &expected);

} // namespace vitc::run

#endif // VITC_RUN_INPUTS_H
