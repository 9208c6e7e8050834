// record::Journal: the recordings that are whole and that the index may not know yet.
//
// A recording is written here before it gets its name, and all are struck out once the index has
// answered for all. So a crash between the two costs nothing: what stands here is told to the
// index again, which takes the same recording twice for one.
//
//   unindexed      of one recorder, which has its lock
//   unindexed.2    of another on the same folder, such as the one that takes over from it
//
// What was left by one that has ended goes into the journal of whoever looks next.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "record/file_name.h"
#include "record/stored_file.h"

namespace parley::record {

/// A recording that is whole.
struct Kept {
    std::string id;  ///< as the index knows it
    Talk talk;
    std::chrono::milliseconds length{0};
    std::uint64_t bytes = 0;  ///< of its sound, unsealed
    std::string file;         ///< below the folder of recordings

    friend bool operator==(const Kept&, const Kept&) = default;
};

/// One line, without its end.
std::string line_of(const Kept& kept);
/// The reverse. False if it is no such line.
bool read_line(std::string_view line, Kept& kept);

class Journal {
public:
    /// Opens or makes the first file at `path`, `path`.2 and so on that is nobody else's, and reads
    /// into `left` what stands in it and in others' that have ended. A last line that was cut off
    /// is ignored.
    Status open(const std::string& path, std::vector<Kept>& left);
    /// Likewise for what others have left that have ended since. True if any has.
    bool adopt(std::vector<Kept>& left);
    /// It lasts when this returns, if `durable`.
    Status append(const Kept& kept, bool durable);
    /// The index has answered for so many; once there are as many as lines, the lines go.
    void settle(std::size_t answered) noexcept;
    std::size_t waiting() const noexcept { return waiting_; }

private:
    void read(const std::string& path, std::vector<Kept>& left);

    std::string base_;
    std::string path_;  // of `file_`
    Descriptor file_;
    std::size_t waiting_ = 0;
};

}  // namespace parley::record
