#include "record/recorder.h"

#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <system_error>
#include <unistd.h>

#include "wire/item.h"

namespace parley::record {
namespace {

// The head of a record; what is behind it goes to `rest`.
template <class Head>
Head take_head(std::span<const std::byte> record, std::span<const std::byte>& rest) noexcept {
    PARLEY_ASSERT(record.size() >= sizeof(Head));
    Head head;
    std::memcpy(static_cast<void*>(&head), record.data(), sizeof(head));
    rest = record.subspan(sizeof(head));
    return head;
}

void count(std::atomic<std::uint64_t>& counter) noexcept {
    counter.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

Recorder::Recorder(ArchiveOptions archive, Sync sync, std::vector<Lane*> lanes, Index& index,
                   Trouble told)
    : archive_(std::move(archive)),
      sync_(sync),
      lanes_(std::move(lanes)),
      index_(index),
      trouble_told_(told) {}

void Recorder::fail(Error why) noexcept {
    count(counters_.failures);
    trouble_ = why.code;
}

void Recorder::report_trouble() noexcept {
    if (trouble_ == 0 && told_trouble_ == 0) return;
    told_trouble_ = trouble_;
    trouble_told_(trouble_);
}

bool Recorder::open(std::string& error) {
    std::vector<Kept> left;
    if (const Status opened = archive_.open(left); !opened) {
        error = fmt::format(
            "recordings cannot be kept: {}; choose a folder that can be written "
            "with --data, or --record none",
            std::generic_category().message(opened.error().code));
        return false;
    }
    for (const Kept& kept : left)
        index_.keep(kept);
    complete();
    return true;
}

void Recorder::poll(Instant now, WallTime wall) {
    now_ = now;
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
        for (Lane::Record record; lanes_[i]->front(record); lanes_[i]->pop())
            take(i, record);
    }
    write();
    if (sync_ == Sync::every_second && now - synced_ >= sync_interval) {
        synced_ = now;
        sync();
    }
    archive_.settle(index_.take_answered());
    if (now - looked_ >= upkeep_interval) {
        looked_ = now;
        look_after(wall);
    }
    report_trouble();
    counters_.open.store(running_.size(), std::memory_order_relaxed);
    counters_.bytes.store(archive_.bytes(), std::memory_order_relaxed);
}

void Recorder::take(std::size_t lane, const Lane::Record& record) {
    if (record.kind == RecordKind::talk_packet) return on_packet(lane, record.bytes);
    if (record.kind == RecordKind::talk_began) return on_began(lane, record.bytes);
    PARLEY_ASSERT(record.kind == RecordKind::talk_ended);
    on_ended(lane, record.bytes);
}

void Recorder::on_began(std::size_t lane, std::span<const std::byte> record) {
    std::span<const std::byte> names;
    const auto head = take_head<TalkBegan>(record, names);
    if (running_.size() >= open_max) return count(counters_.refused);
    const std::string_view text = wire::as_text(names);
    const Talk talk{head.scope, std::string{text.substr(0, head.to_size)},
                    std::string{text.substr(head.to_size)}, head.began};
    auto file =
        archive_.begin(talk, fmt::format("{}-{}", lane, static_cast<std::uint64_t>(head.talk)));
    if (!file) fail(file.error());
    running_[{lane, head.talk}] = {file ? std::move(*file) : nullptr, head.at, now_};
}

void Recorder::on_packet(std::size_t lane, std::span<const std::byte> record) {
    std::span<const std::byte> value;
    const auto head = take_head<TalkPacket>(record, value);
    const auto found = running_.find({lane, head.talk});
    if (found != running_.end()) found->second.heard = now_;
    auto item = wire::Reader{value}.next();
    const bool taken = found != running_.end() && found->second.file && item &&
                       found->second.file->add((*item).body, head.at - found->second.began);
    count(taken ? counters_.packets : counters_.packets_left_out);
}

void Recorder::on_ended(std::size_t lane, std::span<const std::byte> record) {
    std::span<const std::byte> id;
    const auto head = take_head<TalkEnded>(record, id);
    const auto found = running_.find({lane, head.talk});
    if (found == running_.end()) return;
    finish(found->second, std::string{wire::as_text(id)});
    running_.erase(found);
}

void Recorder::finish(Running& running, std::string id) {
    if (!running.file) return;
    auto kept = archive_.finish(*running.file, std::move(id));
    running.file = nullptr;
    if (!kept) return fail(kept.error());  // its part stays, and is completed when there is room
    if (const std::optional<Kept>& whole = *kept) tell(*whole);
}

void Recorder::tell(const Kept& kept) {
    count(counters_.kept);
    trouble_ = 0;
    index_.keep(kept);
}

void Recorder::write() {
    for (auto& [which, running] : running_) {
        if (!running.file) continue;
        if (const Status written = running.file->write(); !written) {
            fail(written.error());
            running.file = nullptr;
        }
    }
}

void Recorder::sync() {
    std::vector<PartFile*> due;
    for (auto& [which, running] : running_) {
        if (running.file && running.file->needs_sync()) due.push_back(running.file.get());
    }
    if (due.size() > single_syncs_max) {
        if (::syncfs(due.front()->descriptor()) != 0) fail(system_error(errno));
        for (PartFile* each : due)
            each->synced();
        return;
    }
    for (PartFile* each : due) {
        if (const Status synced = each->sync(); !synced) fail(synced.error());
    }
}

void Recorder::complete() {
    while (true) {
        auto kept = archive_.complete_one();
        if (!kept && kept.error().code == ENOKEY) {
            count(counters_.failures);  // which says nothing of those to come
            continue;
        }
        if (!kept) return fail(kept.error());
        const std::optional<Kept>& whole = *kept;
        if (!whole) return;
        if (whole->id.empty()) continue;  // there was nothing in it
        count(counters_.completed);
        tell(*whole);
    }
}

void Recorder::end_idle() {
    for (auto each = running_.begin(); each != running_.end();) {
        const bool idle = now_ - each->second.heard >= idle_max;
        if (idle) finish(each->second, {});
        each = idle ? running_.erase(each) : std::next(each);
    }
}

void Recorder::look_after(WallTime wall) {
    end_idle();
    complete();
    std::vector<Kept> left;
    archive_.adopt(left);
    for (const Kept& kept : left)
        index_.keep(kept);
    while (const auto id = archive_.forget_one(wall)) {
        count(counters_.forgotten);
        index_.forget(*id);
    }
}

void Recorder::end_all() {
    for (auto& [which, running] : running_)
        finish(running, {});
    running_.clear();
}

}  // namespace parley::record
