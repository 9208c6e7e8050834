#include "group/delayed_stops.h"

#include <algorithm>
#include <fmt/format.h>

#include "wire/value.h"

namespace parley::group {

DelayedStops::~DelayedStops() {
    while (!waiting_.empty())
        delete &waiting_.front();
}

void DelayedStops::add(Stop stop) {
    if (size_ >= delayed_stops_max) return due_(stop);
    // Owned by the list; deleted in finish().
    auto* waiting = std::make_unique<Waiting>(*this, std::move(stop)).release();
    waiting_.push_back(*waiting);
    ++size_;
    shard_.timers().start(waiting->timer, shard_.now() + stop_grace);
}

void DelayedStops::finish(Waiting& waiting) noexcept {
    const std::unique_ptr<Waiting> owned{&waiting};
    --size_;
    due_(waiting.stop);
}

std::chrono::milliseconds talk_duration(Instant began, Instant ended) noexcept {
    using std::chrono::milliseconds;
    return std::max(std::chrono::round<milliseconds>(ended - began), milliseconds{1});
}

std::string talk_id(wire::Scope scope, const Stop& stop, WallTime ended) {
    return fmt::format("{}_3_{}_{}_{}_{}ms.opus", static_cast<int>(scope), wire::text_of(stop.to),
                       wire::text_of(stop.from), ended.time_since_epoch().count(),
                       stop.duration.count());
}

wire::Event stop_answer(wire::Scope scope, const Stop& stop, std::vector<std::byte>& scratch) {
    scratch.clear();
    if (stop.had_talk) wire::append_str(stop.talk_id, scratch);
    const std::size_t id_size = scratch.size();
    wire::append_str("Acknowledged", scratch);
    const std::span<const std::byte> all{scratch};
    return {.kind = wire::Kind::floor_released,
            .scope = scope,
            .from = stop.from,
            .to = stop.to,
            .message_id = stop.had_talk ? all.first(id_size) : stop.message_id,
            .payload = all.subspan(id_size)};
}

wire::Event stop_event(wire::Scope scope, const Stop& stop, std::vector<std::byte>& scratch) {
    scratch.clear();
    wire::append_talk_summary(stop.talk_id, stop.duration, scratch);
    return {.kind = wire::Kind::talk_ended,
            .scope = scope,
            .from = stop.from,
            .to = stop.to,
            .message_id = stop.message_id,
            .payload = scratch};
}

}  // namespace parley::group
