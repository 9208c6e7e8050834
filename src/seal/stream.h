// seal streams: recordings as they lie on disk
// (docs/decisions/0013-recordings-are-sealed-in-order.md).
//
//   "PARLEYS1" │ bytes of the key's id │ key id │ head of the stream (24)
//   bytes of the chunk (4, little endian) │ chunk of libsodium's secretstream   … once for each
//   write the last chunk says that it is the last
//
// What was written last opens as soon as it is there, whole; what was cut off, left out or put
// elsewhere does not. Chunks open in order alone.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "seal/key_ring.h"

struct crypto_secretstream_xchacha20poly1305_state;

namespace parley::seal {

using Bytes = std::vector<std::byte>;

/// Plain bytes of one chunk: what a reader must hold to open it.
inline constexpr std::size_t chunk_bytes_max = std::size_t{64} << 10;
/// Of every file, before its chunks.
inline constexpr std::size_t stream_head_bytes_max = 8 + 1 + key_id_size_max + 24;

/// Wiped when it goes.
class StreamState {
public:
    StreamState();
    StreamState(const StreamState&) = delete;
    StreamState& operator=(const StreamState&) = delete;
    ~StreamState();
    crypto_secretstream_xchacha20poly1305_state* get() noexcept { return state_.get(); }

private:
    struct Delete {
        void operator()(crypto_secretstream_xchacha20poly1305_state* state) const noexcept;
    };
    std::unique_ptr<crypto_secretstream_xchacha20poly1305_state, Delete> state_;
};

class StreamSealer {
public:
    /// Appends the head of the file to `out`.
    StreamSealer(const KeyRing& keys, Bytes& out);

    enum class Place : std::uint8_t { within, last };
    /// Appends `plain` sealed, in as many chunks as it takes; at least one.
    void seal(std::span<const std::byte> plain, Place place, Bytes& out);

private:
    void seal_chunk(std::span<const std::byte> plain, Place place, Bytes& out);

    StreamState state_;
    std::string head_;  // every chunk is bound to it
};

/// Opens what a StreamSealer sealed, fed in pieces of any size. Made for hostile bytes: it holds
/// one chunk at most.
class StreamOpener {
public:
    explicit StreamOpener(const KeyRing& keys) noexcept : keys_(keys) {}

    enum class Status : std::uint8_t {
        need_more,  ///< whole so far
        ended,      ///< the last chunk was opened; nothing may follow
        broken,     ///< not sealed by these keys, or changed
    };
    /// Appends to `out` what it opens; of a broken chunk nothing.
    Status feed(std::span<const std::byte> sealed, Bytes& out);
    Status status() const noexcept { return status_; }
    /// Bytes that were fed and are not opened yet: what is left over if the file ends here.
    std::size_t pending() const noexcept { return pending_.size(); }

private:
    bool read_head();
    bool read_chunk(Bytes& out);

    const KeyRing& keys_;
    StreamState state_;
    std::string head_;  // once it was read
    Bytes pending_;
    Status status_ = Status::need_more;
};

/// Whether a file that begins so is sealed. Requires eight bytes to say yes.
bool is_sealed_stream(std::span<const std::byte> begin) noexcept;

}  // namespace parley::seal
