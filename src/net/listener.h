// net::Listener: accepts connections on one shard.
//
// Every shard has a listener of its own on the same address (SO_REUSEPORT), and the kernel spreads
// connections over them. It decides nothing about who may connect.
#pragma once

#include <optional>

#include "base/delegate.h"
#include "ring/ring.h"
#include "shard/shard.h"

namespace parley::net {

class Listener final {
public:
    using Accepted = Delegate<void(int descriptor)>;

    /// Takes over a listening descriptor. `accepted` owns what it is called with.
    Listener(Shard& shard, int descriptor, Accepted accepted) noexcept;
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;
    ~Listener();

    void start() noexcept;
    /// Who is told of accepts that failed for want of descriptors or memory. Before start().
    using Failed = Delegate<void(int error)>;
    void on_failure(Failed failed) noexcept { failed_ = failed; }
    /// Accepts nobody until release(): whoever comes meanwhile waits in the kernel. Both may be
    /// called again.
    void hold() noexcept;
    void release() noexcept;
    /// Stops accepting; closed() once nothing is in flight, and who waited until then was accepted.
    /// Calling again changes nothing.
    void stop() noexcept;
    bool closed() const noexcept { return descriptor_ < 0; }

    /// Accepts that failed: out of descriptors or memory, or the peer was gone already.
    std::uint64_t failures() const noexcept { return failures_; }

private:
    void on_accept(const ring::Completion& completion) noexcept;
    void on_retry() noexcept;
    void finish() noexcept;

    Shard& shard_;
    int descriptor_;
    Accepted accepted_;
    ring::Operation accept_;
    Timer retry_;
    std::optional<Failed> failed_;
    bool stopping_ = false;
    bool held_ = false;
    std::uint64_t failures_ = 0;
};

}  // namespace parley::net
