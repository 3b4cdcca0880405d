#include "TinyModel.h"

#include "vitc-c/Model.h"

#include "llvm/Support/Program.h"

#include <cstdlib>
#include <dlfcn.h>
#include <unistd.h>

using namespace vitc;
using namespace vitc::target;

static std::string message(llvm::Error error) { return llvm::toString(std::move(error)); }

/// Loads a library, adds its weight to {1, 2}, and returns the sum of what came out.
static float runModel(const std::string &path, const char *symbol = "tiny_model_v1") {
  void *library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  EXPECT_TRUE(library) << dlerror();
  const vitc_api *api = *static_cast<const vitc_api *const *>(dlsym(library, symbol));
  EXPECT_EQ(api, *static_cast<const vitc_api *const *>(dlsym(library, "vitc_model_v1")));
  vitc_model *model = nullptr;
  vitc_session *session = nullptr;
  EXPECT_EQ(api->open(nullptr, &model), VITC_OK) << api->last_error();
  EXPECT_EQ(api->session_create(model, nullptr, &session), VITC_OK) << api->last_error();
  float x[2] = {1, 2}, y[2] = {0, 0};
  int64_t shape[1] = {2};
  DLTensor in = {x, {kDLCPU, 0}, 1, {kDLFloat, 32, 1}, shape, nullptr, 0}, out = in;
  out.data = y;
  EXPECT_EQ(api->run(session, &in, 1, &out, 1, nullptr), VITC_OK) << api->last_error();
  EXPECT_EQ(api->session_destroy(session), VITC_OK);
  EXPECT_EQ(api->close(model), VITC_OK);
  dlclose(library);
  return y[0] + y[1];
}

class Library : public TinyModel {};

TEST_F(Library, RunsWithEmbeddedWeights) {
  setWeights(100000, 10);
  ASSERT_EQ(message(writeLibrary(options("tiny.so"))), "");
  EXPECT_EQ(runModel(path("tiny.so")), 23);
  EXPECT_EQ(files(), std::vector<std::string>{"tiny.so"});
}

TEST_F(Library, RunsWithExternalWeights) {
  setWeights(5000, 100);
  LibraryOptions external = options("tiny.so");
  external.externalWeights = true;
  ASSERT_EQ(message(writeLibrary(external)), "");
  EXPECT_EQ(files(), (std::vector<std::string>{"tiny.so", "tiny.weights"}));
  EXPECT_EQ(contents("tiny.weights").size(), 5000u + 32u);
  EXPECT_EQ(runModel(path("tiny.so")), 203);
}

TEST_F(Library, NamesWhatTheProcessorLacks) {
  if (__builtin_cpu_supports("amx-tile"))
    GTEST_SKIP() << "this processor lacks none of the instructions that the runtime knows";
  setWeights(64, 1);
  TargetInfo &target = program.functions.front().variants.front().target;
  target.cpuFeatures = uint64_t(1) << 4; // AMX TILE
  ASSERT_EQ(message(writeLibrary(options("tiny.so"))), "");
  void *library = dlopen(path("tiny.so").c_str(), RTLD_NOW | RTLD_LOCAL);
  ASSERT_TRUE(library) << dlerror();
  const vitc_api *api = *static_cast<const vitc_api *const *>(dlsym(library, "vitc_model_v1"));
  vitc_model *model = nullptr;
  EXPECT_EQ(api->open(nullptr, &model), VITC_E_CPU);
  EXPECT_STREQ(api->last_error(), "this processor cannot run the library: its code for x86-64-v3 needs AMX TILE");
  EXPECT_EQ(model, nullptr);
  dlclose(library);
}

TEST_F(Library, SameInputSameBytes) {
  setWeights(9000, 1);
  ASSERT_EQ(message(writeLibrary(options("a.so"))), "");
  ASSERT_EQ(message(writeLibrary(options("b.so"))), "");
  EXPECT_EQ(contents("a.so"), contents("b.so"));
  setWeights(9000, 2);
  ASSERT_EQ(message(writeLibrary(options("c.so"))), "");
  EXPECT_NE(contents("a.so"), contents("c.so"));
}

TEST_F(Library, ReplacesAnOlderFile) {
  for (float value : {1, 2}) {
    setWeights(64, value);
    ASSERT_EQ(message(writeLibrary(options("tiny.so"))), "");
    EXPECT_EQ(runModel(path("tiny.so")), 3 + 2 * value);
  }
}

TEST_F(Library, CallsOfHotMathFunctionsDoNotLink) {
  setWeights(64, 1);
  objects = compileText(R"mlir(
    llvm.func @expf(f32) -> f32
    llvm.func @entry(%frame: !llvm.ptr, %thread: i64, %threads: i64) {
      %x = llvm.load %frame : !llvm.ptr -> f32
      %y = llvm.call @expf(%x) : (f32) -> f32
      llvm.store %y, %frame : f32, !llvm.ptr
      llvm.return
    })mlir");
  std::string error = message(writeLibrary(options("tiny.so")));
  EXPECT_NE(error.find("undefined symbol: expf"), std::string::npos) << error;
  EXPECT_TRUE(files().empty());
}

TEST_F(Library, FoldersThatCannotBeWrittenAreNamed) {
  setWeights(64, 1);
  EXPECT_EQ(message(writeLibrary(options("none/tiny.so"))),
            "cannot write '" + path("none/tiny.so") + "': No such file or directory");
  llvm::sys::fs::create_directory(path("tiny.so"));
  EXPECT_EQ(message(writeLibrary(options("tiny.so"))), "cannot write '" + path("tiny.so") + "': Is a directory");
}

TEST_F(Library, WrongWeightsLeaveNothing) {
  setWeights(64, 1);
  weights.bytes = 10;
  EXPECT_EQ(message(writeLibrary(options("tiny.so"))), "weights reach beyond their size of 10 bytes");
  EXPECT_TRUE(files().empty());
}

TEST_F(Library, MoreThanTwoGigabytes) {
  if (!std::getenv("VITC_TEST_ALL"))
    GTEST_SKIP() << "long: needs --all";
  setWeights(uint64_t(3) << 30, 7);
  ASSERT_EQ(message(writeLibrary(options("tiny.so"))), "");
  EXPECT_EQ(runModel(path("tiny.so")), 17);
}

/// Two models in one program, each with its header and object.
TEST_F(Library, ObjectsLinkIntoOneProgram) {
  std::string includes, sum;
  for (const char *name : {"one", "two"}) {
    setWeights(40000, name[0] == 'o' ? 1 : 2);
    LibraryOptions object = options(std::string(name) + ".o");
    object.prefix = name;
    ASSERT_EQ(message(writeObject(object)), "");
    std::error_code error;
    llvm::raw_fd_ostream header(path(std::string(name) + ".h"), error);
    printHeader(program, name, header);
    includes += "#include \"" + std::string(name) + ".h\"\n";
    sum += std::string(" + 10 * run(") + name + "_model_v1)";
  }
  std::error_code error;
  llvm::raw_fd_ostream main(path("main.c"), error);
  main << includes << R"c(
    static int run(const vitc_api *api) {
      vitc_model *model;
      vitc_session *session;
      float x[2] = {1, 2}, y[2];
      int64_t shape[1] = {2};
      DLTensor in = {x, {kDLCPU, 0}, 1, {kDLFloat, 32, 1}, shape, 0, 0}, out = in;
      out.data = y;
      if (api->open(0, &model) || api->session_create(model, 0, &session) || api->run(session, &in, 1, &out, 1, 0))
        return -1;
      api->session_destroy(session);
      api->close(model);
      return (int)(y[0] + y[1]);
    }
    int main(void) { return 0)c"
       << sum << "; }\n";
  main.close();
  ASSERT_EQ(llvm::sys::ExecuteAndWait(VITC_C_COMPILER, {VITC_C_COMPILER, "-fuse-ld=lld", path("main.c"), path("one.o"),
                                                        path("two.o"), "-o", path("main")}),
            0);
  EXPECT_EQ(llvm::sys::ExecuteAndWait(path("main"), {"main"}), 10 * 5 + 10 * 7);
}
