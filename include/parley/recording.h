// What is recorded, how it is kept and how it is sealed.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace parley {

/// Talk bursts as Ogg Opus files (docs/RECORDINGS.md).
struct Recording {
    enum class What : std::uint8_t {
        none,
        all,     ///< of groups, and from user to user
        groups,  ///< of the groups below alone
    };
    /// When what was recorded outlasts a power cut. A crash of the program alone costs a second at
    /// most in any case.
    enum class Sync : std::uint8_t {
        every_second,
        at_end,  ///< of each burst
        never,   ///< when the system likes
    };

    What what = What::none;
    std::vector<std::string> groups;  ///< those of What::groups
    Sync sync = Sync::every_second;
    /// Those older than this go; 0: none does.
    std::chrono::seconds keep{0};
    /// The oldest go while all together have more bytes; 0: none does.
    std::uint64_t bytes_max = 0;
};

/// What is kept is encrypted with the first key of a file, and decrypted with any of them.
struct Sealing {
    bool on = true;  ///< false: what is kept from now on is plain; what was sealed is still opened
    /// Empty: `seal.key` in Options::data_folder, which is made if it is not there.
    std::string key_file;
};

/// What a recorder has done since the server started, and has now.
struct RecordingStats {
    std::uint64_t kept = 0;       ///< recordings that are whole
    std::uint64_t completed = 0;  ///< of those: cut off by a crash or a full disk, and made whole
    std::uint64_t forgotten = 0;  ///< too old or too much
    std::uint64_t failures = 0;   ///< of the disk: an alarm. Voice goes on
    std::uint64_t refused = 0;    ///< bursts while as many as may be were recorded already
    std::uint64_t packets = 0;    ///< voice packets in recordings
    std::uint64_t packets_left_out = 0;  ///< no Opus, or of a burst whose recording had failed
    std::uint64_t open = 0;              ///< being made, now
    std::uint64_t bytes = 0;             ///< of all recordings, now
};

}  // namespace parley
