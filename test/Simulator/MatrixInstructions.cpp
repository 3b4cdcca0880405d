#include "AddressSpaces.h"
#include "Decoder.h"
#include "Matrix.h"
#include "TensorCore.h"

#include <cctype>

using namespace vitc::ptxsim;

// PTX ISA 8.x, "Warp Level Matrix Multiply-Accumulate Instructions": ldmatrix, stmatrix, mma.sync.
namespace {

/// 32-bit registers of a warp as [register][lane].
std::vector<std::uint32_t> gatherRegisters(const Step &step, unsigned first, unsigned count, const char *what) {
  std::vector<std::uint32_t> all;
  for (unsigned i = 0; i < count; ++i)
    for (std::uint64_t value : step.need(first + i, what).lane)
      all.push_back(std::uint32_t(value));
  return all;
}

void setRegisters(Step &step, std::span<const std::uint32_t> all, std::span<const LaneMask> undefined) {
  for (unsigned i = 0; i < step.in.results; ++i) {
    LaneValues values;
    for (unsigned lane = 0; lane < warpSize; ++lane)
      values[lane] = all[i * warpSize + lane];
    step.set(i, values, undefined.empty() ? 0 : undefined[i]);
  }
}

/// Where the row of a matrix begins.
Place rowPlace(Step &step, unsigned matrix, unsigned row) {
  unsigned lane = addressLane(matrix, row);
  Place place = sharedPlace(step, 0, lane);
  checkAligned(step, place.address, 16, lane);
  return place;
}

/// ldmatrix; the variant is 1 for .trans.
Outcome executeLoadMatrix(Step &step) {
  unsigned count = step.in.results;
  std::vector<MatrixRow> rows(count * 8);
  std::vector<LaneMask> undefined(count);
  for (unsigned matrix = 0; matrix < count; ++matrix)
    for (unsigned row = 0; row < 8; ++row)
      // One row that was never written makes the whole register undefined: fine enough to find faults.
      if (!loadBytes(step, rowPlace(step, matrix, row), addressLane(matrix, row), rows[matrix * 8 + row]))
        undefined[matrix] = ~0u;
  std::vector<std::uint32_t> registers(count * warpSize);
  loadMatrices(rows, step.in.variant, registers);
  setRegisters(step, registers, undefined);
  return Outcome::next;
}

Outcome executeStoreMatrix(Step &step) {
  unsigned count = step.in.sources - 1u;
  std::vector<MatrixRow> rows(count * 8);
  storeMatrices(gatherRegisters(step, 1, count, "a stored value"), step.in.variant, rows);
  for (unsigned matrix = 0; matrix < count; ++matrix)
    for (unsigned row = 0; row < 8; ++row)
      storeBytes(step, rowPlace(step, matrix, row), addressLane(matrix, row), rows[matrix * 8 + row]);
  return Outcome::next;
}

Outcome executeProduct(Step &step) {
  const MatrixProduct &product = step.in.product;
  unsigned a = product.registersA(), b = product.registersB(), c = product.registersD();
  std::vector<std::uint32_t> sums = gatherRegisters(step, a + b, c, "an accumulator");
  warpProduct(product, gatherRegisters(step, 0, a, "an element of A"), gatherRegisters(step, a, b, "an element of B"),
              sums, sums);
  setRegisters(step, sums, {});
  return Outcome::next;
}

void decodeMatrixAccess(Decoding &decoding) {
  Instruction &in = decoding.out;
  bool loads = decoding.name() == "ldmatrix";
  in.aligned = decoding.take("sync") && decoding.take("aligned");
  unsigned count = decoding.take("x4") ? 4 : decoding.take("x2") ? 2 : 1;
  decoding.take("x1");
  if (!decoding.take("m8n8") || !decoding.take("b16"))
    decoding.unsupported("the shape");
  in.variant = decoding.take("trans");
  in.space = decoding.takeSpace().value_or(Space::generic);
  if (loads)
    decoding.addResult(decoding.operand(0));
  decoding.addAddress(decoding.operand(loads));
  if (!loads)
    decoding.addSource(decoding.operand(1), Type::b32);
  if ((loads ? in.results : in.sources - 1u) != count)
    decoding.unsupported("the number of registers");
  in.execute = loads ? executeLoadMatrix : executeStoreMatrix;
}

void decodeProduct(Decoding &decoding) {
  Instruction &in = decoding.out;
  in.aligned = decoding.take("sync") && decoding.take("aligned");
  takeShape(decoding);
  if (!decoding.take("row") || !decoding.take("col"))
    decoding.unsupported("the layout");
  takeProductTypes(decoding);
  decoding.needType(); // of C, which is that of D
  in.product.checkMma();
  decoding.addAll(Type::b32);
  const MatrixProduct &product = in.product;
  if (in.results != product.registersD() ||
      in.sources != product.registersA() + product.registersB() + product.registersD())
    decoding.unsupported("the number of registers");
  in.execute = executeProduct;
}

constexpr DecodeRule rules[] = {
    {"ldmatrix", decodeMatrixAccess}, {"stmatrix", decodeMatrixAccess}, {"mma", decodeProduct}};

} // namespace

void vitc::ptxsim::takeShape(Decoding &decoding) {
  std::string_view text = decoding.takePrefix("m").value_or("");
  unsigned *sizes[] = {&decoding.out.product.m, &decoding.out.product.n, &decoding.out.product.k};
  unsigned which = 0;
  for (char c : text)
    if (std::isdigit((unsigned char)c) && which)
      *sizes[which - 1] = *sizes[which - 1] * 10 + unsigned(c - '0');
    else if (which == 3 || c != "mnk"[which++])
      decoding.unsupported("the shape");
}

void vitc::ptxsim::takeProductTypes(Decoding &decoding) {
  MatrixProduct &product = decoding.out.product;
  Type d = decoding.needType(), a = decoding.needType(), b = decoding.needType();
  constexpr std::pair<Type, MatrixElement> elements[] = {
      {Type::f16, MatrixElement::f16}, {Type::bf16, MatrixElement::bf16}, {Type::tf32, MatrixElement::tf32}};
  bool known = false;
  for (auto [type, element] : elements)
    if (type == a && a == b) {
      product.element = element;
      known = true;
    }
  if (!known || (d != Type::f32 && d != Type::f16))
    decoding.unsupported("the types");
  product.accumulator = d == Type::f32 ? Accumulator::f32 : Accumulator::f16;
}

std::span<const DecodeRule> vitc::ptxsim::matrixRules() { return rules; }
