#include "vitc/Run/NumPy.h"

#include "Zip.h"

#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FileOutputBuffer.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

#include <cstring>

using namespace vitc::run;
using llvm::Error;
using llvm::Expected;
using llvm::StringRef;
namespace endian = llvm::support::endian;

// What ml_dtypes saves says no more than how many bytes an element has.
static const ElementType elementTypes[] = {
    {"float32", "<f4", {kDLFloat, 32, 1}},
    {"float64", "<f8", {kDLFloat, 64, 1}},
    {"float16", "<f2", {kDLFloat, 16, 1}},
    {"bfloat16", "<V2", {kDLBfloat, 16, 1}},
    {"int8", "|i1", {kDLInt, 8, 1}},
    {"int16", "<i2", {kDLInt, 16, 1}},
    {"int32", "<i4", {kDLInt, 32, 1}},
    {"int64", "<i8", {kDLInt, 64, 1}},
    {"uint8", "|u1", {kDLUInt, 8, 1}},
    {"uint16", "<u2", {kDLUInt, 16, 1}},
    {"uint32", "<u4", {kDLUInt, 32, 1}},
    {"uint64", "<u8", {kDLUInt, 64, 1}},
    {"bool", "|b1", {kDLBool, 8, 1}},
    {"float8_e4m3fn", "|V1", {kDLFloat8_e4m3fn, 8, 1}},
    {"float8_e4m3fnuz", "|V1", {kDLFloat8_e4m3fnuz, 8, 1}},
    {"float8_e5m2", "<f1", {kDLFloat8_e5m2, 8, 1}},
    {"float8_e5m2fnuz", "|V1", {kDLFloat8_e5m2fnuz, 8, 1}},
    {"float8_e8m0fnu", "|V1", {kDLFloat8_e8m0fnu, 8, 1}},
    {"float4_e2m1fn", "|V1", {kDLFloat4_e2m1fn, 4, 1}},
    {"int4", "|V1", {kDLInt, 4, 1}},
    {"uint4", "|V1", {kDLUInt, 4, 1}},
    {"int2", "|V1", {kDLInt, 2, 1}},
    {"uint2", "|V1", {kDLUInt, 2, 1}},
};

const ElementType *vitc::run::findType(StringRef name) {
  for (const ElementType &type : elementTypes)
    if (name == type.name)
      return &type;
  return nullptr;
}

static const ElementType *findDescr(StringRef descr) {
  if (descr == "|V1")
    return nullptr; // any of several
  for (const ElementType &type : elementTypes)
    if (descr == type.descr || (descr == "|V2" && type.type.code == kDLBfloat))
      return &type;
  return nullptr;
}

int64_t Array::size() const { return int64_t(bytes.size()) / type->bytes(); }

static double smallToDouble(const llvm::fltSemantics &semantics, const char *at) {
  unsigned bits = llvm::APFloat::getSizeInBits(semantics);
  uint16_t stored = bits == 16 ? endian::read16le(at) : uint8_t(*at);
  llvm::APFloat number(semantics, llvm::APInt(bits, stored, /*isSigned=*/false, /*implicitTrunc=*/true));
  bool loses;
  number.convert(llvm::APFloat::IEEEdouble(), llvm::APFloat::rmNearestTiesToEven, &loses);
  return number.convertToDouble();
}

static void storeSmall(const llvm::fltSemantics &semantics, double value, char *at) {
  bool loses;
  llvm::APFloat number(value);
  number.convert(semantics, llvm::APFloat::rmNearestTiesToEven, &loses);
  llvm::APInt bits = number.bitcastToAPInt();
  if (bits.getBitWidth() == 16)
    endian::write16le(at, uint16_t(bits.getZExtValue()));
  else
    *at = char(bits.getZExtValue());
}

/// An integer of two or four bits in the low bits of a byte.
static double smallIntegerToDouble(const DLDataType &type, const char *at) {
  llvm::APInt bits(type.bits, uint8_t(*at), /*isSigned=*/false, /*implicitTrunc=*/true);
  return type.code == kDLInt ? double(bits.getSExtValue()) : double(bits.getZExtValue());
}

/// Calls `visit` with a zero of the C++ type that elements of `type` have; smaller ones are handled by the caller.
template <typename Visitor>
static void visitType(const DLDataType &type, Visitor visit) {
  if (type.code == kDLFloat)
    return type.bits == 32 ? visit(float()) : visit(double());
  bool isSigned = type.code == kDLInt;
  switch (type.bits) {
  case 2:
  case 4:
  case 8:
    return isSigned ? visit(int8_t()) : visit(uint8_t());
  case 16:
    return isSigned ? visit(int16_t()) : visit(uint16_t());
  case 32:
    return isSigned ? visit(int32_t()) : visit(uint32_t());
  default:
    return isSigned ? visit(int64_t()) : visit(uint64_t());
  }
}

static const llvm::fltSemantics *smallSemantics(const DLDataType &type) {
  switch (type.code) {
  case kDLBfloat:
    return &llvm::APFloat::BFloat();
  case kDLFloat8_e4m3fn:
    return &llvm::APFloat::Float8E4M3FN();
  case kDLFloat8_e4m3fnuz:
    return &llvm::APFloat::Float8E4M3FNUZ();
  case kDLFloat8_e5m2:
    return &llvm::APFloat::Float8E5M2();
  case kDLFloat8_e5m2fnuz:
    return &llvm::APFloat::Float8E5M2FNUZ();
  case kDLFloat8_e8m0fnu:
    return &llvm::APFloat::Float8E8M0FNU();
  case kDLFloat4_e2m1fn:
    return &llvm::APFloat::Float4E2M1FN();
  }
  return type.code == kDLFloat && type.bits == 16 ? &llvm::APFloat::IEEEhalf() : nullptr;
}

double Array::at(int64_t index) const {
  const char *at = bytes.data() + index * type->bytes();
  if (const llvm::fltSemantics *semantics = smallSemantics(type->type))
    return smallToDouble(*semantics, at);
  if (type->type.bits < 8)
    return smallIntegerToDouble(type->type, at);
  double result = 0;
  visitType(type->type, [&](auto value) {
    std::memcpy(&value, at, sizeof value);
    result = double(value);
  });
  return result;
}

void Array::set(int64_t index, double number) {
  char *at = bytes.data() + index * type->bytes();
  if (const llvm::fltSemantics *semantics = smallSemantics(type->type))
    return storeSmall(*semantics, number, at);
  visitType(type->type, [&](auto value) {
    value = static_cast<decltype(value)>(number);
    std::memcpy(at, &value, sizeof value);
  });
}

Expected<int64_t> vitc::run::countBytes(llvm::ArrayRef<int64_t> shape, const ElementType &type) {
  int64_t bytes = type.bytes();
  for (int64_t extent : shape)
    if (extent < 0 || __builtin_mul_overflow(bytes, extent, &bytes) || bytes > (int64_t(1) << 46))
      return llvm::createStringError("an array of this shape does not fit into memory");
  return bytes;
}

/// The text after `key` in the header, a Python dict as numpy.save writes it.
static StringRef valueOf(StringRef header, StringRef key) {
  return header.split(("'" + key + "':").str()).second.ltrim();
}

static Error parseHeader(StringRef header, Array &array) {
  StringRef descr = valueOf(header, "descr").ltrim("'").split('\'').first;
  array.type = findDescr(descr);
  if (!array.type)
    return llvm::createStringError("elements of type '" + descr + "' are not supported");
  if (valueOf(header, "fortran_order").starts_with("True"))
    return llvm::createStringError("it is in Fortran order; save numpy.ascontiguousarray(array)");
  llvm::SmallVector<StringRef> extents;
  StringRef shape = valueOf(header, "shape");
  if (!shape.consume_front("(") || !shape.contains(')'))
    return llvm::createStringError("its header has no shape");
  shape.split(')').first.split(extents, ',');
  for (StringRef text : extents) {
    int64_t extent;
    if (text.trim().empty())
      continue;
    if (text.trim().getAsInteger(10, extent))
      return llvm::createStringError("its header has a shape that is not a list of numbers");
    array.shape.push_back(extent);
  }
  return Error::success();
}

static Expected<Array> parseNpy(StringRef file) {
  const char magic[] = "\x93NUMPY";
  if (!file.consume_front(StringRef(magic, 6)) || file.size() < 6)
    return llvm::createStringError("it is not a .npy file");
  size_t width = file[0] == 1 ? 2 : 4;
  size_t length = width == 2 ? endian::read16le(file.data() + 2) : endian::read32le(file.data() + 2);
  file = file.drop_front(2 + width);
  if (file.size() < length)
    return llvm::createStringError("its header is cut off");
  Array array;
  if (Error error = parseHeader(file.take_front(length), array))
    return error;
  Expected<int64_t> bytes = countBytes(array.shape, *array.type);
  if (!bytes)
    return bytes.takeError();
  file = file.drop_front(length);
  if (int64_t(file.size()) < *bytes)
    return llvm::createStringError("its data is cut off");
  array.bytes.assign(file.begin(), file.begin() + *bytes);
  return array;
}

static Error inFile(const llvm::Twine &path, Error error) {
  return llvm::createStringError("cannot read " + path + ": " + llvm::toString(std::move(error)));
}

Expected<Arrays> vitc::run::readArrays(StringRef path) {
  llvm::ErrorOr<std::unique_ptr<llvm::MemoryBuffer>> buffer =
      llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer)
    return inFile(path, llvm::errorCodeToError(buffer.getError()));
  StringRef file = (*buffer)->getBuffer();
  Arrays arrays;
  if (!file.starts_with("PK")) {
    Expected<Array> array = parseNpy(file);
    if (!array)
      return inFile(path, array.takeError());
    arrays.emplace("", std::move(*array));
    return arrays;
  }
  Expected<std::vector<ZipMember>> members = readZip(file);
  if (!members)
    return inFile(path, members.takeError());
  for (ZipMember &member : *members) {
    Expected<Array> array = parseNpy(StringRef(member.bytes.data(), member.bytes.size()));
    if (!array)
      return inFile(path + " (" + member.name + ")", array.takeError());
    StringRef name = member.name;
    name.consume_back(".npy");
    arrays.emplace(name.str(), std::move(*array));
  }
  return arrays;
}

/// The header is padded so that the data begins at a multiple of 64.
static std::string makeNpy(const Array &array) {
  std::string shape = llvm::join(llvm::map_range(array.shape, [](int64_t n) { return std::to_string(n); }), ", ");
  if (array.shape.size() == 1)
    shape += ",";
  std::string header =
      (llvm::Twine("{'descr': '") + array.type->descr + "', 'fortran_order': False, 'shape': (" + shape + "), }").str();
  header.append(63 - (header.size() + 10) % 64, ' ');
  header += '\n';
  std::string file("\x93NUMPY\x01\x00", 8);
  file += char(header.size() & 0xff);
  file += char(header.size() >> 8);
  return file + header + std::string(array.bytes.begin(), array.bytes.end());
}

static Error writeFile(StringRef path, StringRef contents) {
  return llvm::writeToOutput(path, [&](llvm::raw_ostream &os) {
    os << contents;
    return Error::success();
  });
}

Error vitc::run::writeNpy(StringRef path, const Array &array) { return writeFile(path, makeNpy(array)); }

Error vitc::run::writeNpz(StringRef path, const Arrays &arrays) {
  std::vector<ZipMember> members;
  for (const auto &[name, array] : arrays) {
    std::string npy = makeNpy(array);
    members.push_back({name + ".npy", {npy.begin(), npy.end()}});
  }
  return writeFile(path, makeZip(members));
}
