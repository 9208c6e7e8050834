// WAV files: speech in and out of the programs.
//
// Only what recordings of speech use: RIFF, PCM, 16 bit, one or two channels. It does not resample:
// Opus itself takes 8, 12, 16, 24 and 48 kHz, and other rates are refused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "client/outcome.h"

namespace parley::client {

/// Speech as numbers, one channel.
struct Sound {
    std::uint32_t rate_hz = 0;
    std::vector<std::int16_t> samples;

    double seconds() const noexcept;
};

/// Whether Opus can work at this rate without resampling.
bool is_voice_rate(std::uint32_t rate_hz) noexcept;

/// Understands a WAV file in memory; two channels are averaged into one. Never reads beyond
/// `file`, whatever its header claims. Errors: not RIFF/WAVE, not PCM of 16 bit, more than two
/// channels, a rate that is_voice_rate() denies, no samples, chunks that do not fit.
Outcome<Sound> parse_wav(std::span<const std::byte> file);

/// parse_wav() of a file of at most 1 GB. Errors name the file.
Outcome<Sound> read_wav(const std::string& path);

/// Writes one channel of 16 bit PCM. The file is a valid WAV after each append(), so that nothing
/// heard is lost if the program dies.
class WavWriter final {
public:
    /// Creates or replaces `path`.
    static Outcome<WavWriter> create(const std::string& path, std::uint32_t rate_hz);

    /// Adds samples at the end and brings the header up to date. Errors: the disk is full, or the
    /// file would pass 4 GB.
    Done append(std::span<const std::int16_t> samples);

    std::uint64_t sample_count() const noexcept { return sample_count_; }

private:
    struct Closer {
        void operator()(std::FILE* file) const noexcept { std::fclose(file); }
    };
    using File = std::unique_ptr<std::FILE, Closer>;

    WavWriter(File file, std::string path, std::uint32_t rate_hz) noexcept;
    Done write_header();

    File file_;
    std::string path_;
    std::uint32_t rate_hz_;
    std::uint64_t sample_count_ = 0;
};

}  // namespace parley::client
