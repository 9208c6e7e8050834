#include "ws/deflater.h"

#include "base/assert.h"

namespace parley::ws {
namespace {

// On the path that voice shares, so the fastest there is: of a long text it leaves a tenth more
// than the usual level does, of a short one the same.
constexpr int level = Z_BEST_SPEED;

// The empty block that ends a flush, which is not sent (RFC 7692 section 7.2.1).
constexpr std::size_t tail_bytes = 4;
// deflateBound() counts a stream that ends; a flush has its empty block instead. zlib.h wants more
// than six octets left, or it could begin a second one.
constexpr std::size_t flush_bytes_max = 16;
constexpr std::size_t kept_bytes_max = std::size_t{64} << 10;

}  // namespace

Deflater::Deflater(std::uint8_t window_bits, Memory memory) noexcept {
    PARLEY_ASSERT(window_bits >= window_bits_min && window_bits <= window_bits_max);
    PARLEY_ASSERT(deflateInit2(&stream_, level, Z_DEFLATED, -int{window_bits},
                               static_cast<int>(memory), Z_DEFAULT_STRATEGY) == Z_OK);
}

Deflater::~Deflater() {
    deflateEnd(&stream_);
}

/// False if `out` is full before the message is through.
bool Deflater::run(std::span<const std::byte> message, std::vector<std::byte>& out) noexcept {
    // zlib promises not to write to its input.
    stream_.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(message.data()));
    stream_.avail_in = static_cast<uInt>(message.size());
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    stream_.avail_out = static_cast<uInt>(out.size());
    const int result = ::deflate(&stream_, Z_SYNC_FLUSH);
    PARLEY_ASSERT(result == Z_OK);
    if (stream_.avail_out == 0) return false;
    out.resize(out.size() - stream_.avail_out - tail_bytes);
    return true;
}

bool Deflater::compress_alone(std::span<const std::byte> message,
                              std::vector<std::byte>& out) noexcept {
    deflateReset(&stream_);
    // With its tail it may be as large as the message: then what is sent is smaller.
    out.resize(message.size() + tail_bytes);
    return run(message, out) && out.size() < message.size();
}

void Deflater::compress_next(std::span<const std::byte> message,
                             std::vector<std::byte>& out) noexcept {
    out.resize(deflateBound(&stream_, static_cast<uLong>(message.size())) + flush_bytes_max);
    const bool fits = run(message, out);
    PARLEY_ASSERT(fits);
}

Deflater& Deflaters::with_window(std::uint8_t bits) noexcept {
    PARLEY_ASSERT(bits >= window_bits_min && bits <= window_bits_max);
    std::unique_ptr<Deflater>& deflater = by_bits_[bits - window_bits_min];
    if (!deflater) deflater = std::make_unique<Deflater>(bits, Deflater::Memory::shared);
    return *deflater;
}

void Deflaters::trim() noexcept {
    if (scratch_.capacity() > kept_bytes_max) scratch_ = {};
}

}  // namespace parley::ws
