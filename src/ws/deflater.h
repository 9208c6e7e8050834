// deflater: compresses whole messages (RFC 7692 section 7.2.1).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>
#include <zlib.h>

#include "ws/extensions.h"

namespace parley::ws {

/// One raw deflate stream.
class Deflater {
public:
    /// How much memory it takes, as zlib counts it (the logarithm of its tables).
    enum class Memory : std::uint8_t { shared = 8, own = 5 };

    Deflater(std::uint8_t window_bits, Memory memory) noexcept;
    Deflater(const Deflater&) = delete;
    Deflater& operator=(const Deflater&) = delete;
    ~Deflater();

    /// Compresses a message by itself into `out`, which is made as large as needed. False, with
    /// nothing useful in `out`, if it would not become smaller.
    bool compress_alone(std::span<const std::byte> message, std::vector<std::byte>& out) noexcept;
    /// Likewise with reference to those before it, of a message that is not empty. The peer must
    /// get it, however large it became.
    void compress_next(std::span<const std::byte> message, std::vector<std::byte>& out) noexcept;

private:
    bool run(std::span<const std::byte>& message, std::vector<std::byte>& out,
             std::size_t begin) noexcept;

    z_stream stream_{};
};

/// The deflaters of one shard, one for each size of window that somebody asked for: 268 KiB for the
/// usual one, 1.2 MiB if all seven are in use. Made when first needed.
class Deflaters {
public:
    Deflaters() noexcept = default;
    Deflaters(const Deflaters&) = delete;
    Deflaters& operator=(const Deflaters&) = delete;
    ~Deflaters() = default;

    Deflater& with_window(std::uint8_t bits) noexcept;
    /// Where messages are compressed to before their size is known.
    std::vector<std::byte>& scratch() noexcept { return scratch_; }
    /// Gives back what a large message has left behind.
    void trim() noexcept;

private:
    std::array<std::unique_ptr<Deflater>, window_bits_max - window_bits_min + 1> by_bits_;
    std::vector<std::byte> scratch_;
};

}  // namespace parley::ws
