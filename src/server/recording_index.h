// server::RecordingIndex: tells the store what the recorder has made and forgotten.
//
//   recorder thread ── keep(), forget() ──▶ waiting ──▶ shard 0 ── asks ──▶ store
//                   ◀── take_answered() ───────────────────────── answered
//
// A store that is away is asked again each second. What waits is bounded; beyond it nothing is lost
// but the time until the next start, when the journal tells it again (record/journal.h).
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "record/recorder.h"
#include "shard/shard.h"
#include "store/store.h"

namespace parley::server {

/// Changes that may wait for the store: two hours of ten bursts a second, 300 bytes each.
inline constexpr std::size_t index_changes_max = 72'000;

class RecordingIndex final : public record::Index, private store::StoreClient {
public:
    RecordingIndex() noexcept : retry_(Timer::Handler::to<&RecordingIndex::ask_next>(*this)) {}
    RecordingIndex(const RecordingIndex&) = delete;
    RecordingIndex& operator=(const RecordingIndex&) = delete;
    ~RecordingIndex() = default;

    // Threads: the recorder's.
    void keep(const record::Kept& kept) override;
    void forget(std::string_view id) override;
    std::size_t take_answered() override { return answered_.exchange(0); }

    // Threads: shard 0's, which is attached from before its first turn until behind its last.
    void attach(Shard& shard, store::Store& store) noexcept;
    void detach() noexcept;

private:
    class Knock;

    void add(store::Question change);
    void ask_next() noexcept;
    bool take_next(store::Question& next);
    void on_answer(store::Ticket ticket, Result<store::Answer> answer) noexcept override;

    std::mutex mutex_;  // of these two
    std::deque<store::Question> waiting_;
    std::shared_ptr<Mailbox> mailbox_;
    std::atomic<std::size_t> answered_{0};
    // The shard's.
    Shard* shard_ = nullptr;
    store::Store* store_ = nullptr;
    std::unordered_map<std::uint64_t, store::Question> asked_;
    std::uint64_t last_ = 0;
    Timer retry_;
};

}  // namespace parley::server
