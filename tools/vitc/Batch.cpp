#include "Batch.h"

#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/StringSaver.h"

#include <sys/wait.h>
#include <unistd.h>

using namespace llvm;
using namespace vitc::driver;
using namespace vitc::tool;

namespace {

/// A line of the list, by its number there.
struct Line {
  unsigned number;
  StringRef text;
};

} // namespace

static std::vector<Line> splitLines(StringRef list) {
  std::vector<Line> lines;
  unsigned number = 0;
  while (!list.empty()) {
    auto [text, rest] = list.split('\n');
    list = rest;
    ++number;
    text = text.trim();
    if (!text.empty() && !text.starts_with("#"))
      lines.push_back({number, text});
  }
  return lines;
}

/// Compiles in a child, whose end by a bound of memory is not the end of the list. Nothing here has a thread meanwhile.
static ExitCode compileInChild(const Options &options) {
  outs().flush();
  pid_t child = fork();
  if (child == 0) {
    ExitCode code = compile(options, outs(), errs());
    outs().flush();
    _exit(code);
  }
  int status = 0;
  while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
    continue;
  if (child > 0 && WIFEXITED(status))
    return static_cast<ExitCode>(WEXITSTATUS(status));
  errs() << "vitc: error: " << options.input << ": the process that compiled it "
         << (child > 0 ? "was ended by signal " + Twine(WTERMSIG(status)) : Twine("could not be started")) << '\n';
  return CannotCompile;
}

static ExitCode compileLine(const Invocation &invocation, StringRef text) {
  BumpPtrAllocator allocator;
  StringSaver saver(allocator);
  SmallVector<const char *> words(invocation.common);
  cl::TokenizeGNUCommandLine(text, saver, words);
  std::optional<Invocation> line = parseCommandLine(words, errs());
  if (!line)
    return Usage;
  if (line->action != Action::Compile) {
    errs() << "vitc: error: expected a model to compile, got '" << text << "'\n";
    return Usage;
  }
  return line->options.maxMemory ? compileInChild(line->options) : compile(line->options, outs(), errs());
}

ExitCode vitc::tool::runBatch(const Invocation &invocation) {
  auto list = MemoryBuffer::getFile(invocation.file);
  if (!list) {
    errs() << "vitc: error: cannot read the list '" << invocation.file << "': " << list.getError().message() << '\n';
    return CannotCompile;
  }
  std::vector<Line> lines = splitLines((*list)->getBuffer());
  SmallVector<const Line *> failures;
  for (auto [index, line] : enumerate(lines)) {
    errs() << "vitc: [" << index + 1 << '/' << lines.size() << "] " << line.text << '\n';
    if (compileLine(invocation, line.text) != Done)
      failures.push_back(&line);
  }
  errs() << "vitc: " << lines.size() - failures.size() << " of " << lines.size() << " done\n";
  for (const Line *line : failures)
    errs() << "vitc: error: " << invocation.file << ':' << line->number << ": failed: " << line->text << '\n';
  return failures.empty() ? Done : CannotCompile;
}
