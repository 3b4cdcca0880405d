#include "vitc/Target/Codegen.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/Bitcode/BitcodeWriter.h"
#include "llvm/IR/Module.h"
#include "llvm/Transforms/Utils/Cloning.h"

#include <algorithm>

using namespace vitc;
using namespace vitc::target;

using PartOf = llvm::DenseMap<const llvm::GlobalValue *, unsigned>;

/// Deals functions to parts: the largest first, each to the part that is the smallest so far.
static PartOf dealFunctions(llvm::Module &module, unsigned parts) {
  struct Sized {
    uint64_t size;
    size_t position;
    const llvm::Function *function;
  };
  std::vector<Sized> functions;
  for (const llvm::Function &function : module)
    if (!function.isDeclaration() && !function.hasLocalLinkage())
      functions.push_back({function.getInstructionCount(), functions.size(), &function});
  llvm::sort(functions, [](const Sized &a, const Sized &b) {
    return std::make_pair(b.size, a.position) < std::make_pair(a.size, b.position);
  });

  PartOf partOf;
  std::vector<uint64_t> load(parts, 0);
  for (const Sized &sized : functions) {
    auto smallest = std::min_element(load.begin(), load.end());
    *smallest += sized.size;
    partOf[sized.function] = smallest - load.begin();
  }
  return partOf;
}

/// Variables that only the module sees but that are written exist once: they get a name that other parts can use.
static void externalizeVariables(llvm::Module &module) {
  unsigned number = 0;
  for (llvm::GlobalVariable &variable : module.globals()) {
    if (!variable.hasLocalLinkage() || variable.isConstant())
      continue;
    if (!variable.hasName())
      variable.setName("variable." + llvm::Twine(number++));
    variable.setLinkage(llvm::GlobalValue::ExternalLinkage);
    variable.setVisibility(llvm::GlobalValue::HiddenVisibility);
    variable.setDSOLocal(true);
  }
}

/// Drops what only other parts use, so that no part declares what it does not need.
static void dropUnused(llvm::Module &part) {
  bool changed = true;
  while (changed) {
    changed = false;
    for (llvm::GlobalValue &value : llvm::make_early_inc_range(part.global_values())) {
      value.removeDeadConstantUsers();
      if (!value.use_empty() || !(value.isDeclaration() || value.hasLocalLinkage()))
        continue;
      value.eraseFromParent();
      changed = true;
    }
  }
}

std::vector<Code> target::partitionModule(llvm::Module &module, unsigned parts) {
  externalizeVariables(module);
  PartOf partOf = dealFunctions(module, parts);
  std::vector<Code> bitcodes;
  for (unsigned index = 0; index < parts; ++index) {
    bool empty = true;
    llvm::ValueToValueMapTy map;
    std::unique_ptr<llvm::Module> part = llvm::CloneModule(module, map, [&](const llvm::GlobalValue *value) {
      bool here = value->hasLocalLinkage() || partOf.lookup(value) == index;
      empty &= value->hasLocalLinkage() || !here;
      return here;
    });
    if (empty)
      continue;
    dropUnused(*part);
    Code &bitcode = bitcodes.emplace_back();
    llvm::BitcodeWriter writer(bitcode);
    writer.writeModule(*part);
    writer.writeSymtab();
    writer.writeStrtab();
  }
  return bitcodes;
}
