#ifndef VITC_TEST_SIMULATOR_ADDRESSSPACES_H
#define VITC_TEST_SIMULATOR_ADDRESSSPACES_H

#include "Fault.h"
#include "Step.h"

namespace vitc::ptxsim {

/// Calls what may raise without knowing where it is, and names the lane in its faults.
template <typename Body>
auto placed(const Step &step, unsigned lane, Body body) {
  try {
    return body();
  } catch (FaultException &caught) {
    if (caught.fault.message.starts_with("kernel "))
      throw;
    step.fail(caught.fault.kind, caught.fault.message, int(lane));
  }
}

/// Where an address of a lane leads: never `generic`; for shared memory the block and the address in it.
struct Place {
  Space space;
  std::uint64_t address;
  Block *block;
};

/// Finds the space of a generic address and the block of a shared one.
Place resolve(const Step &, Space, std::uint64_t address, unsigned lane);

/// The shared address that the step's instruction is given in a source, with its offset, one for each lane.
Place sharedPlace(const Step &, unsigned source, unsigned lane);

/// Reads or writes bytes of one lane; reading returns whether all of them were written before.
bool loadBytes(Step &, const Place &, unsigned lane, std::span<std::byte>);
void storeBytes(Step &, const Place &, unsigned lane, std::span<const std::byte>);

/// The host's view of global bytes; raises "out-of-bounds".
std::byte *globalBytes(const Step &, std::uint64_t address, std::size_t bytes, unsigned lane);

/// An access that synchronises (atomic, volatile, acquire, release): before and after it.
void beginSynchronising(Step &);
void endSynchronising(Step &);

/// Raises "misaligned" where an address is no multiple.
void checkAligned(const Step &, std::uint64_t address, std::size_t align, unsigned lane);

} // namespace vitc::ptxsim

#endif
