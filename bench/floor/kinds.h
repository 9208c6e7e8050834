// The kinds of floor. Each serves until `stop` is set and a signal has interrupted its wait.
#pragma once

#include <atomic>

#include "floor/options.h"
#include "floor/outlet.h"
#include "floor/uring.h"

namespace parley::bench {

Outlet::Counters run_epoll(const FloorOptions& options, int listener,
                           const std::atomic<bool>& stop);

Outlet::Counters run_uring(const FloorOptions& options, Uring& uring, int listener,
                           const std::atomic<bool>& stop);

}  // namespace parley::bench
