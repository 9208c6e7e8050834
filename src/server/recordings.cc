#include "server/recordings.h"

namespace parley::server {
namespace {

std::vector<std::unique_ptr<Lane>> make_lanes(std::size_t shards) {
    std::vector<std::unique_ptr<Lane>> lanes;
    for (std::size_t i = 0; i < shards; ++i)
        lanes.push_back(std::make_unique<Lane>(record::lane_bytes));
    return lanes;
}

std::vector<Lane*> pointers_to(const std::vector<std::unique_ptr<Lane>>& lanes) {
    std::vector<Lane*> all;
    for (const auto& lane : lanes)
        all.push_back(lane.get());
    return all;
}

}  // namespace

Recordings::Recordings(const RecordOptions& options, std::size_t shards, Commons& commons)
    : lanes_(make_lanes(shards)),
      taps_{pointers_to(lanes_), options.selection},
      recorder_(options.archive, options.sync, taps_.lanes, index_,
                record::Recorder::Trouble::to<&Commons::note_recordings>(commons)) {}

std::unique_ptr<Recordings> Recordings::open(const RecordOptions& options, std::size_t shards,
                                             Commons& commons, std::string& error) {
    std::unique_ptr<Recordings> opened{new Recordings{options, shards, commons}};
    if (!opened->recorder_.open(error)) return nullptr;
    opened->thread_ = std::make_unique<record::RecorderThread>(opened->recorder_);
    return opened;
}

}  // namespace parley::server
