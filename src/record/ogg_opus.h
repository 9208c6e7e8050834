// record::OggOpus: makes an Ogg Opus stream (RFC 3533, RFC 7845) of the packets of one talk.
//
//   packet, when it came ──▶ add() ──▶ [missing time as empty frames] ──▶ pages, one each second
//
// Nothing is decoded or encoded again: what was received is what is kept. Pure: it reads no clock
// and writes no file; pages are appended to what the caller gives it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <ogg/ogg.h>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"

namespace parley::record {

/// Samples a second that positions in Ogg Opus are counted in, whatever was encoded (RFC 7845
/// section 4).
inline constexpr std::int64_t sample_rate = 48'000;

/// Samples that a decoder throws away at the beginning: the look-ahead of libopus' encoder, 6.5 ms.
inline constexpr std::uint16_t pre_skip = 312;

class OggOpus {
public:
    using Bytes = std::vector<std::byte>;
    /// What players show of it, as `{"ARTIST", "alice"}`.
    using Tags = std::vector<std::pair<std::string, std::string>>;

    /// `serial` tells streams apart that are played one after the other: any number that differs.
    OggOpus(std::uint32_t serial, const Tags& tags);
    OggOpus(const OggOpus&) = delete;
    OggOpus& operator=(const OggOpus&) = delete;
    ~OggOpus();

    /// Adds a packet that came so long after the talk began. Time in which nothing came is filled,
    /// so that what follows is heard when it was said. False if it is no Opus packet: it is left
    /// out.
    bool add(std::span<const std::byte> packet, Duration came, Bytes& out);
    /// Writes what is left, and the end of the stream.
    void end(Bytes& out);

    /// How long it plays so far.
    Duration length() const noexcept;
    std::uint64_t packets() const noexcept { return packets_; }

private:
    void begin(std::byte first, Bytes& out);
    void fill_until(std::int64_t position, std::byte like, Bytes& out);
    void put(std::span<const std::byte> packet, std::int64_t samples, Bytes& out);
    void put_last(bool is_end, Bytes& out);

    ogg_stream_state stream_{};
    std::string tags_;
    Bytes last_;                 // held back: only the last packet says that it is the last
    std::int64_t position_ = 0;  // samples behind last_
    std::int64_t page_begin_ = 0;
    std::int64_t number_ = 0;  // of the next packet, heads included
    std::uint64_t packets_ = 0;
    bool begun_ = false;
};

}  // namespace parley::record
