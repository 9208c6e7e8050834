#include "record/tap.h"

#include <utility>

namespace parley::record {
namespace {

template <class Head>
std::span<const std::byte> bytes_of(const Head& head) noexcept {
    return std::as_bytes(std::span{&head, 1});
}

}  // namespace

Tap::Tap(Shard& shard, Lane& lane, const Selection& selection)
    : shard_(shard), lane_(lane), selects_all_(selection.what == Selection::What::all) {
    for (const std::string& group : selection.groups)
        groups_.insert(shard.key<GroupKey>(group));
    shard.on_turn_end(Shard::TurnEnd::to<&Tap::on_turn_end>(*this));
}

TalkNumber Tap::begin(const TalkNames& names) noexcept {
    const TalkBegan head{static_cast<TalkNumber>(last_ + 1), shard_.now(), shard_.wall_now(),
                         names.scope, static_cast<std::uint32_t>(names.to.size())};
    if (!write(RecordKind::talk_began, bytes_of(head), names.to, names.from)) {
        ++talks_dropped_;
        return TalkNumber::none;
    }
    return static_cast<TalkNumber>(++last_);
}

void Tap::end(TalkNumber& talk, std::string_view id) noexcept {
    const TalkEnded head{std::exchange(talk, TalkNumber::none), shard_.now(), shard_.wall_now()};
    if (head.talk == TalkNumber::none) return;
    const bool sent = late_.empty() && write(RecordKind::talk_ended, bytes_of(head), id, {});
    if (!sent) late_.push_back({head, std::string{id}});
}

bool Tap::write(RecordKind kind, std::span<const std::byte> head, std::string_view first,
                std::string_view second) noexcept {
    const std::span<std::byte> room =
        lane_.reserve(kind, head.size() + first.size() + second.size());
    if (room.empty()) return false;
    std::memcpy(room.data(), head.data(), head.size());
    first.copy(reinterpret_cast<char*>(room.data() + head.size()), first.size());
    second.copy(reinterpret_cast<char*>(room.data() + head.size() + first.size()), second.size());
    lane_.commit();
    return true;
}

void Tap::on_turn_end() noexcept {
    while (!late_.empty()) {
        const LateEnd& next = late_.front();
        if (!write(RecordKind::talk_ended, bytes_of(next.ended), next.id, {})) break;
        late_.pop_front();
    }
    lane_.publish();
}

}  // namespace parley::record
