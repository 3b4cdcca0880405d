#include "vitc/Run/Library.h"

#include "llvm/ADT/Twine.h"

#include <dlfcn.h>
#include <elf.h>
#include <filesystem>
#include <fstream>
#include <vector>

using namespace vitc;

/// Whether an ELF file of 64 bits ends before its segments do. What is none is left to the loader.
static bool isCutOff(const std::string &path) {
  std::error_code ignored;
  std::uintmax_t bytes = std::filesystem::file_size(path, ignored);
  std::ifstream file(path, std::ios::binary);
  Elf64_Ehdr header;
  if (ignored || !file.read(reinterpret_cast<char *>(&header), sizeof header) ||
      llvm::StringRef(reinterpret_cast<char *>(header.e_ident), SELFMAG) != ELFMAG)
    return false;
  std::vector<Elf64_Phdr> segments(header.e_phnum);
  if (header.e_phentsize != sizeof(Elf64_Phdr) || !file.seekg(static_cast<std::streamoff>(header.e_phoff)) ||
      !file.read(reinterpret_cast<char *>(segments.data()),
                 static_cast<std::streamsize>(segments.size() * sizeof(Elf64_Phdr))))
    return true;
  for (const Elf64_Phdr &segment : segments)
    if (segment.p_offset > bytes || segment.p_filesz > bytes - segment.p_offset)
      return true;
  return false;
}

llvm::Expected<const vitc_api *> run::loadLibrary(const std::string &path) {
  // A name without a slash is a file here, not a library of the system.
  std::string file = path.find('/') == std::string::npos ? "./" + path : path;
  if (isCutOff(file))
    return llvm::createStringError(path +
                                   " ends before its last segment does; expected the whole file that vitc wrote");
  void *library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library)
    return llvm::createStringError(llvm::StringRef(dlerror()));
  auto symbol = static_cast<const vitc_api *const *>(dlsym(library, "vitc_model_v1"));
  if (!symbol)
    return llvm::createStringError(path + " is not a model compiled by vitc");
  if ((*symbol)->abi != VITC_ABI)
    return llvm::createStringError(path + " has version " + llvm::Twine((*symbol)->abi) +
                                   " of the interface; expected " + llvm::Twine(VITC_ABI));
  return *symbol;
}
