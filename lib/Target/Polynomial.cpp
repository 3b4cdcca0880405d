#include "vitc/Target/Program.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace vitc::target;

static bool isOne(const Term &term) {
  return llvm::all_of(term.power, [](uint8_t power) { return power == 0; });
}

Polynomial::Polynomial(int64_t constant) { add({constant, {}}); }

Polynomial Polynomial::symbol(size_t index) {
  assert(index < maxSymbols && "the runtime has room for maxSymbols dimensions");
  Term term{1, {}};
  term.power[index] = 1;
  Polynomial result;
  result.add(term);
  return result;
}

void Polynomial::add(const Term &term) {
  auto same = llvm::find_if(terms, [&](const Term &other) { return other.power == term.power; });
  if (same == terms.end()) {
    if (term.coefficient != 0)
      terms.push_back(term);
    return;
  }
  same->coefficient += term.coefficient;
  if (same->coefficient == 0)
    terms.erase(same);
}

bool Polynomial::isConstant() const { return llvm::all_of(terms, isOne); }

Polynomial Polynomial::operator+(const Polynomial &other) const {
  Polynomial sum = *this;
  for (const Term &term : other.terms)
    sum.add(term);
  return sum;
}

Polynomial Polynomial::operator*(const Polynomial &other) const {
  Polynomial product;
  for (const Term &left : terms)
    for (const Term &right : other.terms) {
      Term term{left.coefficient * right.coefficient, left.power};
      for (size_t i = 0; i < maxSymbols; ++i)
        term.power[i] += right.power[i];
      product.add(term);
    }
  return product;
}

int64_t Polynomial::evaluate(llvm::ArrayRef<int64_t> symbols) const {
  int64_t sum = 0;
  for (const Term &term : terms) {
    int64_t value = term.coefficient;
    for (size_t i = 0; i < maxSymbols; ++i)
      for (uint8_t power = 0; power < term.power[i]; ++power)
        value *= symbols[i];
    sum += value;
  }
  return sum;
}

/// `197*batch`; a coefficient of one is only printed where nothing else is.
static void printTerm(llvm::raw_ostream &os, const Term &term, llvm::ArrayRef<llvm::StringRef> names) {
  llvm::ListSeparator times("*");
  if (term.coefficient != 1 || isOne(term))
    os << times << term.coefficient;
  for (size_t i = 0; i < maxSymbols; ++i) {
    if (term.power[i] == 0)
      continue;
    os << times << names[i];
    if (term.power[i] > 1)
      os << '^' << unsigned(term.power[i]);
  }
}

std::string Polynomial::print(llvm::ArrayRef<llvm::StringRef> names) const {
  if (terms.empty())
    return "0";
  std::string text;
  llvm::raw_string_ostream os(text);
  for (const Term &term : terms) {
    if (!text.empty() && term.coefficient >= 0)
      os << '+';
    printTerm(os, term, names);
  }
  return text;
}
