#include "vitc/Target/OutputFile.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "gtest/gtest.h"

using vitc::target::OutputFile;
namespace fs = llvm::sys::fs;

namespace {

class OutputFileTest : public testing::Test {
protected:
  OutputFileTest() {
    llvm::SmallString<128> path;
    EXPECT_FALSE(fs::createUniqueDirectory("vitc-output", path));
    folder = path.str();
  }
  ~OutputFileTest() override { fs::remove_directories(folder); }

  std::string path(llvm::StringRef name) const { return folder + "/" + name.str(); }

  /// A complete file that has not its name yet.
  void add(llvm::StringRef name, llvm::StringRef text) {
    llvm::Expected<OutputFile> file = OutputFile::create(path(name));
    ASSERT_TRUE(bool(file));
    ASSERT_FALSE(llvm::errorToBool(file->write([&](llvm::raw_ostream &os) { os << text; })));
    files.push_back(std::move(*file));
  }

  void put(llvm::StringRef name, llvm::StringRef text) {
    std::error_code error;
    llvm::raw_fd_ostream(path(name), error) << text;
  }

  std::string keepAll() { return llvm::toString(OutputFile::keepAll(files)); }

  /// `name: text` of every file in the folder.
  std::vector<std::string> list() const {
    std::vector<std::string> found;
    std::error_code error;
    for (fs::directory_iterator it(folder, error), end; it != end; it.increment(error)) {
      std::string name = llvm::StringRef(it->path()).substr(folder.size() + 1).str();
      auto buffer = llvm::MemoryBuffer::getFile(it->path());
      found.push_back(buffer ? name + ": " + (*buffer)->getBuffer().str() : name);
    }
    llvm::sort(found);
    return found;
  }

  std::string folder;
  std::vector<OutputFile> files;
};

} // namespace

TEST_F(OutputFileTest, FilesGetTheirNamesTogether) {
  put("a", "old a");
  add("a", "new a");
  add("b", "new b");
  EXPECT_EQ(list().size(), 3u);
  EXPECT_EQ(keepAll(), "");
  files.clear();
  EXPECT_EQ(list(), (std::vector<std::string>{"a: new a", "b: new b"}));
}

TEST_F(OutputFileTest, FilesThatAreNotKeptGoAway) {
  put("a", "old a");
  add("a", "new a");
  add("b", "new b");
  files.clear();
  EXPECT_EQ(list(), std::vector<std::string>{"a: old a"});
}

TEST_F(OutputFileTest, NamesAreAsTheyWereWhereOneCannotBeHad) {
  put("a", "old a");
  add("a", "new a");
  add("b", "new b");
  add("c", "new c");
  fs::create_directory(path("c"));
  EXPECT_EQ(keepAll(), "cannot write '" + path("c") + "': Is a directory");
  files.clear();
  EXPECT_EQ(list(), (std::vector<std::string>{"a: old a", "c"}));
}

TEST_F(OutputFileTest, TheFirstMayBeTheOneThatFails) {
  put("b", "old b");
  add("a", "new a");
  add("b", "new b");
  fs::remove(files.front().getTemporaryPath());
  EXPECT_EQ(keepAll(), "cannot write '" + path("a") + "': No such file or directory");
  files.clear();
  EXPECT_EQ(list(), std::vector<std::string>{"b: old b"});
}

TEST_F(OutputFileTest, FullDevicesAreNamed) {
  llvm::Expected<OutputFile> file = OutputFile::create(path("a"));
  ASSERT_TRUE(bool(file));
  fs::remove(file->getTemporaryPath());
  ASSERT_FALSE(fs::create_link("/dev/full", file->getTemporaryPath()));
  llvm::Error error = file->write([](llvm::raw_ostream &os) { os << std::string(1 << 20, 'x'); });
  EXPECT_EQ(llvm::toString(std::move(error)), "cannot write '" + path("a") + "': No space left on device");
}
