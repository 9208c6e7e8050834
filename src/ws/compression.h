// Compression: all that permessage-deflate takes on one shard (RFC 7692).
//
//   no context kept (the usual):  one inflater, one deflater for each window, shared by all
//   context kept:                 an inflater and a deflater of its own for each connection
//
// A connection that agreed on nothing, or keeps no context, has no memory here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>

#include "shard/frame.h"
#include "ws/deflater.h"
#include "ws/extensions.h"
#include "ws/inflater.h"
#include "ws/outgoing.h"

namespace parley::ws {

class Connection;

/// What a connection has agreed on, as far as it must remember it.
struct Agreed {
    std::uint8_t send_window_bits = 0;  ///< 0: no compression
    bool keeps_sent = false;            ///< has a deflater of its own
    bool keeps_received = false;        ///< has an inflater of its own
};

class Compression {
public:
    explicit Compression(FramePool& frames) noexcept : frames_(frames) {}
    Compression(const Compression&) = delete;
    Compression& operator=(const Compression&) = delete;
    ~Compression() = default;

    /// The connection takes part from now on. What it keeps is made when it is first needed.
    Agreed agree(const Connection& who, const DeflateTerms& terms);
    /// It is gone.
    void forget(const Connection& who) noexcept { contexts_.erase(&who); }

    /// What it reads with. Valid until it is forgotten.
    Inflation inflation(const Connection& who, Agreed agreed) noexcept;
    /// The frame that it sends for a message that may be compressed; empty if there is no memory
    /// for one that it must get.
    FrameRef frame_for(const Connection& who, Agreed agreed, Outgoing& message) noexcept;

    struct Counters {
        std::uint64_t agreed = 0;    ///< connections that compress, since the start
        std::uint64_t deflated = 0;  ///< messages that left compressed, one for each recipient
    };
    const Counters& counters() const noexcept { return counters_; }
    /// Connections that keep context, now.
    std::size_t contexts() const noexcept { return contexts_.size(); }
    /// Messages whose pieces are being inflated, now.
    std::uint32_t inflaters_lent() const noexcept { return inflaters_.lent(); }

private:
    struct Context {
        std::uint8_t send_window_bits = 0;
        std::uint8_t receive_window_bits = 0;
        std::unique_ptr<Inflater> inflater;
        std::unique_ptr<Deflater> deflater;
    };

    FrameRef next_of(Context& context, const Outgoing& message) noexcept;

    FramePool& frames_;
    Inflaters inflaters_;
    Deflaters deflaters_;
    std::unordered_map<const Connection*, Context> contexts_;  // few have one
    Counters counters_;
};

}  // namespace parley::ws
