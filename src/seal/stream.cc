#include "seal/stream.h"

#include <algorithm>
#include <cstring>
#include <sodium.h>

#include "base/assert.h"

namespace parley::seal {
namespace {

constexpr std::string_view magic = "PARLEYS1";
constexpr std::size_t length_bytes = 4;
constexpr std::size_t stream_bytes = crypto_secretstream_xchacha20poly1305_HEADERBYTES;
constexpr std::size_t extra_bytes = crypto_secretstream_xchacha20poly1305_ABYTES;
static_assert(stream_head_bytes_max == magic.size() + 1 + key_id_size_max + stream_bytes);

const unsigned char* octets(const void* bytes) noexcept {
    return static_cast<const unsigned char*>(bytes);
}

void append(Bytes& to, std::string_view text) {
    const auto bytes = std::as_bytes(std::span{text});
    to.insert(to.end(), bytes.begin(), bytes.end());
}

}  // namespace

StreamState::StreamState() : state_(new crypto_secretstream_xchacha20poly1305_state{}) {}
StreamState::~StreamState() = default;

void StreamState::Delete::operator()(
    crypto_secretstream_xchacha20poly1305_state* state) const noexcept {
    sodium_memzero(state, sizeof(*state));
    delete state;
}

StreamSealer::StreamSealer(const KeyRing& keys, Bytes& out) {
    const Key& key = keys.first();
    head_ = magic;
    head_ += static_cast<char>(key.id.size());
    head_ += key.id;
    std::array<unsigned char, stream_bytes> begin{};
    crypto_secretstream_xchacha20poly1305_init_push(state_.get(), begin.data(),
                                                    key.recordings.data());
    head_.append(reinterpret_cast<const char*>(begin.data()), begin.size());
    append(out, head_);
}

void StreamSealer::seal(std::span<const std::byte> plain, Place place, Bytes& out) {
    while (plain.size() > chunk_bytes_max) {
        seal_chunk(plain.first(chunk_bytes_max), Place::within, out);
        plain = plain.subspan(chunk_bytes_max);
    }
    seal_chunk(plain, place, out);
}

void StreamSealer::seal_chunk(std::span<const std::byte> plain, Place place, Bytes& out) {
    const std::size_t size = plain.size() + extra_bytes;
    const std::size_t begin = out.size();
    out.resize(begin + length_bytes + size);
    for (std::size_t i = 0; i < length_bytes; ++i)
        out[begin + i] = static_cast<std::byte>(size >> (8 * i) & 0xff);
    const unsigned char tag = place == Place::last
                                  ? crypto_secretstream_xchacha20poly1305_TAG_FINAL
                                  : crypto_secretstream_xchacha20poly1305_TAG_MESSAGE;
    crypto_secretstream_xchacha20poly1305_push(
        state_.get(), reinterpret_cast<unsigned char*>(out.data() + begin + length_bytes), nullptr,
        octets(plain.data()), plain.size(), octets(head_.data()), head_.size(), tag);
}

StreamOpener::Status StreamOpener::feed(std::span<const std::byte> sealed, Bytes& out) {
    while (status_ != Status::broken && !sealed.empty()) {
        // Never more than one head or chunk is held.
        const std::size_t room = length_bytes + chunk_bytes_max + extra_bytes - pending_.size();
        const std::size_t taken = std::min(room, sealed.size());
        const auto part = sealed.first(taken);
        pending_.insert(pending_.end(), part.begin(), part.end());
        sealed = sealed.subspan(taken);
        if (status_ == Status::ended) status_ = Status::broken;
        while (status_ == Status::need_more && (head_.empty() ? read_head() : read_chunk(out))) {
        }
    }
    return status_;
}

// Both: true if something was taken off the front of pending_.
bool StreamOpener::read_head() {
    if (pending_.size() < magic.size() + 1) return false;
    const std::size_t id_size = std::to_integer<std::size_t>(pending_[magic.size()]);
    if (!is_sealed_stream(pending_) || id_size > key_id_size_max) {
        status_ = Status::broken;
        return false;
    }
    const std::size_t size = magic.size() + 1 + id_size + stream_bytes;
    if (pending_.size() < size) return false;
    head_.assign(reinterpret_cast<const char*>(pending_.data()), size);
    const Key* key = keys_.find(std::string_view{head_}.substr(magic.size() + 1, id_size));
    const auto* begin = octets(head_.data() + size - stream_bytes);
    const bool good = key != nullptr && crypto_secretstream_xchacha20poly1305_init_pull(
                                            state_.get(), begin, key->recordings.data()) == 0;
    if (!good) status_ = Status::broken;
    pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(size));
    return good;
}

bool StreamOpener::read_chunk(Bytes& out) {
    if (pending_.size() < length_bytes) return false;
    std::size_t size = 0;
    for (std::size_t i = 0; i < length_bytes; ++i)
        size |= std::to_integer<std::size_t>(pending_[i]) << (8 * i);
    if (size < extra_bytes || size > chunk_bytes_max + extra_bytes) {
        status_ = Status::broken;
        return false;
    }
    if (pending_.size() < length_bytes + size) return false;
    const std::size_t begin = out.size();
    out.resize(begin + size - extra_bytes);
    unsigned char tag = 0;
    const int failed = crypto_secretstream_xchacha20poly1305_pull(
        state_.get(), reinterpret_cast<unsigned char*>(out.data() + begin), nullptr, &tag,
        octets(pending_.data() + length_bytes), size, octets(head_.data()), head_.size());
    pending_.erase(pending_.begin(),
                   pending_.begin() + static_cast<std::ptrdiff_t>(length_bytes + size));
    if (failed != 0) {
        out.resize(begin);
        status_ = Status::broken;
    } else if (tag == crypto_secretstream_xchacha20poly1305_TAG_FINAL) {
        status_ = pending_.empty() ? Status::ended : Status::broken;
    }
    return status_ == Status::need_more;
}

bool is_sealed_stream(std::span<const std::byte> begin) noexcept {
    return begin.size() >= magic.size() &&
           std::memcmp(begin.data(), magic.data(), magic.size()) == 0;
}

}  // namespace parley::seal
