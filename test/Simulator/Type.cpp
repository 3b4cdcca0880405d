#include "Type.h"

#include <array>
#include <utility>

using namespace vitc::ptxsim;

namespace {

struct TypeInfo {
  std::string_view name;
  Type type;
  unsigned bits;
};

constexpr TypeInfo types[] = {
    {"none", Type::none, 0},  {"pred", Type::pred, 1},    {"b8", Type::b8, 8},          {"b16", Type::b16, 16},
    {"b32", Type::b32, 32},   {"b64", Type::b64, 64},     {"b128", Type::b128, 128},    {"u8", Type::u8, 8},
    {"u16", Type::u16, 16},   {"u32", Type::u32, 32},     {"u64", Type::u64, 64},       {"s8", Type::s8, 8},
    {"s16", Type::s16, 16},   {"s32", Type::s32, 32},     {"s64", Type::s64, 64},       {"f16", Type::f16, 16},
    {"bf16", Type::bf16, 16}, {"f16x2", Type::f16x2, 32}, {"bf16x2", Type::bf16x2, 32}, {"tf32", Type::tf32, 32},
    {"f32", Type::f32, 32},   {"f64", Type::f64, 64},
};

constexpr std::pair<std::string_view, Space> spaces[] = {
    {"global", Space::global},     {"const", Space::global}, // constants are placed into global memory
    {"shared", Space::shared},     {"shared::cta", Space::shared}, {"shared::cluster", Space::shared},
    {"local", Space::local},       {"param", Space::param},        {"param::entry", Space::param},
    {"param::func", Space::param},
};

// Unsigned orders (lo, ls, hi, hs) are the ordered ones: the type says that they are unsigned.
constexpr std::pair<std::string_view, Compare> compares[] = {
    {"eq", Compare::eq},   {"ne", Compare::ne},   {"lt", Compare::lt},   {"le", Compare::le},   {"gt", Compare::gt},
    {"ge", Compare::ge},   {"lo", Compare::lt},   {"ls", Compare::le},   {"hi", Compare::gt},   {"hs", Compare::ge},
    {"equ", Compare::equ}, {"neu", Compare::neu}, {"ltu", Compare::ltu}, {"leu", Compare::leu}, {"gtu", Compare::gtu},
    {"geu", Compare::geu}, {"num", Compare::num}, {"nan", Compare::nan},
};

template <typename Value, std::size_t size>
std::optional<Value> lookUp(const std::pair<std::string_view, Value> (&table)[size], std::string_view name) {
  for (const auto &[key, value] : table)
    if (key == name)
      return value;
  return std::nullopt;
}

} // namespace

std::optional<Type> vitc::ptxsim::parseType(std::string_view name) {
  for (const TypeInfo &info : types)
    if (info.type != Type::none && info.name == name)
      return info.type;
  return std::nullopt;
}

std::optional<Space> vitc::ptxsim::parseSpace(std::string_view name) { return lookUp(spaces, name); }
std::optional<Compare> vitc::ptxsim::parseCompare(std::string_view name) { return lookUp(compares, name); }

unsigned vitc::ptxsim::bitsOf(Type type) { return types[unsigned(type)].bits; }
bool vitc::ptxsim::isSigned(Type type) { return type >= Type::s8 && type <= Type::s64; }
bool vitc::ptxsim::isFloat(Type type) { return type >= Type::f16; }
