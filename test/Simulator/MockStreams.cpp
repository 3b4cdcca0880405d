// Streams, events and copies of the mock of libcuda.so.1. Work of a stream is done at once, or when somebody waits for
// it.

#include "MockDevice.h"

#include <cstring>
#include <utility>

using namespace vitc::mock;

Result Driver::enqueue(Stream &stream, std::function<Result()> work) {
  if (sticky != Success)
    return sticky;
  auto operation = std::make_shared<Operation>();
  operation->work = std::move(work);
  operation->after = std::move(stream.waits);
  stream.waits.clear();
  Context &context = *stream.context;
  operation->after.push_back(stream.last);
  if (&stream == &context.legacy) {
    for (const Stream *other : context.streams)
      if (other->blocking)
        operation->after.push_back(other->last);
  } else if (stream.blocking) {
    operation->after.push_back(context.legacy.last);
  }
  std::erase_if(operation->after, [](const auto &other) { return !other || !other->work; });
  stream.last = operation;
  return settings.defers ? Success : finish(operation);
}

Result Driver::finish(const std::shared_ptr<Operation> &operation) {
  std::vector<std::shared_ptr<Operation>> due; // a stack: chains are long
  if (operation)
    due.push_back(operation);
  while (!due.empty()) {
    std::shared_ptr<Operation> next = due.back();
    std::erase_if(next->after, [](const auto &other) { return !other->work; });
    if (!next->after.empty()) {
      due.insert(due.end(), next->after.begin(), next->after.end());
      continue;
    }
    due.pop_back();
    if (auto work = std::exchange(next->work, nullptr); work && sticky == Success)
      sticky = work();
  }
  return sticky;
}

Result Driver::finishAll() {
  for (Context &context : contexts) {
    finish(context.legacy.last);
    for (Stream *stream : context.streams)
      finish(stream->last);
  }
  return sticky;
}

Stream *vitc::mock::resolve(Driver &driver, Stream *handle) {
  auto number = reinterpret_cast<std::uintptr_t>(handle); // CU_STREAM_LEGACY, CU_STREAM_PER_THREAD
  if (number > 2) {
    if (!handle->alive)
      driver.complain("a stream is used that was destroyed");
    return handle;
  }
  if (!current())
    return nullptr;
  if (number < 2)
    return &current()->legacy;
  auto &own = current()->perThread[std::this_thread::get_id()];
  if (!own) {
    own = std::make_unique<Stream>(Stream{current()});
    current()->streams.push_back(own.get());
  }
  return own.get();
}

/// A copy between memory of a device and bytes of the host, when it is its turn.
static Result toDevice(Driver &driver, std::uint64_t to, const void *from, std::size_t bytes) {
  Device *device = driver.findDevice(to);
  std::byte *place = device ? device->memory.translate(to, bytes) : nullptr;
  if (!place)
    return InvalidValue;
  std::memcpy(place, from, bytes);
  device->memory.markWritten(to, bytes);
  return Success;
}

static Result toHost(Driver &driver, void *to, std::uint64_t from, std::size_t bytes) {
  Device *device = driver.findDevice(from);
  const std::byte *place = device ? device->memory.translate(from, bytes) : nullptr;
  if (!place)
    return InvalidValue;
  if (!device->memory.isWritten(from, bytes)) {
    driver.complain("uninitialised: memory is copied to the host that was not written");
    return LaunchFailed;
  }
  std::memcpy(to, place, bytes);
  return Success;
}

static bool isPinned(const Driver &driver, const void *memory) {
  auto after = driver.pinned.upper_bound(memory);
  if (after == driver.pinned.begin())
    return false;
  const auto &[begin, bytes] = *std::prev(after);
  return memory < static_cast<const char *>(begin) + bytes;
}

static bool isOnDevice(Driver &driver, std::uint64_t address, std::size_t bytes) {
  Device *device = driver.findDevice(address);
  return device && device->memory.translate(address, bytes);
}

VITC_MOCK_EXPORT cuMemcpyHtoDAsync_v2(std::uint64_t to, const void *from, std::size_t bytes, Stream *handle) {
  Call call;
  Driver &driver = call.driver;
  Stream *stream = resolve(driver, handle);
  if (!stream || !isOnDevice(driver, to, bytes))
    return stream ? InvalidValue : InvalidContext;
  if (stream->capture)
    return StreamCaptureUnsupported;
  if (isPinned(driver, from)) // it is read when the copy is made
    return driver.enqueue(*stream, [=, &driver] { return toDevice(driver, to, from, bytes); });
  auto *first = static_cast<const char *>(from);
  return driver.enqueue(*stream, [&driver, to, copy = std::vector<char>(first, first + bytes)] {
    return toDevice(driver, to, copy.data(), copy.size());
  });
}

VITC_MOCK_EXPORT cuMemcpyDtoHAsync_v2(void *to, std::uint64_t from, std::size_t bytes, Stream *handle) {
  Call call;
  Driver &driver = call.driver;
  Stream *stream = resolve(driver, handle);
  if (!stream || !isOnDevice(driver, from, bytes))
    return stream ? InvalidValue : InvalidContext;
  if (stream->capture)
    return StreamCaptureUnsupported;
  Result result = driver.enqueue(*stream, [=, &driver] { return toHost(driver, to, from, bytes); });
  return result || isPinned(driver, to) ? result : driver.finish(stream->last); // returns with the copy made
}

/// Copies of the default stream that return when they are made.
VITC_MOCK_EXPORT cuMemcpyHtoD_v2(std::uint64_t to, const void *from, std::size_t bytes) {
  Call call;
  int result = cuMemcpyHtoDAsync_v2(to, from, bytes, nullptr);
  return result ? result : call.driver.finish(current()->legacy.last);
}

VITC_MOCK_EXPORT cuMemcpyDtoH_v2(void *to, std::uint64_t from, std::size_t bytes) {
  Call call;
  int result = cuMemcpyDtoHAsync_v2(to, from, bytes, nullptr);
  return result ? result : call.driver.finish(current()->legacy.last);
}

VITC_MOCK_EXPORT cuStreamCreate(Stream **stream, unsigned flags) {
  constexpr unsigned nonBlocking = 1;
  Call call;
  if (!current())
    return InvalidContext;
  *stream = call.driver.keep(Stream{current(), !(flags & nonBlocking)});
  current()->streams.push_back(*stream);
  return Success;
}

VITC_MOCK_EXPORT cuStreamDestroy_v2(Stream *stream) {
  Call call;
  stream->alive = false; // what it was given is done all the same
  return Success;
}

VITC_MOCK_EXPORT cuStreamGetCtx(Stream *handle, Context **context) {
  Call call;
  Stream *stream = resolve(call.driver, handle);
  *context = stream ? stream->context : nullptr;
  return stream ? Success : InvalidContext;
}

VITC_MOCK_EXPORT cuStreamIsCapturing(Stream *handle, int *status) {
  Call call;
  Stream *stream = resolve(call.driver, handle);
  *status = stream && stream->capture ? 1 : 0;
  return Success;
}

VITC_MOCK_EXPORT cuStreamBeginCapture_v2(Stream *stream, int) {
  Call call;
  stream->capture = call.driver.keep(Graph{.captured = true});
  ++call.driver.graphs;
  return Success;
}

VITC_MOCK_EXPORT cuStreamEndCapture(Stream *stream, Graph **graph) {
  Call call;
  *graph = std::exchange(stream->capture, nullptr);
  return *graph ? Success : InvalidValue;
}

VITC_MOCK_EXPORT cuStreamSynchronize(Stream *handle) {
  Call call;
  Stream *stream = resolve(call.driver, handle);
  if (!stream)
    return InvalidContext;
  if (stream->capture)
    return StreamCaptureUnsupported;
  if (stream == &stream->context->legacy) // with those that it waits for
    call.driver.enqueue(*stream, [] { return Success; });
  return call.driver.finish(stream->last);
}

VITC_MOCK_EXPORT cuStreamWaitEvent(Stream *handle, Event *event, unsigned) {
  Call call;
  Stream *stream = resolve(call.driver, handle);
  if (!stream)
    return InvalidContext;
  if (!event->alive)
    call.driver.complain("an event that was destroyed is waited for");
  if (stream->capture)
    return StreamCaptureUnsupported;
  if (event->recorded)
    stream->waits.push_back(event->recorded);
  return Success;
}

VITC_MOCK_EXPORT cuEventCreate(Event **event, unsigned) {
  Call call;
  *event = call.driver.keep(Event());
  ++call.driver.events;
  return Success;
}

VITC_MOCK_EXPORT cuEventDestroy_v2(Event *event) {
  Call call;
  if (!event->alive)
    call.driver.complain("an event is destroyed twice");
  event->alive = false;
  --call.driver.events;
  return Success;
}

VITC_MOCK_EXPORT cuEventRecord(Event *event, Stream *handle) {
  Call call;
  Driver &driver = call.driver;
  Stream *stream = resolve(driver, handle);
  if (!stream)
    return InvalidContext;
  if (stream->capture)
    return StreamCaptureUnsupported;
  Result result = driver.enqueue(*stream, [=, &driver] {
    event->milliseconds = driver.clock;
    return Success;
  });
  event->recorded = stream->last;
  return result;
}

VITC_MOCK_EXPORT cuEventSynchronize(Event *event) {
  Call call;
  return call.driver.finish(event->recorded);
}

VITC_MOCK_EXPORT cuEventElapsedTime(float *milliseconds, Event *from, Event *to) {
  Call call;
  for (const Event *event : {from, to})
    if (!event->recorded || event->recorded->work)
      return event->recorded ? NotReady : InvalidHandle;
  *milliseconds = static_cast<float>(to->milliseconds - from->milliseconds);
  return Success;
}
