// record::Source: one recording that is being read, from its beginning or from the middle.
//
// Sealed ones open in order alone, so what is before the part asked for is opened and thrown away:
// a second of one core for a gigabyte, and no recording has a tenth of that. Holds a chunk at most.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "record/stored_file.h"
#include "seal/stream.h"

namespace parley::record {

/// Where recordings lie.
struct Place {
    std::string folder;
    const seal::KeyRing* keys = nullptr;  ///< null: sealed ones do not open
};

/// Bytes that are read at a time: one record of TLS.
inline constexpr std::size_t piece_bytes_max = std::size_t{16} << 10;

class Source {
public:
    /// The recording of this id, as STOP named it; null if there is none that is whole and opens.
    static std::unique_ptr<Source> open(const Place& place, std::string_view id);

    /// Who talked to whom, as the recording itself says: sealed with it.
    const Talk& talk() const noexcept { return talk_; }
    /// Bytes of its sound.
    std::uint64_t size() const noexcept { return size_; }
    /// The next read() begins here. Once at most, before the first.
    void skip_to(std::uint64_t offset) noexcept { skip_ = offset; }
    /// At most piece_bytes_max; empty at the end, or if it cannot be read.
    seal::Bytes read();

private:
    explicit Source(Descriptor file) noexcept : file_(std::move(file)) {}
    bool look(const Place& place);
    bool measure_sealed();
    bool read_more();

    Descriptor file_;
    Talk talk_;
    std::uint64_t size_ = 0;
    std::uint64_t at_ = 0;                      // in the file
    std::uint64_t skip_ = 0;                    // of what was opened
    std::optional<seal::StreamOpener> opener_;  // if it is sealed
    seal::Bytes opened_;
    std::size_t given_ = 0;  // of those
};

/// Files that may hold the recording of this id, the likeliest first: a talk's day is known to a
/// moment. None if it is no id of a recording.
std::vector<std::string> files_of(std::string_view id);

}  // namespace parley::record
