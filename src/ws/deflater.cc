#include "ws/deflater.h"

#include "base/assert.h"

namespace parley::ws {
namespace {

// The fastest there is: the voice of the shard waits meanwhile.
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

/// Puts what becomes of the message, of which it takes off what it has read, into `out` from
/// `begin` on. False if `out` is full before all is there: then call again with more room.
bool Deflater::run(std::span<const std::byte>& message, std::vector<std::byte>& out,
                   std::size_t begin) noexcept {
    // zlib promises not to write to its input.
    stream_.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(message.data()));
    stream_.avail_in = static_cast<uInt>(message.size());
    stream_.next_out = reinterpret_cast<Bytef*>(out.data() + begin);
    stream_.avail_out = static_cast<uInt>(out.size() - begin);
    const int result = ::deflate(&stream_, Z_SYNC_FLUSH);
    PARLEY_ASSERT(result == Z_OK);
    message = message.last(stream_.avail_in);
    if (stream_.avail_out == 0) return false;
    out.resize(out.size() - stream_.avail_out - tail_bytes);
    return true;
}

bool Deflater::compress_alone(std::span<const std::byte> message,
                              std::vector<std::byte>& out) noexcept {
    deflateReset(&stream_);
    // With its tail it may be as large as the message: then what is sent is smaller.
    const std::size_t size = message.size();
    out.resize(size + tail_bytes);
    return run(message, out, 0) && out.size() < size;
}

void Deflater::compress_next(std::span<const std::byte> message,
                             std::vector<std::byte>& out) noexcept {
    out.resize(deflateBound(&stream_, static_cast<uLong>(message.size())) + flush_bytes_max);
    // The bound should do, but what a peer can choose must not end the process if it does not.
    for (std::size_t begin = 0; !run(message, out, begin);) {
        begin = out.size();
        out.resize(2 * begin);
    }
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
