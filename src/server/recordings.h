// server::Recordings: the recorder of one server, and its lanes from the shards.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "record/recorder_thread.h"
#include "record/tap.h"
#include "server/commons.h"
#include "server/recording_index.h"

namespace parley::server {

/// Checked and made whole.
struct RecordOptions {
    record::ArchiveOptions archive;
    record::Sync sync = record::Sync::every_second;
    record::Selection selection;
};

/// Must outlive the shards, and the commons it; ends after their last turn.
class Recordings {
public:
    /// Completes what a crash has cut off, and records from now on. On failure returns null, and
    /// `error` says what to do.
    static std::unique_ptr<Recordings> open(const RecordOptions& options, std::size_t shards,
                                            Commons& commons, std::string& error);
    ~Recordings() = default;
    Recordings(const Recordings&) = delete;
    Recordings& operator=(const Recordings&) = delete;

    const record::Taps& taps() const noexcept { return taps_; }
    /// For shard 0 to attach to its store.
    RecordingIndex& index() noexcept { return index_; }
    /// Threads: any.
    const record::Recorder::Counters& counters() const noexcept { return recorder_.counters(); }

private:
    Recordings(const RecordOptions& options, std::size_t shards, Commons& commons);

    const std::vector<std::unique_ptr<Lane>> lanes_;
    const record::Taps taps_;
    RecordingIndex index_;
    record::Recorder recorder_;
    std::unique_ptr<record::RecorderThread> thread_;  // last: it uses all of the above
};

}  // namespace parley::server
