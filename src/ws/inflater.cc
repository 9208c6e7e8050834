#include "ws/inflater.h"

#include <algorithm>
#include <array>

#include "base/assert.h"
#include "ws/extensions.h"

namespace parley::ws {
namespace {

// Texts grow about fourfold; a guess that is too small costs another round.
constexpr std::size_t growth_usual = 4;
constexpr std::size_t step_bytes_min = 512;
constexpr std::size_t step_bytes_max = std::size_t{64} << 10;

// What a sender takes off the end of every message (RFC 7692 section 7.2.1).
constexpr std::array<std::byte, 4> tail{std::byte{0}, std::byte{0}, std::byte{0xff},
                                        std::byte{0xff}};

/// Makes `out` larger, but never reserves more than a message may have. In large steps, since what
/// is reserved takes no memory before it is written to, and what is copied is there twice.
void grow(std::vector<std::byte>& out, std::size_t size, std::size_t bytes_max) {
    constexpr std::size_t factor = 16;
    if (size > out.capacity()) {
        out.reserve(std::max(size, std::min(factor * out.capacity(), bytes_max + 1)));
    }
    out.resize(size);
}

}  // namespace

Inflater::Inflater(std::uint8_t window_bits) noexcept {
    // 8 is fine for inflating, yet old compressors that were asked for 8 used 9.
    const int bits = std::max(window_bits, window_bits_min);
    PARLEY_ASSERT(inflateInit2(&stream_, -bits) == Z_OK);  // raw; fails for want of memory alone
}

Inflater::~Inflater() {
    inflateEnd(&stream_);
}

void Inflater::begin_anew() noexcept {
    inflateReset(&stream_);
    untouched_ = true;
}

Inflater::Step Inflater::inflate_some(std::span<const std::byte>& piece,
                                      std::span<std::byte> room) noexcept {
    // zlib promises not to write to its input.
    stream_.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(piece.data()));
    stream_.avail_in = static_cast<uInt>(piece.size());
    stream_.next_out = reinterpret_cast<Bytef*>(room.data());
    stream_.avail_out = static_cast<uInt>(room.size());
    const int result = ::inflate(&stream_, Z_SYNC_FLUSH);
    PARLEY_ASSERT(result != Z_MEM_ERROR && result != Z_STREAM_ERROR);
    if (stream_.avail_in < piece.size()) untouched_ = false;
    piece = piece.last(stream_.avail_in);
    if (result == Z_STREAM_END) {
        // A final block is not the end of a message (section 7.2.3.5): the next may follow, and
        // may refer to it.
        inflateResetKeep(&stream_);
        untouched_ = true;
    }
    return {.size = room.size() - stream_.avail_out, .corrupt = result == Z_DATA_ERROR};
}

Inflater::Outcome Inflater::take(std::span<const std::byte> piece, const Into& into) noexcept {
    // The limit may be less than it was when this message began.
    if (into.out.size() > into.bytes_max) return Outcome::too_big;
    if (piece.empty()) return Outcome::fine;
    while (true) {
        const std::size_t before = into.out.size();
        const std::size_t wanted =
            std::clamp(piece.size() * growth_usual, step_bytes_min, step_bytes_max);
        const std::size_t room = std::min(wanted, into.bytes_max - before + 1);
        grow(into.out, before + room, into.bytes_max);
        const Step step = inflate_some(piece, std::span{into.out}.subspan(before));
        into.out.resize(before + step.size);
        const std::size_t allowed = std::min(into.out.size(), into.bytes_max) - before;
        const auto added = std::span{into.out}.subspan(before, allowed);
        if (into.text != nullptr && !into.text->feed(added)) return Outcome::not_utf8;
        if (into.out.size() > into.bytes_max) return Outcome::too_big;
        if (step.corrupt) return Outcome::corrupt;
        if (step.size < room && piece.empty()) return Outcome::fine;
    }
}

// A message without an octet, as some send for an empty one, and one that ends with a final block
// have no block that the tail belongs to.
Inflater::Outcome Inflater::finish(const Into& into) noexcept {
    if (untouched_) return Outcome::fine;
    const Outcome outcome = take(tail, into);
    if (outcome != Outcome::fine) return outcome;
    return at_block_boundary() ? Outcome::fine : Outcome::corrupt;
}

bool Inflater::at_block_boundary() const noexcept {
    constexpr int block_just_ended = 128;  // of data_type, as zlib.h says at inflate()
    return (stream_.data_type & block_just_ended) != 0;
}

void Inflaters::Return::operator()(Inflater* inflater) const noexcept {
    --owner_->lent_;
    delete inflater;
}

Inflaters::~Inflaters() {
    PARLEY_ASSERT(lent_ == 0);
}

Inflater& Inflaters::shared() noexcept {
    if (!shared_) shared_ = std::make_unique<Inflater>(window_bits_max);
    return *shared_;
}

Inflaters::Lent Inflaters::lend() noexcept {
    if (lent_ == lent_max) return {};
    ++lent_;
    return Lent{std::make_unique<Inflater>(window_bits_max).release(), Return{this}};
}

}  // namespace parley::ws
