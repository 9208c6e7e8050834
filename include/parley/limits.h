// parley::Limits: what a server takes from one peer, one user and all of them together.
//
// docs/LIMITS.md says for each where it holds, what a client sees and how the default was found.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace parley {

/// So much a second in the long run, and at most `burst` at once. `per_second` 0: no limit.
struct Pace {
    std::uint32_t per_second = 0;
    std::uint32_t burst = 0;
};

struct Limits {
    // One message. Beyond: the connection is closed with 1009, for its fragments with 1008.

    /// A whole message of any kind but an image.
    std::size_t message_bytes_max = std::size_t{64} * 1024;
    /// A whole message with an image: 1 MiB of it and 4 KiB of envelope. With a Handler, which
    /// knows no images, message_bytes_max alone counts.
    std::size_t image_bytes_max = (std::size_t{1024} + 4) * 1024;
    std::uint32_t fragments_max = 1024;

    // One user, over all devices. What is beyond is dropped and its sender is told.

    /// Requests for the floor, leaving groups, receipts, tests, and what is no message at all.
    Pace control{20, 50};
    Pace text{5, 20};    ///< texts, interactive messages, images
    Pace joins{5, 128};  ///< a radio may join all of its groups at once when it connects
    /// Voice. The bursts are two and a half seconds: what a radio kept while it stalled for two,
    /// and half a second of jitter.
    Pace audio_frames{60, 150};
    Pace audio_bits{64'000, 160'000};
    /// The so manieth refusal closes the connection with 4008. One is forgotten every ten seconds;
    /// 60 dropped voice frames are one. 0: never.
    std::uint32_t violations_max = 100;
    std::uint32_t groups_per_user_max = 128;  ///< at most 128
    std::uint32_t sockets_per_user_max = 8;   ///< then the oldest is closed; 0: no limit

    // One address; of IPv6, one /64.

    std::uint32_t sockets_per_address_max = 256;  ///< then 429; 0: no limit
    /// A proxy on the same machine hides the addresses of all behind it, so loopback counts only
    /// on request.
    bool loopback_is_counted = false;

    // Time.

    std::chrono::milliseconds opening_max{5'000};  ///< from accept to the end of the request
    std::chrono::milliseconds ping_interval{25'000};
    /// Then a silent connection is dropped. More than ping_interval counts as its next multiple.
    std::chrono::milliseconds pong_max{10'000};
    std::chrono::milliseconds partial_max{30'000};  ///< for the next byte of a begun frame; 1002
    std::chrono::milliseconds closing_max{2'000};   ///< for the peer's end, then it is reset

    // Readers that are too slow.

    /// Text and control that may wait for one; beyond, and where nothing goes out for
    /// send_stall_max, it is closed with 4008. Voice does not wait: it is dropped.
    std::size_t send_queue_bytes_max = std::size_t{1024} * 1024;
    std::chrono::milliseconds send_stall_max{10'000};

    // The whole server.

    /// Memory of the process: at 80 % new connections are refused, at 90 % queues shrink and joins
    /// are refused, at 95 % the slowest readers are closed. Without a value: what the cgroup of the
    /// process may use. 0: no limit.
    std::optional<std::uint64_t> memory_bytes_max;
    /// A shard whose turns take longer than this for a second accepts nobody until they do not.
    std::chrono::milliseconds lag_max{50};
    /// Users whom a store in memory knows, at least 1. Who is not signed in and in no group is
    /// forgotten first; then new users keep no memberships.
    std::size_t stored_users_max = 1'000'000;
    /// Descriptors that connections leave to files and stores.
    std::uint32_t descriptors_spare = 16;
};

}  // namespace parley
