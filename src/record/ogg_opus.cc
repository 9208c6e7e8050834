#include "record/ogg_opus.h"

#include <algorithm>
#include <cstring>
#include <opus/opus.h>
#include <string_view>

#include "base/assert.h"

namespace parley::record {
namespace {

/// A page this long is written at once: a second, so that a crash costs no more than that.
constexpr std::int64_t page_samples = sample_rate;

/// Packets come late and then together; only what is missing for longer than this is taken for a
/// silence. Radios' jitter buffers hold as much.
constexpr std::int64_t jitter_samples = sample_rate * 3 / 10;

/// The longest talk is minutes; a clock gone wrong must not make hours of silence.
constexpr std::int64_t fill_max = sample_rate * 600;

void append(std::string& to, std::uint32_t number, std::size_t bytes) {
    for (std::size_t i = 0; i < bytes; ++i)
        to += static_cast<char>(number >> (8 * i) & 0xff);
}

std::string head(bool stereo) {
    std::string packet = "OpusHead";
    append(packet, 1, 1);  // version
    append(packet, stereo ? 2 : 1, 1);
    append(packet, pre_skip, 2);
    append(packet, sample_rate, 4);
    append(packet, 0, 2);  // gain
    append(packet, 0, 1);  // mono or stereo
    return packet;
}

void append_counted(std::string& to, std::string_view text) {
    append(to, static_cast<std::uint32_t>(text.size()), 4);
    to += text;
}

// Section 5.2 of RFC 7845.
std::string comments(const OggOpus::Tags& tags) {
    std::string packet = "OpusTags";
    append_counted(packet, "parley");
    append(packet, static_cast<std::uint32_t>(tags.size()), 4);
    for (const auto& [name, value] : tags)
        append_counted(packet, name + '=' + value);
    return packet;
}

const unsigned char* octets(std::span<const std::byte> packet) noexcept {
    return reinterpret_cast<const unsigned char*>(packet.data());
}

// Samples that a packet plays, or nothing if it is none (RFC 6716 section 3.4).
std::int64_t samples_of(std::span<const std::byte> packet) noexcept {
    std::array<opus_int16, 48> sizes{};
    const int frames = packet.empty()
                           ? 0
                           : opus_packet_parse(octets(packet), static_cast<int>(packet.size()),
                                               nullptr, nullptr, sizes.data(), nullptr);
    if (frames <= 0) return 0;
    return std::int64_t{frames} * opus_packet_get_samples_per_frame(octets(packet), sample_rate);
}

std::span<const std::byte> bytes_of(std::string_view text) noexcept {
    return std::as_bytes(std::span{text});
}

std::int64_t samples_in(Duration time) noexcept {
    return std::chrono::duration_cast<std::chrono::microseconds>(time).count() * sample_rate /
           1'000'000;
}

}  // namespace

OggOpus::OggOpus(std::uint32_t serial, const Tags& tags) : tags_(comments(tags)) {
    const int failed = ogg_stream_init(&stream_, static_cast<int>(serial));
    PARLEY_ASSERT(failed == 0);
}

OggOpus::~OggOpus() {
    ogg_stream_clear(&stream_);
}

bool OggOpus::add(std::span<const std::byte> packet, Duration came, Bytes& out) {
    const std::int64_t samples = samples_of(packet);
    if (samples == 0) return false;
    if (!begun_) begin(packet.front(), out);
    const std::int64_t due = std::min(samples_in(came), position_ + fill_max);
    if (due - position_ > jitter_samples) fill_until(due, packet.front(), out);
    put(packet, samples, out);
    ++packets_;
    return true;
}

// The heads stand on pages of their own (RFC 7845 section 3).
void OggOpus::begin(std::byte first, Bytes& out) {
    begun_ = true;
    const auto stereo_bit = std::byte{0x04};  // of an Opus packet's first byte
    for (const std::string& packet : {head((first & stereo_bit) != std::byte{0}), tags_}) {
        put(bytes_of(packet), 0, out);
        put_last(false, out);
    }
}

// Frames of no bytes: decoders conceal them as they do lost ones (RFC 7845 section 4.1).
void OggOpus::fill_until(std::int64_t position, std::byte like, Bytes& out) {
    const std::byte one_frame = like & std::byte{0xfc};  // the same kind, one in the packet
    const std::int64_t samples = samples_of({&one_frame, 1});
    while (position - position_ >= samples)
        put({&one_frame, 1}, samples, out);
}

void OggOpus::put(std::span<const std::byte> packet, std::int64_t samples, Bytes& out) {
    if (!last_.empty()) put_last(false, out);
    last_.assign(packet.begin(), packet.end());
    position_ += samples;
}

void OggOpus::put_last(bool is_end, Bytes& out) {
    ogg_packet packet{};
    packet.packet = reinterpret_cast<unsigned char*>(last_.data());
    packet.bytes = static_cast<long>(last_.size());
    packet.b_o_s = number_ == 0 ? 1 : 0;
    packet.e_o_s = is_end ? 1 : 0;
    packet.granulepos = number_ < 2 ? 0 : position_;
    packet.packetno = number_++;
    const int failed = ogg_stream_packetin(&stream_, &packet);
    PARLEY_ASSERT(failed == 0);
    last_.clear();
    const bool page_is_due = is_end || number_ <= 2 || position_ - page_begin_ >= page_samples;
    ogg_page page{};
    while (page_is_due ? ogg_stream_flush(&stream_, &page) != 0
                       : ogg_stream_pageout(&stream_, &page) != 0) {
        const auto* begin = reinterpret_cast<const std::byte*>(page.header);
        out.insert(out.end(), begin, begin + page.header_len);
        begin = reinterpret_cast<const std::byte*>(page.body);
        out.insert(out.end(), begin, begin + page.body_len);
        page_begin_ = position_;
    }
}

void OggOpus::end(Bytes& out) {
    if (!last_.empty()) put_last(true, out);
}

Duration OggOpus::length() const noexcept {
    const std::int64_t samples = std::max<std::int64_t>(position_ - pre_skip, 0);
    return std::chrono::duration_cast<Duration>(
        std::chrono::microseconds{samples * 1'000'000 / sample_rate});
}

}  // namespace parley::record
