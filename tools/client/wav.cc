// WAV files: reading with every length checked, writing with the header always true.
#include "client/wav.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <limits>
#include <string_view>

namespace parley::client {
namespace {

static_assert(std::endian::native == std::endian::little, "samples are copied as they are");

constexpr std::size_t riff_head_bytes = 12;   // "RIFF" size "WAVE"
constexpr std::size_t chunk_head_bytes = 8;   // name size
constexpr std::size_t format_bytes_min = 16;  // WAVEFORMAT with its sample width
constexpr std::size_t extensible_bytes = 40;  // WAVEFORMATEXTENSIBLE
constexpr std::size_t written_head_bytes = 44;
constexpr std::size_t file_bytes_max = std::size_t{1} << 30;
constexpr std::uint16_t format_pcm = 1;
constexpr std::uint16_t format_extensible = 0xfffe;

template <class Number>
Number number_at(std::span<const std::byte> bytes, std::size_t offset) noexcept {
    Number value;
    std::memcpy(&value, bytes.data() + offset, sizeof value);
    return value;
}

std::string_view name_at(std::span<const std::byte> bytes, std::size_t offset) noexcept {
    return {reinterpret_cast<const char*>(bytes.data()) + offset, 4};
}

struct Format {
    std::uint16_t channels = 0;
    std::uint32_t rate_hz = 0;
};

Outcome<Format> read_format(std::span<const std::byte> chunk) {
    if (chunk.size() < format_bytes_min) return Failure{"its format chunk is too short"};
    auto code = number_at<std::uint16_t>(chunk, 0);
    if (code == format_extensible && chunk.size() >= extensible_bytes) {
        code = number_at<std::uint16_t>(chunk, 24);  // the first field of the sub-format
    }
    const auto bits = number_at<std::uint16_t>(chunk, 14);
    const Format format{number_at<std::uint16_t>(chunk, 2), number_at<std::uint32_t>(chunk, 4)};
    if (code != format_pcm || bits != 16) {
        return Failure{
            fmt::format("it holds format {} with {} bits, and only PCM of 16 bits is "
                        "read; convert it, for example with sox or ffmpeg",
                        code, bits)};
    }
    if (format.channels != 1 && format.channels != 2) {
        return Failure{fmt::format("it has {} channels; one or two are read", format.channels)};
    }
    if (number_at<std::uint16_t>(chunk, 12) != format.channels * 2) {
        return Failure{"its block size does not fit its channels"};
    }
    if (!is_voice_rate(format.rate_hz)) {
        return Failure{
            fmt::format("it has {} samples a second; 8000, 12000, 16000, 24000 or 48000 "
                        "are read; resample it, for example with sox or ffmpeg",
                        format.rate_hz)};
    }
    return format;
}

std::vector<std::int16_t> to_mono(std::span<const std::byte> data, std::uint16_t channels) {
    std::vector<std::int16_t> samples(data.size() / (std::size_t{2} * channels));
    for (std::size_t i = 0; i < samples.size(); ++i) {
        int sum = 0;
        for (std::size_t c = 0; c < channels; ++c) {
            sum += number_at<std::int16_t>(data, (i * channels + c) * 2);
        }
        samples[i] = static_cast<std::int16_t>(sum / channels);
    }
    return samples;
}

Failure not_usable(const std::string& path, std::string_view why) {
    return Failure{fmt::format("cannot use '{}': {}", path, why)};
}

}  // namespace

double Sound::seconds() const noexcept {
    return rate_hz == 0 ? 0.0 : static_cast<double>(samples.size()) / rate_hz;
}

bool is_voice_rate(std::uint32_t rate_hz) noexcept {
    constexpr std::array<std::uint32_t, 5> rates{8000, 12000, 16000, 24000, 48000};
    return std::ranges::find(rates, rate_hz) != rates.end();
}

Outcome<Sound> parse_wav(std::span<const std::byte> file) {
    if (file.size() < riff_head_bytes || name_at(file, 0) != "RIFF" || name_at(file, 8) != "WAVE") {
        return Failure{"it is not a WAV file"};
    }
    std::span<const std::byte> rest = file.subspan(riff_head_bytes);
    Format format;
    while (rest.size() >= chunk_head_bytes) {
        const std::string_view name = name_at(rest, 0);
        const std::size_t claimed = number_at<std::uint32_t>(rest, 4);
        rest = rest.subspan(chunk_head_bytes);
        // A recorder that was cut off leaves a size of 0xffffffff or too large: take what is there.
        const std::size_t size = std::min(claimed, rest.size());
        if (name == "fmt ") {
            if (size != claimed) return Failure{"its format chunk is cut off"};
            PARLEY_TRY(format, read_format(rest.first(size)));
        } else if (name == "data") {
            if (format.channels == 0) return Failure{"its samples come before its format"};
            Sound sound{format.rate_hz, to_mono(rest.first(size), format.channels)};
            if (sound.samples.empty()) return Failure{"it holds no samples"};
            return sound;
        }
        rest = rest.subspan(std::min(size + size % 2, rest.size()));
    }
    return Failure{"it holds no samples"};
}

Outcome<Sound> read_wav(const std::string& path) {
    std::FILE* file = std::fopen(path.c_str(), "rb");
    if (file == nullptr) return not_usable(path, std::strerror(errno));
    std::vector<std::byte> bytes;
    std::array<std::byte, 65536> block;
    bool failed = false;
    while (bytes.size() <= file_bytes_max) {
        const std::size_t size = std::fread(block.data(), 1, block.size(), file);
        bytes.insert(bytes.end(), block.begin(), block.begin() + static_cast<std::ptrdiff_t>(size));
        if (size < block.size()) {
            failed = std::ferror(file) != 0;
            break;
        }
    }
    std::fclose(file);
    if (failed) return not_usable(path, "it cannot be read");
    if (bytes.size() > file_bytes_max) return not_usable(path, "it is larger than 1 GB");
    auto sound = parse_wav(bytes);
    if (!sound) return not_usable(path, sound.error().text);
    return sound;
}

WavWriter::WavWriter(File file, std::string path, std::uint32_t rate_hz) noexcept
    : file_(std::move(file)), path_(std::move(path)), rate_hz_(rate_hz) {}

Outcome<WavWriter> WavWriter::create(const std::string& path, std::uint32_t rate_hz) {
    PARLEY_ASSERT(is_voice_rate(rate_hz));
    File file{std::fopen(path.c_str(), "wb")};
    if (file == nullptr) {
        return Failure{fmt::format("cannot write '{}': {}", path, std::strerror(errno))};
    }
    WavWriter writer{std::move(file), path, rate_hz};
    if (auto ok = writer.write_header(); !ok) return ok.error();
    return writer;
}

Done WavWriter::append(std::span<const std::int16_t> samples) {
    if (samples.empty()) return Ok{};
    const std::uint64_t bytes = (sample_count_ + samples.size()) * 2 + written_head_bytes;
    if (bytes > std::numeric_limits<std::uint32_t>::max()) {
        return Failure{fmt::format("'{}' is full: a WAV file ends at 4 GB", path_)};
    }
    const bool written =
        std::fseek(file_.get(), 0, SEEK_END) == 0 &&
        std::fwrite(samples.data(), 2, samples.size(), file_.get()) == samples.size();
    if (!written) return Failure{fmt::format("cannot write '{}': {}", path_, std::strerror(errno))};
    sample_count_ += samples.size();
    return write_header();
}

Done WavWriter::write_header() {
    const auto data_bytes = static_cast<std::uint32_t>(sample_count_ * 2);
    std::array<char, written_head_bytes> head{};
    const auto text = [&head](std::size_t at, std::string_view name) {
        std::memcpy(head.data() + at, name.data(), name.size());
    };
    const auto number = [&head](std::size_t at, auto value) {
        std::memcpy(head.data() + at, &value, sizeof value);
    };
    text(0, "RIFF");
    number(4, static_cast<std::uint32_t>(data_bytes + written_head_bytes - chunk_head_bytes));
    text(8, "WAVEfmt ");
    number(16, std::uint32_t{16});
    number(20, format_pcm);
    number(22, std::uint16_t{1});
    number(24, rate_hz_);
    number(28, rate_hz_ * 2);
    number(32, std::uint16_t{2});
    number(34, std::uint16_t{16});
    text(36, "data");
    number(40, data_bytes);
    const bool written = std::fseek(file_.get(), 0, SEEK_SET) == 0 &&
                         std::fwrite(head.data(), 1, head.size(), file_.get()) == head.size() &&
                         std::fflush(file_.get()) == 0;
    if (!written) return Failure{fmt::format("cannot write '{}': {}", path_, std::strerror(errno))};
    return Ok{};
}

}  // namespace parley::client
