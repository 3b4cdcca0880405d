#include "TinyModel.h"

#include "llvm/Object/ELFObjectFile.h"

using namespace vitc;
using namespace vitc::target;

namespace {
/// A library as the dynamic loader sees it.
class Elf : public TinyModel {
protected:
  void SetUp() override {
    setWeights(100000, 10);
    llvm::cantFail(writeLibrary(options("tiny.so")));
    bytes = contents("tiny.so");
    auto file = llvm::object::ELF64LEObjectFile::create(llvm::MemoryBufferRef(bytes, "tiny.so"));
    object = std::make_unique<llvm::object::ELF64LEObjectFile>(llvm::cantFail(std::move(file)));
  }

  const llvm::object::ELF64LEFile &elf() { return object->getELFFile(); }

  std::string dynamicString(uint64_t offset) {
    for (const auto &section : llvm::cantFail(elf().sections()))
      if (llvm::cantFail(elf().getSectionName(section)) == ".dynstr")
        return bytes.data() + section.sh_offset + offset;
    return "";
  }

  std::vector<std::string> dynamicNames(bool undefined) {
    std::vector<std::string> names;
    for (const llvm::object::ELFSymbolRef symbol : object->getDynamicSymbolIterators()) {
      bool isUndefined = llvm::cantFail(symbol.getFlags()) & llvm::object::SymbolRef::SF_Undefined;
      if (isUndefined == undefined)
        names.push_back(llvm::cantFail(symbol.getName()).str());
    }
    llvm::sort(names);
    return names;
  }

  std::string bytes;
  std::unique_ptr<llvm::object::ELF64LEObjectFile> object;
};
} // namespace

TEST_F(Elf, NeedsLibcAlone) {
  std::vector<std::string> needed;
  for (const auto &entry : llvm::cantFail(elf().dynamicEntries()))
    if (entry.d_tag == llvm::ELF::DT_NEEDED)
      needed.push_back(dynamicString(entry.d_un.d_val));
  EXPECT_EQ(needed, std::vector<std::string>{"libc.so.6"});
}

TEST_F(Elf, ExportsTwoSymbols) {
  EXPECT_EQ(dynamicNames(/*undefined=*/false), (std::vector<std::string>{"tiny_model_v1", "vitc_model_v1"}));
}

TEST_F(Elf, WantsVersionedSymbolsOnly) {
  auto versions = llvm::cantFail(object->readDynsymVersions());
  auto symbols = object->getDynamicSymbolIterators();
  size_t index = 0, undefined = 0;
  for (const llvm::object::ELFSymbolRef symbol : symbols) {
    const llvm::object::VersionEntry &version = versions[index++];
    if (!(llvm::cantFail(symbol.getFlags()) & llvm::object::SymbolRef::SF_Undefined))
      continue;
    EXPECT_TRUE(llvm::StringRef(version.Name).starts_with("GLIBC_")) << llvm::cantFail(symbol.getName()).str();
    ++undefined;
  }
  EXPECT_GT(undefined, 3u);
  for (const std::string &name : dynamicNames(/*undefined=*/true)) {
    EXPECT_FALSE(llvm::StringRef(name).starts_with("__trunc") || llvm::StringRef(name).starts_with("__extend")) << name;
    EXPECT_NE(name, "expf");
    EXPECT_NE(name, "__tls_get_addr");
  }
}

TEST_F(Elf, WeightsAreAReadOnlySegmentOfTheirOwn) {
  int found = 0;
  for (const auto &segment : llvm::cantFail(elf().program_headers())) {
    if (segment.p_type != llvm::ELF::PT_LOAD || segment.p_memsz != weights.bytes)
      continue;
    ++found;
    EXPECT_EQ(segment.p_flags, unsigned(llvm::ELF::PF_R));
    EXPECT_EQ(segment.p_filesz, weights.bytes);
    EXPECT_EQ(segment.p_vaddr % 4096, 0u);
    EXPECT_EQ(segment.p_offset % 4096, 0u);
    EXPECT_EQ(segment.p_offset + segment.p_filesz, bytes.size());
    float last;
    std::memcpy(&last, bytes.data() + bytes.size() - 4, 4);
    EXPECT_EQ(last, 10);
  }
  EXPECT_EQ(found, 1);
}

TEST_F(Elf, LargeWeightsCanBeMappedInHugePages) {
  setWeights(20 << 20, 10);
  llvm::cantFail(writeLibrary(options("large.so")));
  std::string large = contents("large.so");
  auto file = llvm::object::ELF64LEObjectFile::create(llvm::MemoryBufferRef(large, "large.so"));
  llvm::object::ELF64LEObjectFile object = llvm::cantFail(std::move(file));
  int found = 0;
  for (const auto &segment : llvm::cantFail(object.getELFFile().program_headers())) {
    if (segment.p_type != llvm::ELF::PT_LOAD || segment.p_memsz != weights.bytes)
      continue;
    ++found;
    EXPECT_EQ(segment.p_align, hugePageBytes);
    EXPECT_EQ(segment.p_offset % hugePageBytes, segment.p_vaddr % hugePageBytes);
    EXPECT_EQ(segment.p_offset + segment.p_filesz, large.size());
  }
  EXPECT_EQ(found, 1);
}

TEST_F(Elf, NoSegmentIsWritableAndExecutable) {
  for (const auto &segment : llvm::cantFail(elf().program_headers()))
    EXPECT_FALSE((segment.p_flags & llvm::ELF::PF_W) && (segment.p_flags & llvm::ELF::PF_X));
}

TEST_F(Elf, CodeAndRuntimeAreSmall) { EXPECT_LT(bytes.size(), weights.bytes + (100 << 10)); }
