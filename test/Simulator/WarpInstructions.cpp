#include "Decoder.h"
#include "LaneFunctions.h"
#include "Step.h"

#include <utility>

using namespace vitc::ptxsim;

// PTX ISA 8.x: "shfl.sync", "vote.sync", "match.sync", "redux.sync", "activemask", "elect.sync", "bar.warp.sync".
namespace {

using u64 = std::uint64_t;

enum class Shuffle : std::uint8_t { up, down, butterfly, indexed };

/// From which lane a lane takes its value, and whether that one is in range.
std::pair<unsigned, bool> shuffleSource(Shuffle mode, unsigned lane, unsigned b, unsigned c) {
  unsigned segments = c >> 8 & 31, low = lane & segments, high = low | (c & 31 & ~segments);
  b &= 31;
  int from = mode == Shuffle::up          ? int(lane) - int(b)
             : mode == Shuffle::down      ? int(lane + b)
             : mode == Shuffle::butterfly ? int(lane ^ b)
                                          : int(low | (b & ~segments));
  bool inRange = mode == Shuffle::up ? from >= int(high) : from <= int(high);
  return {inRange ? unsigned(from) : lane, inRange};
}

Outcome executeShuffle(Step &step) {
  const Register from = step.use(0); // a copy: the result may be the same register
  const Register &b = step.need(1, "a lane"), &c = step.need(2, "a lane");
  LaneValues values, inRange;
  LaneMask undefined = 0;
  forLanes(step.mask, [&](unsigned lane) {
    auto [source, valid] =
        shuffleSource(Shuffle(step.in.variant), lane, unsigned(b.lane[lane]), unsigned(c.lane[lane]));
    values[lane] = from.lane[source];
    inRange[lane] = valid;
    bool missing = !(step.mask >> source & 1) || (from.undefined >> source & 1);
    undefined |= LaneMask(missing) << lane;
  });
  step.set(0, values, undefined);
  if (step.in.results > 1)
    step.set(1, inRange);
  return Outcome::next;
}

enum class Vote : std::uint8_t { all, any, uniform, ballot };

Outcome executeVote(Step &step) {
  const Register &vote = step.need(0, "a vote");
  LaneMask yes = 0;
  forLanes(step.mask, [&](unsigned lane) { yes |= LaneMask((vote.lane[lane] & 1) != u64(step.in.immediate)) << lane; });
  switch (Vote(step.in.variant)) {
  case Vote::all:
    step.set(0, step.mask, yes == step.mask);
    break;
  case Vote::any:
    step.set(0, step.mask, yes != 0);
    break;
  case Vote::uniform:
    step.set(0, step.mask, yes == 0 || yes == step.mask);
    break;
  case Vote::ballot:
    step.set(0, step.mask, yes);
  }
  return Outcome::next;
}

/// match: the variant is 1 for .all.
Outcome executeMatch(Step &step) {
  const Register from = step.need(0, "a value to match");
  LaneValues result{}, all{};
  forLanes(step.mask, [&](unsigned lane) {
    LaneMask same = 0;
    forLanes(step.mask, [&](unsigned other) { same |= LaneMask(from.lane[other] == from.lane[lane]) << other; });
    all[lane] = same == step.mask;
    result[lane] = step.in.variant && same != step.mask ? 0 : same;
  });
  step.set(0, result);
  if (step.in.results > 1)
    step.set(1, all);
  return Outcome::next;
}

Outcome executeReduce(Step &step) {
  const Register &from = step.need(0, "a value to reduce");
  unsigned first = unsigned(__builtin_ctz(step.mask));
  u64 result = from.lane[first];
  forLanes(step.mask & (step.mask - 1),
           [&](unsigned lane) { result = step.in.lane(step.in, result, from.lane[lane], 0, 0); });
  step.set(0, step.mask, result);
  return Outcome::next;
}

Outcome executeActiveMask(Step &step) {
  step.set(0, step.mask, step.mask);
  return Outcome::next;
}

Outcome executeElect(Step &step) {
  unsigned leader = unsigned(__builtin_ctz(step.mask));
  LaneValues elected{};
  elected[leader] = 1;
  step.set(0, step.mask, leader);
  step.set(1, elected);
  return Outcome::next;
}

void addSources(Decoding &decoding, Type type) {
  for (std::size_t i = 1; i < decoding.operandCount(); ++i)
    decoding.addSource(decoding.operand(i), type);
}

/// Result and sources of an instruction whose modifiers are `.sync` and those of a list; the variant is the index.
void decodeMode(Decoding &decoding, std::initializer_list<std::string_view> modes, Handler execute) {
  if (!decoding.take("sync"))
    decoding.unsupported("the form without .sync");
  std::uint8_t index = 0, found = 255;
  for (std::string_view mode : modes) {
    if (decoding.take(mode))
      found = index;
    ++index;
  }
  if (found == 255 && modes.size())
    decoding.unsupported("the mode");
  decoding.out.variant = found;
  decoding.out.execute = execute;
  decoding.out.type = decoding.takeType().value_or(Type::b32);
  decoding.addResult(decoding.operand(0));
}

void decodeShuffle(Decoding &decoding) {
  decodeMode(decoding, {"up", "down", "bfly", "idx"}, withMembers<executeShuffle>);
  addSources(decoding, Type::b32);
}

void decodeVote(Decoding &decoding) {
  decodeMode(decoding, {"all", "any", "uni", "ballot"}, withMembers<executeVote>);
  ParsedOperand vote = decoding.operand(1);
  decoding.out.immediate = std::exchange(vote.negated, false);
  decoding.addSource(vote, Type::pred);
  decoding.addSource(decoding.operand(2), Type::b32);
}

void decodeMatch(Decoding &decoding) {
  decodeMode(decoding, {"any", "all"}, withMembers<executeMatch>);
  addSources(decoding, decoding.out.type);
}

void decodeReduce(Decoding &decoding) {
  constexpr std::string_view names[] = {"add", "min", "max", "and", "or", "xor"};
  decodeMode(decoding, {"add", "min", "max", "and", "or", "xor"}, withMembers<executeReduce>);
  decoding.out.lane = findLaneFunction(names[decoding.out.variant], decoding.out.type);
  addSources(decoding, decoding.out.type);
}

void decodeActiveMask(Decoding &decoding) {
  decoding.out.type = decoding.needType();
  decoding.out.execute = executeActiveMask;
  decoding.addResult(decoding.operand(0));
}

void decodeElect(Decoding &decoding) {
  decodeMode(decoding, {}, withMembers<executeElect>);
  if (decoding.out.results != 2)
    decoding.unsupported("the form without a predicate");
  addSources(decoding, Type::b32);
}

constexpr DecodeRule rules[] = {
    {"shfl", decodeShuffle},          {"vote", decodeVote},   {"match", decodeMatch}, {"redux", decodeReduce},
    {"activemask", decodeActiveMask}, {"elect", decodeElect},
};

} // namespace

std::span<const DecodeRule> vitc::ptxsim::warpRules() { return rules; }
