// Voice codec: the calls into libopus.
#include "client/voice_codec.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace parley::client {
namespace {

constexpr std::size_t packet_bytes_max = 1275;    // RFC 6716, section 3.4
constexpr std::size_t packet_samples_max = 5760;  // 120 ms at 48 kHz
constexpr std::int32_t clock_rate_hz = 48000;     // what packet durations are counted in

struct EncoderDestroyer {
    void operator()(OpusEncoder* encoder) const noexcept { opus_encoder_destroy(encoder); }
};

const unsigned char* opus_bytes(std::span<const std::byte> packet) noexcept {
    return reinterpret_cast<const unsigned char*>(packet.data());
}

}  // namespace

Outcome<std::vector<Packet>> encode_voice(const Sound& sound, const VoiceOptions& options) {
    int error = OPUS_OK;
    const std::unique_ptr<OpusEncoder, EncoderDestroyer> encoder{opus_encoder_create(
        static_cast<opus_int32>(sound.rate_hz), 1, OPUS_APPLICATION_AUDIO, &error)};
    opus_int32 delay = 0;
    if (error == OPUS_OK) {
        error = opus_encoder_ctl(encoder.get(), OPUS_SET_BITRATE(options.bits_per_second));
    }
    if (error == OPUS_OK) error = opus_encoder_ctl(encoder.get(), OPUS_SET_VBR(0));
    if (error == OPUS_OK) error = opus_encoder_ctl(encoder.get(), OPUS_GET_LOOKAHEAD(&delay));
    if (error != OPUS_OK) {
        return Failure{fmt::format("Opus refuses {} Hz at {} bit/s: {}", sound.rate_hz,
                                   options.bits_per_second, opus_strerror(error))};
    }
    const auto frame = static_cast<std::size_t>(sound.rate_hz) *
                       static_cast<std::size_t>(options.frame.count()) / 1000;
    const std::size_t sample_count = sound.samples.size() + static_cast<std::size_t>(delay);
    const std::size_t packet_count = (sample_count + frame - 1) / frame;
    std::vector<std::int16_t> padded = sound.samples;
    padded.resize(packet_count * frame, 0);

    std::vector<Packet> packets;
    packets.reserve(packet_count);
    std::array<unsigned char, packet_bytes_max> bytes;
    for (std::size_t i = 0; i < packet_count; ++i) {
        const int size = opus_encode(encoder.get(), padded.data() + i * frame,
                                     static_cast<int>(frame), bytes.data(), packet_bytes_max);
        if (size < 0) return Failure{fmt::format("Opus cannot encode: {}", opus_strerror(size))};
        const auto packet = std::as_bytes(std::span{bytes}).first(static_cast<std::size_t>(size));
        packets.emplace_back(packet.begin(), packet.end());
    }
    return packets;
}

std::chrono::microseconds packet_duration(std::span<const std::byte> packet) noexcept {
    if (packet.empty() || packet.size() > std::size_t{packet_bytes_max} * 48) return {};
    const int samples = opus_packet_get_nb_samples(
        opus_bytes(packet), static_cast<opus_int32>(packet.size()), clock_rate_hz);
    if (samples <= 0) return {};
    return std::chrono::microseconds{std::int64_t{samples} * 1'000'000 / clock_rate_hz};
}

VoiceDecoder::VoiceDecoder(Handle handle, std::uint32_t rate_hz) noexcept
    : handle_(std::move(handle)), rate_hz_(rate_hz) {}

Outcome<VoiceDecoder> VoiceDecoder::create(std::uint32_t rate_hz) {
    int error = OPUS_OK;
    Handle handle{opus_decoder_create(static_cast<opus_int32>(rate_hz), 1, &error)};
    if (error != OPUS_OK) {
        return Failure{
            fmt::format("Opus cannot decode to {} Hz: {}", rate_hz, opus_strerror(error))};
    }
    return VoiceDecoder{std::move(handle), rate_hz};
}

bool VoiceDecoder::decode(std::span<const std::byte> packet, std::vector<std::int16_t>& out) {
    if (packet_duration(packet).count() == 0) return false;
    std::array<opus_int16, packet_samples_max> samples;
    const int count =
        opus_decode(handle_.get(), opus_bytes(packet), static_cast<opus_int32>(packet.size()),
                    samples.data(), static_cast<int>(samples.size()), 0);
    if (count <= 0) return false;
    out.insert(out.end(), samples.begin(), samples.begin() + count);
    return true;
}

void VoiceDecoder::conceal(std::chrono::microseconds duration, std::vector<std::int16_t>& out) {
    const auto wanted = static_cast<std::size_t>(duration.count()) * rate_hz_ / 1'000'000;
    const std::size_t count = std::min(wanted, packet_samples_max);
    std::array<opus_int16, packet_samples_max> samples{};
    const int made =
        opus_decode(handle_.get(), nullptr, 0, samples.data(), static_cast<int>(count), 0);
    if (made < 0) samples.fill(0);  // a duration Opus has no frame for: silence keeps the time
    out.insert(out.end(), samples.begin(), samples.begin() + static_cast<std::ptrdiff_t>(count));
}

}  // namespace parley::client
