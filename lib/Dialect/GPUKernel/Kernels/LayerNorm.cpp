#include "vitc/Dialect/GPUKernel/Kernels/LayerNorm.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace vitc::vgpu;

/// Elements that a lane loads together, and rows of a block.
static constexpr unsigned pieceElements = 8, rowsOfBlock = 4;

std::string vitc::vgpu::whyUnsupported(const LayerNormConfig &config) {
  if (config.width <= 0 || config.width > 2048 || config.width % pieceElements != 0)
    return "rows have 8 to 2048 elements, a multiple of 8";
  if (config.input == Element::TF32 || config.output == Element::TF32)
    return "elements are bf16, f16 or f32";
  return "";
}

LaunchPlan vitc::vgpu::planLayerNorm(StringRef name, const LayerNormConfig &config) {
  LaunchPlan plan;
  plan.kernel = name.str();
  plan.grid[0] = {GridSize::Rows, 1, rowsOfBlock};
  plan.block = {32 * rowsOfBlock, 1, 1};
  plan.addPointer("x");
  plan.addPointer("y");
  if (config.weight)
    plan.addPointer("weight");
  if (config.bias)
    plan.addPointer("bias");
  plan.addInt32("rows");
  return plan;
}

namespace {

class LayerNormEmitter {
public:
  LayerNormEmitter(NVVMEmitter &emitter, const LayerNormConfig &config)
      : e(emitter), config(config), pieces(config.width / pieceElements) {}
  void emit();

private:
  using Values = NVVMEmitter::Values;
  /// Eight elements of a row: of lane l and turn t the piece 32 t + l. Lanes without one hold zeros.
  struct Piece {
    Value index, isValid; ///< null: all lanes have one
    Values elements;
  };
  void emitRow(Value row);
  Piece loadPiece(Value row, unsigned turn);
  void storePiece(Value row, const Piece &piece, const Values &elements);
  Values loadVector(StringRef vector, Value index);
  Value sumOfRow(Values terms);
  Value rowPointer(StringRef tensor, Value row, Element element, Value index);

  NVVMEmitter &e;
  const LayerNormConfig &config;
  const unsigned pieces;
  Value lane;
};

} // namespace

Value LayerNormEmitter::rowPointer(StringRef tensor, Value row, Element element, Value index) {
  Value at = e.add(e.mul(e.zext64(row), e.i64(config.width)), e.zext64(e.mul(index, pieceElements)));
  return e.element(e.argument(tensor), at, e.type(element));
}

LayerNormEmitter::Piece LayerNormEmitter::loadPiece(Value row, unsigned turn) {
  Piece piece{e.add(lane, 32 * turn), {}, {}};
  if (32 * (turn + 1) > pieces) {
    piece.isValid = e.less(piece.index, e.i32(pieces));
    piece.index = e.umin(piece.index, e.i32(pieces - 1));
  }
  Value pointer = rowPointer("x", row, config.input, piece.index);
  if (config.input == Element::F32) {
    piece.elements = e.loadFloats(pointer, 4);
    piece.elements.append(e.loadFloats(e.offset(pointer, 16), 4));
  } else {
    for (Value pair : e.extract(e.load(VectorType::get(4, e.builder.getI32Type()), pointer, 16)))
      llvm::append_range(piece.elements, e.unpack(config.input, pair));
  }
  if (piece.isValid)
    for (Value &element : piece.elements)
      element = e.select(piece.isValid, element, e.f32(0));
  return piece;
}

Value LayerNormEmitter::sumOfRow(Values terms) {
  Value sum = e.reduce(std::move(terms), [&](Value a, Value b) { return e.fadd(a, b); });
  for (unsigned mask = 16; mask > 0; mask /= 2)
    sum = e.fadd(sum, e.shuffleXor(sum, mask));
  return sum;
}

LayerNormEmitter::Values LayerNormEmitter::loadVector(StringRef vector, Value index) {
  Value pointer = e.element(e.argument(vector), e.mul(index, pieceElements), e.type(Element::F32));
  Values elements = e.loadFloats(pointer, 4);
  elements.append(e.loadFloats(e.offset(pointer, 16), 4));
  return elements;
}

void LayerNormEmitter::storePiece(Value row, const Piece &piece, const Values &elements) {
  Value pointer = rowPointer("y", row, config.output, piece.index);
  auto store = [&] {
    if (config.output == Element::F32) {
      e.storeVector(Values(elements.begin(), elements.begin() + 4), pointer);
      e.storeVector(Values(elements.begin() + 4, elements.end()), e.offset(pointer, 16));
      return;
    }
    Values pairs;
    for (unsigned i = 0; i < pieceElements; i += 2)
      pairs.push_back(e.pack(config.output, elements[i], elements[i + 1]));
    e.storeVector(pairs, pointer);
  };
  if (piece.isValid)
    e.ifThen(piece.isValid, store);
  else
    store();
}

void LayerNormEmitter::emitRow(Value row) {
  SmallVector<Piece> all;
  Values terms;
  for (unsigned turn = 0; turn < llvm::divideCeil(pieces, 32u); ++turn) {
    all.push_back(loadPiece(row, turn));
    terms.append(all.back().elements);
  }
  Value scale = e.f32(1.0 / config.width);
  if (!config.rms) {
    Value mean = e.fmul(sumOfRow(terms), scale);
    for (Piece &piece : all)
      for (Value &element : piece.elements) {
        element = e.fsub(element, mean);
        if (piece.isValid)
          element = e.select(piece.isValid, element, e.f32(0));
      }
  }
  terms.clear();
  for (const Piece &piece : all)
    for (Value element : piece.elements)
      terms.push_back(e.fmul(element, element));
  Value deviation = e.rsqrt(e.fma(sumOfRow(terms), scale, e.f32(config.epsilon)));
  for (const Piece &piece : all) {
    Values weight, bias, results;
    if (config.weight)
      weight = loadVector("weight", piece.index);
    if (config.bias)
      bias = loadVector("bias", piece.index);
    for (auto [i, element] : llvm::enumerate(piece.elements)) {
      Value result = e.fmul(element, deviation);
      if (config.weight && config.bias)
        result = e.fma(result, weight[i], bias[i]);
      else if (config.weight)
        result = e.fmul(result, weight[i]);
      else if (config.bias)
        result = e.fadd(result, bias[i]);
      results.push_back(result);
    }
    storePiece(row, piece, results);
  }
}

void LayerNormEmitter::emit() {
  Value thread = e.threadId();
  lane = e.bitAnd(thread, 31);
  Value row = e.uniform(e.add(e.mul(e.blockId(0), rowsOfBlock), e.lshr(thread, 5)));
  e.ifThen(e.less(row, e.argument("rows")), [&] { emitRow(row); });
  e.finish();
}

LogicalResult vitc::vgpu::emitLayerNorm(OpBuilder &builder, gpu::GPUModuleOp module, StringRef name,
                                        const LayerNormConfig &config) {
  if (std::string reason = whyUnsupported(config); !reason.empty())
    return module.emitError("expected a norm that one warp a row can compute, got one where ") << reason;
  LaunchPlan plan = planLayerNorm(name, config);
  NVVMEmitter emitter(builder, module, plan);
  LayerNormEmitter(emitter, config).emit();
  return success();
}
