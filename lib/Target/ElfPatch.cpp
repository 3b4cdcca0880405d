#include "ElfPatch.h"

#include "llvm/ADT/StringRef.h"
#include "llvm/BinaryFormat/ELF.h"
#include "llvm/Support/Errno.h"
#include "llvm/Support/MathExtras.h"

#include <optional>
#include <sys/stat.h>
#include <unistd.h>

using namespace vitc::target;
namespace elf = llvm::ELF;

/// What the weights are aligned to, in the file and in memory: the largest page that the machines of an architecture
/// have, or, where the weights fill several, a huge page. The kernel maps those as a whole, which spares the processor
/// most walks through page tables and the first run most page faults.
static uint64_t getAlignment(const elf::Elf64_Ehdr &header, uint64_t bytes) {
  if (header.e_type == elf::ET_DYN && bytes >= 8 * hugePageBytes)
    return hugePageBytes;
  return header.e_machine == elf::EM_AARCH64 ? 65536 : 4096;
}

template <typename T>
static llvm::Error readAt(int file, uint64_t position, llvm::MutableArrayRef<T> values) {
  size_t size = values.size() * sizeof(T);
  if (llvm::sys::RetryAfterSignal(-1, ::pread, file, values.data(), size, position) != ssize_t(size))
    return llvm::createStringError("the linked file is cut short");
  return llvm::Error::success();
}

template <typename T>
static llvm::Error writeAt(int file, uint64_t position, const T &value) {
  if (llvm::sys::RetryAfterSignal(-1, ::pwrite, file, &value, sizeof(T), position) != ssize_t(sizeof(T)))
    return llvm::errorCodeToError(llvm::errnoAsErrorCode());
  return llvm::Error::success();
}

template <typename T>
static llvm::Expected<std::vector<T>> readTable(int file, uint64_t position, size_t count) {
  std::vector<T> table(count);
  if (llvm::Error error = readAt(file, position, llvm::MutableArrayRef<T>(table)))
    return std::move(error);
  return table;
}

/// The index of the section of a name.
static llvm::Expected<size_t> findSection(int file, llvm::ArrayRef<elf::Elf64_Shdr> sections, size_t namesIndex,
                                          llvm::StringRef name) {
  const elf::Elf64_Shdr &names = sections[namesIndex];
  llvm::Expected<std::vector<char>> text = readTable<char>(file, names.sh_offset, names.sh_size);
  if (!text)
    return text.takeError();
  for (size_t i = 0; i < sections.size(); ++i)
    if (sections[i].sh_name < text->size() && name == text->data() + sections[i].sh_name)
      return i;
  return llvm::createStringError("the linked file has no section " + name);
}

/// Gives the segment that starts at `address` its bytes at `position` of the file.
static llvm::Error patchSegment(int file, const elf::Elf64_Ehdr &header, uint64_t address, uint64_t bytes,
                                uint64_t position, uint64_t alignment) {
  auto segments = readTable<elf::Elf64_Phdr>(file, header.e_phoff, header.e_phnum);
  if (!segments)
    return segments.takeError();
  for (auto [index, segment] : llvm::enumerate(*segments)) {
    if (segment.p_type != elf::PT_LOAD || segment.p_vaddr != address)
      continue;
    if (segment.p_filesz != 0 || segment.p_memsz != bytes)
      break;
    segment.p_offset = position;
    segment.p_filesz = bytes;
    segment.p_align = std::max<uint64_t>(segment.p_align, alignment);
    return writeAt(file, header.e_phoff + index * sizeof(segment), segment);
  }
  return llvm::createStringError("the linked file has no segment that holds the weights alone");
}

llvm::Error vitc::target::embedWeights(int file, const Weights &weights) {
  struct stat status;
  if (::fstat(file, &status) != 0)
    return llvm::errorCodeToError(llvm::errnoAsErrorCode());

  elf::Elf64_Ehdr header;
  if (llvm::Error error = readAt(file, 0, llvm::MutableArrayRef<elf::Elf64_Ehdr>(header)))
    return error;
  auto sections = readTable<elf::Elf64_Shdr>(file, header.e_shoff, header.e_shnum);
  if (!sections)
    return sections.takeError();
  llvm::Expected<size_t> index = findSection(file, *sections, header.e_shstrndx, ".vitc.weights");
  if (!index)
    return index.takeError();

  elf::Elf64_Shdr section = (*sections)[*index];
  // As far behind the begin of a page as the address: whole pages are mapped.
  uint64_t alignment = getAlignment(header, weights.bytes);
  uint64_t position = llvm::alignTo(status.st_size, alignment, section.sh_addr);
  section.sh_type = elf::SHT_PROGBITS;
  section.sh_offset = position;
  if (llvm::Error error = writeAt(file, header.e_shoff + *index * sizeof(section), section))
    return error;
  if (header.e_type == elf::ET_DYN)
    if (llvm::Error error = patchSegment(file, header, section.sh_addr, weights.bytes, position, alignment))
      return error;
  return weights.write(file, position);
}
