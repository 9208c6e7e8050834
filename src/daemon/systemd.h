// systemd: what the service manager passes in the environment, and what it is told. Spoken
// directly: a list of descriptors (sd_listen_fds(3)) and a datagram (sd_notify(3)) need no library.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace parley::daemon {

/// The listening sockets that were passed to this process; empty if none were. If some are named
/// `parley` (FileDescriptorName=), these alone. Takes the variables out of the environment, so that
/// no child takes them for its own. False, with a sentence in `error`, if they make no sense.
/// Threads: before any other is started.
bool take_passed_listeners(std::vector<int>& listeners, std::string& error);

/// Tells the service manager, if there is one: lines such as `READY=1`.
/// Threads: any. Errors: none; nobody would act upon them.
void notify(std::string_view state) noexcept;

}  // namespace parley::daemon
