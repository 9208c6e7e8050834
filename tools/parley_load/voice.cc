// Voice: recorded, or made up.
#include "parley_load/voice.h"

#include <cmath>
#include <numbers>
#include <unistd.h>

namespace parley::load {
namespace {

constexpr const char* recorded_speech = "/usr/share/sounds/alsa/Front_Center.wav";

/// Two seconds of a voice of 120 Hz that says four syllables a second.
client::Sound made_up_speech() {
    constexpr std::uint32_t rate_hz = 16000;
    constexpr double turn = 2 * std::numbers::pi;
    client::Sound sound{rate_hz, std::vector<std::int16_t>(2 * rate_hz)};
    for (std::size_t i = 0; i < sound.samples.size(); ++i) {
        const double time = static_cast<double>(i) / rate_hz;
        const double pitch = 120 + 15 * std::sin(turn * 0.7 * time);
        double wave = 0;
        for (int harmonic = 1; harmonic <= 20; ++harmonic) {
            const double formant = std::exp(-std::pow((harmonic * pitch - 600) / 500, 2)) + 0.05;
            wave += formant * std::sin(turn * harmonic * pitch * time);
        }
        const double syllable = std::pow(std::sin(std::numbers::pi * 4 * time), 2);
        sound.samples[i] = static_cast<std::int16_t>(1500 * syllable * wave);
    }
    return sound;
}

}  // namespace

client::Outcome<std::vector<client::Packet>> voice_packets(const std::string& path) {
    const bool recorded = access(recorded_speech, R_OK) == 0;
    if (path.empty() && !recorded) return client::encode_voice(made_up_speech(), {});
    PARLEY_TRY(const client::Sound sound, client::read_wav(path.empty() ? recorded_speech : path));
    return client::encode_voice(sound, {});
}

}  // namespace parley::load
