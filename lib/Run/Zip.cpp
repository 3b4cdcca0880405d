#include "Zip.h"

#include "llvm/Support/CRC.h"
#include "llvm/Support/Endian.h"

#include <zlib.h>

using namespace vitc::run;
using llvm::Error;
using llvm::Expected;
using llvm::StringRef;
namespace endian = llvm::support::endian;

static Error damaged() { return llvm::createStringError("the archive is damaged"); }

namespace {

/// An entry of the central directory.
struct Entry {
  uint16_t method;
  uint32_t crc;
  uint64_t packed, size, offset;
  StringRef name;
};

/// Reads numbers from the front of a string; past its end they are zero and `ok` becomes false.
struct Reader {
  StringRef rest;
  bool ok = true;

  StringRef take(uint64_t count) {
    ok &= count <= rest.size();
    StringRef taken = ok ? rest.take_front(count) : StringRef();
    rest = ok ? rest.drop_front(count) : StringRef();
    return taken;
  }
  template <typename T>
  T number() {
    StringRef bytes = take(sizeof(T));
    return ok ? endian::read<T, llvm::endianness::little>(bytes.data()) : T(0);
  }
};

} // namespace

/// Replaces the sizes that do not fit into 32 bits by those in the extra field.
static void readZip64(StringRef extra, Entry &entry) {
  Reader fields{extra};
  while (!fields.rest.empty() && fields.ok) {
    uint16_t tag = fields.number<uint16_t>();
    Reader field{fields.take(fields.number<uint16_t>())};
    if (tag != 1)
      continue;
    for (uint64_t *value : {&entry.size, &entry.packed, &entry.offset})
      if (*value == UINT32_MAX)
        *value = field.number<uint64_t>();
  }
}

static bool readEntry(Reader &directory, Entry &entry) {
  if (directory.number<uint32_t>() != 0x02014b50)
    return false;
  directory.take(6); // versions, flags
  entry.method = directory.number<uint16_t>();
  directory.take(4); // time
  entry.crc = directory.number<uint32_t>();
  entry.packed = directory.number<uint32_t>();
  entry.size = directory.number<uint32_t>();
  uint16_t name = directory.number<uint16_t>(), extra = directory.number<uint16_t>();
  uint16_t comment = directory.number<uint16_t>();
  directory.take(8); // disk, attributes
  entry.offset = directory.number<uint32_t>();
  entry.name = directory.take(name);
  readZip64(directory.take(extra), entry);
  directory.take(comment);
  return directory.ok;
}

/// zlib counts in 32 bits, so large members are inflated by pieces.
static bool inflateInto(StringRef packed, std::vector<char> &bytes) {
  z_stream stream = {};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK)
    return false;
  size_t written = 0;
  int status = Z_OK;
  while (status == Z_OK) {
    stream.next_in = reinterpret_cast<Bytef *>(const_cast<char *>(packed.data()));
    stream.avail_in = uInt(std::min<size_t>(packed.size(), 1 << 30));
    stream.next_out = reinterpret_cast<Bytef *>(bytes.data() + written);
    stream.avail_out = uInt(std::min<size_t>(bytes.size() - written, 1 << 30));
    uInt in = stream.avail_in, out = stream.avail_out;
    status = inflate(&stream, Z_NO_FLUSH);
    packed = packed.drop_front(in - stream.avail_in);
    written += out - stream.avail_out;
  }
  inflateEnd(&stream);
  return status == Z_STREAM_END && written == bytes.size();
}

static Expected<ZipMember> readMember(StringRef file, const Entry &entry) {
  Reader local{file};
  local.take(entry.offset);
  if (local.number<uint32_t>() != 0x04034b50)
    return damaged();
  local.take(22);
  uint16_t name = local.number<uint16_t>(), extra = local.number<uint16_t>();
  local.take(uint64_t(name) + extra);
  StringRef packed = local.take(entry.packed);
  // Deflate shrinks to a thousandth at best: larger claims are not believed, and no memory is spent on them.
  if (!local.ok || entry.size > 1100 * entry.packed + 64)
    return damaged();
  ZipMember member{entry.name.str(), std::vector<char>(entry.size)};
  if (entry.method == 0 && packed.size() == entry.size)
    std::copy(packed.begin(), packed.end(), member.bytes.begin());
  else if (entry.method != 8)
    return llvm::createStringError("the archive is compressed by a method other than deflate");
  else if (!inflateInto(packed, member.bytes))
    return damaged();
  if (llvm::crc32(llvm::ArrayRef(reinterpret_cast<const uint8_t *>(member.bytes.data()), member.bytes.size())) !=
      entry.crc)
    return damaged();
  return member;
}

/// Where the central directory is, from the records at the end of the file.
static Expected<StringRef> findDirectory(StringRef file) {
  size_t end = file.rfind(StringRef("PK\5\6", 4));
  if (end == StringRef::npos)
    return damaged();
  Reader record{file.drop_front(end)};
  record.take(12);
  uint64_t size = record.number<uint32_t>(), offset = record.number<uint32_t>();
  size_t locator = end < 20 ? StringRef::npos : end - 20;
  if (offset == UINT32_MAX && locator != StringRef::npos) {
    Reader large{file.drop_front(locator)};
    large.take(8);
    uint64_t at = large.number<uint64_t>();
    large = Reader{file};
    large.take(at);
    large.take(40);
    size = large.number<uint64_t>();
    offset = large.number<uint64_t>();
    record.ok &= large.ok;
  }
  Reader directory{file};
  directory.take(offset);
  StringRef found = directory.take(size);
  if (!record.ok || !directory.ok)
    return damaged();
  return found;
}

Expected<std::vector<ZipMember>> vitc::run::readZip(StringRef file) {
  Expected<StringRef> found = findDirectory(file);
  if (!found)
    return found.takeError();
  std::vector<ZipMember> members;
  Reader directory{*found};
  while (!directory.rest.empty()) {
    Entry entry;
    if (!readEntry(directory, entry))
      return damaged();
    Expected<ZipMember> member = readMember(file, entry);
    if (!member)
      return member.takeError();
    members.push_back(std::move(*member));
  }
  return members;
}

template <typename T>
static void append(std::string &file, T value) {
  char bytes[sizeof(T)];
  endian::write<T, llvm::endianness::little>(bytes, value);
  file.append(bytes, sizeof(T));
}

/// What the local header and the directory say alike: version, flags, method, time (1980-01-01), CRC, sizes, name.
static std::string describe(const ZipMember &member) {
  std::string text;
  for (uint16_t value : {20, 0, 0, 0, 0x21})
    append(text, value);
  append<uint32_t>(
      text, llvm::crc32(llvm::ArrayRef(reinterpret_cast<const uint8_t *>(member.bytes.data()), member.bytes.size())));
  append<uint32_t>(text, uint32_t(member.bytes.size()));
  append<uint32_t>(text, uint32_t(member.bytes.size()));
  append<uint16_t>(text, uint16_t(member.name.size()));
  append<uint16_t>(text, 0);
  return text;
}

std::string vitc::run::makeZip(llvm::ArrayRef<ZipMember> members) {
  std::string file, directory;
  for (const ZipMember &member : members) {
    std::string description = describe(member);
    append<uint32_t>(directory, 0x02014b50);
    append<uint16_t>(directory, 20);
    directory += description;
    directory.append(10, '\0');
    append<uint32_t>(directory, uint32_t(file.size()));
    directory += member.name;
    append<uint32_t>(file, 0x04034b50);
    file += description + member.name;
    file.append(member.bytes.begin(), member.bytes.end());
  }
  uint32_t offset = uint32_t(file.size());
  file += directory;
  append<uint32_t>(file, 0x06054b50);
  append<uint32_t>(file, 0);
  append<uint16_t>(file, uint16_t(members.size()));
  append<uint16_t>(file, uint16_t(members.size()));
  append<uint32_t>(file, uint32_t(directory.size()));
  append<uint32_t>(file, offset);
  append<uint16_t>(file, 0);
  return file;
}
