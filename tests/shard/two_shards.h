// two_shards: two shards of one fabric, stepped by the test's own thread.
#pragma once

#include <string>
#include <vector>

#include "shard/shard.h"
#include "support/ring_loop.h"

namespace parley {

struct Got {
    ShardId from{};
    RecordKind kind{};
    std::string text;
    bool aligned = false;

    friend bool operator==(const Got&, const Got&) = default;
};

/// A shard that keeps the records it is sent.
class Keeper {
public:
    Keeper(ShardId id, Fabric& fabric, const Shard::Options& options)
        : shard(id, fabric, test::open_ring({}), options) {
        using Handler = Shard::RecordHandler;
        shard.on_record(RecordKind::group_audio, Handler::to<&Keeper::on_audio>(*this));
        shard.on_record(RecordKind::chat_letter, Handler::to<&Keeper::on_message>(*this));
    }

    bool post(ShardId to, RecordKind kind, std::string_view text, Urgency urgency) {
        return shard.post(to, kind, {std::as_bytes(std::span{text})}, urgency);
    }
    void turn() { shard.turn(Instant::min()); }
    std::vector<std::string> texts() const {
        std::vector<std::string> all;
        for (const Got& each : got)
            all.push_back(each.text);
        return all;
    }

    Shard shard;
    std::vector<Got> got;

private:
    void on_audio(ShardId from, std::span<std::byte> bytes) noexcept {
        keep(from, RecordKind::group_audio, bytes);
    }
    void on_message(ShardId from, std::span<std::byte> bytes) noexcept {
        keep(from, RecordKind::chat_letter, bytes);
    }
    void keep(ShardId from, RecordKind kind, std::span<std::byte> bytes) {
        const bool aligned = reinterpret_cast<std::uintptr_t>(bytes.data()) % 16 == 0;
        got.push_back(
            {from, kind, {reinterpret_cast<const char*>(bytes.data()), bytes.size()}, aligned});
    }
};

constexpr ShardId first_shard{0};
constexpr ShardId second_shard{1};
constexpr std::size_t small_lane_bytes = 4096;

struct TwoShards {
    explicit TwoShards(const Shard::Options& options)
        : first(first_shard, fabric, options), second(second_shard, fabric, options) {}

    /// Both take turns until both have nothing more to say.
    void settle() {
        for (int i = 0; i < 50; ++i) {
            first.turn();
            second.turn();
        }
    }

    Fabric fabric{{.shards = 2, .lane_bytes = small_lane_bytes, .hash_key = {}}};
    Keeper first;
    Keeper second;
};

}  // namespace parley
