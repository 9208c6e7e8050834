// record::Recorder: turns what the shards' taps say into files.
//
//   lane of shard 0 ─┐
//   lane of shard 1 ─┼─▶ poll() ─▶ one PartFile for each talk ─▶ Archive ─▶ Index
//                    ┘
//
// It runs no thread and reads no clock: somebody calls poll() (recorder_thread.h). What goes wrong
// with a file ends that recording alone, is counted, and the next talk is tried again.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "base/delegate.h"
#include "record/archive.h"
#include "record/tap.h"
#include "shard/lane.h"

namespace parley::record {

/// Who knows what recordings there are.
class Index {
public:
    virtual void keep(const Kept& kept) = 0;
    virtual void forget(std::string_view id) = 0;
    /// How many keep() were answered, for good, since this was asked last.
    virtual std::size_t take_answered() = 0;

protected:
    ~Index() = default;
};

/// When what was written outlasts a power cut. After a crash of the program alone, or SIGKILL, what
/// was written is there in any case.
enum class Sync : std::uint8_t {
    every_second,
    at_end,  ///< of each talk
    never,   ///< when the system likes
};

class Recorder {
public:
    /// Read by other threads at any time.
    struct Counters {
        std::atomic<std::uint64_t> kept{0};       ///< recordings that are whole
        std::atomic<std::uint64_t> completed{0};  ///< of those: cut off before, and made whole
        std::atomic<std::uint64_t> forgotten{0};  ///< too old or too much
        std::atomic<std::uint64_t> failures{0};   ///< of the disk: the alarm
        std::atomic<std::uint64_t> refused{0};    ///< talks beyond open_max
        std::atomic<std::uint64_t> packets{0};
        std::atomic<std::uint64_t> packets_left_out{0};  ///< no Opus, or behind what failed
        std::atomic<std::uint64_t> open{0};              ///< now
        std::atomic<std::uint64_t> bytes{0};             ///< of all recordings, now
    };

    /// Told after each poll while recordings fail, with errno's reason, and once with 0 when one
    /// was kept again.
    using Trouble = Delegate<void(int error)>;

    /// One lane for each shard. All must outlive it.
    Recorder(ArchiveOptions archive, Sync sync, std::vector<Lane*> lanes, Index& index,
             Trouble told);
    Recorder(const Recorder&) = delete;
    Recorder& operator=(const Recorder&) = delete;
    ~Recorder() = default;

    /// Opens the folder and completes what was cut off. On failure `error` says what to do.
    bool open(std::string& error);
    /// Takes what is there and writes it; what is due besides. `now` of any steady clock.
    void poll(Instant now, WallTime wall);
    /// Ends all recordings, as they are.
    void end_all();

    const Counters& counters() const noexcept { return counters_; }

private:
    using Which = std::pair<std::size_t, TalkNumber>;  // lane, and number there
    struct Running {
        std::unique_ptr<PartFile> file;  // null: it failed, and what follows is left out
        Instant began;
        Instant heard;  // last
    };

    void take(std::size_t lane, const Lane::Record& record);
    void on_began(std::size_t lane, std::span<const std::byte> record);
    void on_packet(std::size_t lane, std::span<const std::byte> record);
    void on_ended(std::size_t lane, std::span<const std::byte> record);
    void finish(Running& running, std::string id);
    void write();
    void sync();
    void complete();
    void end_idle();
    void look_after(WallTime wall);
    void tell(const Kept& kept);
    void fail(Error why) noexcept;
    void report_trouble() noexcept;

    Archive archive_;
    const Sync sync_;
    const std::vector<Lane*> lanes_;
    Index& index_;
    const Trouble trouble_told_;
    int trouble_ = 0;  // errno of what failed last, if nothing was kept since
    int told_trouble_ = 0;
    std::map<Which, Running> running_;
    Instant now_{};
    Instant synced_{};
    Instant looked_{};
    Counters counters_;
};

}  // namespace parley::record
