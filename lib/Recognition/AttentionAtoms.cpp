#include "AttentionAtoms.h"

using namespace mlir;
using namespace vitc;

/// Innermost first, always by a digit that divides all others.
LogicalResult Atoms::addLoop(SmallVector<Axis> axes) {
  SmallVector<Atom> atoms;
  while (llvm::any_of(axes, [](const Axis &axis) { return !axis.empty(); })) {
    if (llvm::any_of(axes, [](const Axis &axis) { return axis.empty(); }))
      return failure();
    const Axis *smallest = llvm::find_if(axes, [&](const Axis &candidate) {
      return llvm::all_of(
          axes, [&](const Axis &axis) { return axis.back().extent.dividedBy(candidate.back().extent).has_value(); });
    });
    if (smallest == axes.end())
      return failure();
    Atom atom{smallest->back().extent, {}};
    for (Axis &axis : axes) {
      Digit digit = axis.pop_back_val();
      Extent outer = *digit.extent.dividedBy(atom.extent);
      atom.digits.push_back({atom.extent, digit.dim, digit.stride});
      if (!outer.isOne())
        axis.push_back({outer, digit.dim, digit.isFree() ? Extent(1) : digit.stride * atom.extent});
    }
    atoms.push_back(atom);
  }
  std::reverse(atoms.begin(), atoms.end());
  loops.push_back(std::move(atoms));
  return success();
}

SmallVector<const Atom *> Atoms::ordered() const {
  SmallVector<const Atom *> all;
  for (const SmallVector<Atom> &loop : loops)
    for (const Atom &atom : loop)
      all.push_back(&atom);
  return all;
}

AxisMap Atoms::withAxes(const AxisMap &map, Reader reader, ArrayRef<Atom::Role> roles) const {
  AxisMap result = map;
  result.axes.clear();
  for (const Atom *atom : ordered())
    if (atom->role == Atom::Batch)
      appendDigit(result.axes.emplace_back(), atom->digits[reader]);
  if (result.axes.empty())
    result.axes.emplace_back();
  for (Atom::Role role : roles) {
    Axis &axis = result.axes.emplace_back();
    for (const Atom *atom : ordered())
      if (atom->role == role)
        appendDigit(axis, atom->digits[reader]);
  }
  return result;
}

/// How an atom counts through its dimension of (batch.., roles..).
Digit Atoms::place(const Atom &atom, ArrayRef<Atom::Role> roles) const {
  SmallVector<const Atom *> all = ordered();
  auto self = llvm::find(all, &atom);
  auto isBatch = [](const Atom *other) { return other->role == Atom::Batch; };
  if (isBatch(&atom))
    return {atom.extent, std::count_if(all.begin(), self, isBatch), 1};
  int64_t batches = std::max<int64_t>(llvm::count_if(all, isBatch), 1);
  Extent stride;
  for (const Atom *inner : llvm::make_range(std::next(self), all.end()))
    if (inner->role == atom.role)
      stride = stride * inner->extent;
  return {atom.extent, batches + std::distance(roles.begin(), llvm::find(roles, atom.role)), stride};
}

SmallVector<Axis> Atoms::axesOfLoops(ArrayRef<Atom::Role> roles) const {
  SmallVector<Axis> axes(loops.size());
  for (auto [axis, loop] : llvm::zip_equal(axes, loops))
    for (const Atom &atom : loop)
      if (atom.role == Atom::Batch || llvm::is_contained(roles, atom.role))
        appendDigit(axis, place(atom, roles));
  return axes;
}

Axis Atoms::axisOfProbs(int64_t dim, ArrayRef<Atom::Role> roles) const {
  SmallVector<const Atom *> here; // outermost first
  auto isOuter = [](const Atom *a, const Atom *b) {
    std::optional<Extent> ratio = a->digits[kProbs].stride.dividedBy(b->digits[kProbs].stride);
    return ratio && !ratio->isOne();
  };
  for (const Atom *atom : ordered())
    if (atom->digits[kProbs].dim == dim)
      here.insert(llvm::upper_bound(here, atom, isOuter), atom);
  Axis axis;
  for (const Atom *atom : here)
    appendDigit(axis, place(*atom, roles));
  return axis;
}
