// Division: which worker serves which connection, and whether workers are threads or processes.
//
//   all connections fit the descriptor limit        one process, a thread for each worker
//   they do not                                     a process for each worker
//
// A group stays on one worker unless there are fewer groups than workers, or a group has more
// members than one process may have descriptors. Pure arithmetic: starts nothing.
#pragma once

#include <cstdint>

#include "client/outcome.h"

namespace parley::load {

class Division final {
public:
    struct Wishes {
        std::uint32_t connections = 0;
        std::uint32_t group_size = 1;
        std::uint32_t threads = 1;
        std::uint64_t descriptors_max = 0;  ///< of one process
        bool whole_groups = false;          ///< each group must stay on one worker
    };

    /// Descriptors that a process needs beside its connections.
    static constexpr std::uint32_t other_descriptors = 64;

    /// Errors: whole groups are wished, and one is larger than a process may serve.
    static client::Outcome<Division> of(const Wishes& wishes);

    std::uint32_t worker_count() const noexcept { return worker_count_; }
    bool in_processes() const noexcept { return in_processes_; }
    /// Whether the members of one group are on several workers.
    bool spreads_groups() const noexcept { return spreads_groups_; }
    std::uint32_t group_count() const noexcept { return connections_ / group_size_; }
    std::uint32_t group_of(std::uint32_t number) const noexcept { return number / group_size_; }
    std::uint32_t worker_of(std::uint32_t number) const noexcept {
        return (spreads_groups_ ? number : group_of(number)) % worker_count_;
    }
    /// How many connections `worker` serves.
    std::uint32_t share_of(std::uint32_t worker) const noexcept;
    /// How many whole groups `worker` serves. Requires that groups are not spread.
    std::uint32_t groups_of(std::uint32_t worker) const noexcept;

private:
    explicit Division(const Wishes& wishes) noexcept
        : connections_(wishes.connections), group_size_(wishes.group_size) {}

    std::uint32_t connections_;
    std::uint32_t group_size_;
    std::uint32_t worker_count_ = 1;
    bool in_processes_ = false;
    bool spreads_groups_ = false;
};

}  // namespace parley::load
