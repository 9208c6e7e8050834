// Voice codec: Opus as radios use it, one packet per message.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <opus/opus.h>
#include <span>
#include <vector>

#include "client/outcome.h"
#include "client/wav.h"

namespace parley::client {

using Packet = std::vector<std::byte>;

struct VoiceOptions {
    std::chrono::milliseconds frame{20};  ///< 20, 40 or 60
    std::int32_t bits_per_second = 24000;
};

/// Encodes the whole of `sound` at a constant bit rate, so that all packets have the same size, as
/// the radios' have. In Opus's AUDIO mode: radios play it as well, and it keeps the shape of the
/// wave, which VOIP mode filters, so that what was heard can be compared with what was said.
/// Silence is added at the end until the encoder's own delay has passed and the last word is
/// complete. Errors: Opus refuses the options.
Outcome<std::vector<Packet>> encode_voice(const Sound& sound, const VoiceOptions& options);

/// How much sound `packet` holds; zero if it is not an Opus packet.
std::chrono::microseconds packet_duration(std::span<const std::byte> packet) noexcept;

/// Decodes the packets of one talk burst, in order.
class VoiceDecoder final {
public:
    /// `rate_hz`: one that is_voice_rate() allows.
    static Outcome<VoiceDecoder> create(std::uint32_t rate_hz);

    /// Adds the packet's sound to `out`. False, and nothing is added, if it is not Opus.
    bool decode(std::span<const std::byte> packet, std::vector<std::int16_t>& out);
    /// Adds `duration` of sound made up from what was heard before: a packet is missing.
    void conceal(std::chrono::microseconds duration, std::vector<std::int16_t>& out);

private:
    struct Destroyer {
        void operator()(OpusDecoder* decoder) const noexcept { opus_decoder_destroy(decoder); }
    };
    using Handle = std::unique_ptr<OpusDecoder, Destroyer>;
    VoiceDecoder(Handle handle, std::uint32_t rate_hz) noexcept;

    Handle handle_;
    std::uint32_t rate_hz_;
};

}  // namespace parley::client
