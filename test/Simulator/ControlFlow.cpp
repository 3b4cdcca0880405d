#include "Parser.h"

#include <algorithm>
#include <utility>

using namespace vitc::ptxsim;

namespace {

/// Immediate post-dominators over instructions, with one node more for the end of the kernel (Cooper, Harvey, Kennedy:
/// A Simple, Fast Dominance Algorithm, on the reversed graph).
class PostDominators {
public:
  explicit PostDominators(const Kernel &kernel) : end(std::int32_t(kernel.code.size())), successors(end + 1) {
    for (std::int32_t i = 0; i < end; ++i)
      addSuccessors(kernel.code[i], i);
    number();
    solve();
  }

  /// -1 where only the end of the kernel follows both sides.
  std::int32_t operator[](std::int32_t node) const {
    std::int32_t found = immediate[node];
    return found == end ? -1 : found;
  }

private:
  void addSuccessors(const Instruction &in, std::int32_t i) {
    std::vector<std::int32_t> &next = successors[i];
    bool exits = in.opcode.starts_with("exit") || in.opcode.starts_with("ret") || in.opcode.starts_with("trap");
    // Threads that leave early need not be waited for: the others meet as if there was no such exit.
    if (exits && !in.predicated)
      next.push_back(end);
    else if (!exits && in.target >= 0)
      next.push_back(in.target);
    next.insert(next.end(), in.targets.begin(), in.targets.end());
    bool alwaysLeaves = (exits || in.target >= 0 || !in.targets.empty()) && !in.predicated;
    if (!alwaysLeaves)
      next.push_back(std::min(i + 1, end));
  }

  /// Post-order of the reversed graph from the end; what never ends keeps no number.
  void number() {
    std::vector<std::vector<std::int32_t>> predecessors(end + 1);
    for (std::int32_t i = 0; i < end; ++i)
      for (std::int32_t next : successors[i])
        predecessors[next].push_back(i);
    order.assign(end + 1, -1);
    std::vector<std::pair<std::int32_t, std::size_t>> stack{{end, 0}};
    std::vector<bool> seen(end + 1);
    seen[end] = true;
    while (!stack.empty()) {
      auto &[node, child] = stack.back();
      if (child == predecessors[node].size()) {
        order[node] = std::int32_t(postOrder.size());
        postOrder.push_back(node);
        stack.pop_back();
        continue;
      }
      std::int32_t next = predecessors[node][child++];
      if (!seen[next]) {
        seen[next] = true;
        stack.push_back({next, 0});
      }
    }
  }

  std::int32_t intersect(std::int32_t a, std::int32_t b) const {
    while (a != b) {
      while (order[a] < order[b])
        a = immediate[a];
      while (order[b] < order[a])
        b = immediate[b];
    }
    return a;
  }

  void solve() {
    immediate.assign(end + 1, -1);
    immediate[end] = end;
    for (bool changed = true; changed;) {
      changed = false;
      for (auto it = postOrder.rbegin() + 1; it != postOrder.rend(); ++it) {
        std::int32_t found = -1;
        for (std::int32_t next : successors[*it])
          if (immediate[next] >= 0)
            found = found < 0 ? next : intersect(found, next);
        changed |= std::exchange(immediate[*it], found) != found;
      }
    }
  }

  std::int32_t end;
  std::vector<std::vector<std::int32_t>> successors;
  std::vector<std::int32_t> order, postOrder, immediate;
};

} // namespace

void vitc::ptxsim::findReconvergence(Kernel &kernel) {
  PostDominators dominators(kernel);
  for (std::size_t i = 0; i < kernel.code.size(); ++i)
    if (Instruction &in = kernel.code[i]; in.target >= 0 || !in.targets.empty())
      in.reconvergence = dominators[std::int32_t(i)];
}
