#include "server/recording_index.h"

#include <utility>

namespace parley::server {
namespace {

// Asked at a time: more gain nothing, and would keep sign-ins waiting.
constexpr std::size_t asked_max = 64;
constexpr Duration retry_after = std::chrono::seconds{1};

store::Recording recording_of(const record::Kept& kept) {
    const record::Talk& talk = kept.talk;
    return {.id = kept.id,
            .conversation = talk.scope == wire::Scope::group
                                ? store::group_conversation(talk.to)
                                : store::direct_conversation(talk.from, talk.to),
            .sender = talk.from,
            .began = talk.began,
            .length = kept.length,
            .bytes = kept.bytes,
            .file = kept.file};
}

}  // namespace

class RecordingIndex::Knock final : public Mailbox::Letter {
public:
    explicit Knock(RecordingIndex& index) noexcept : index_(index) {}
    void open() noexcept override { index_.ask_next(); }

private:
    RecordingIndex& index_;
};

void RecordingIndex::keep(const record::Kept& kept) {
    add(store::KeepRecording{recording_of(kept)});
}

void RecordingIndex::forget(std::string_view id) {
    add(store::ForgetRecording{std::string{id}});
}

void RecordingIndex::add(store::Question change) {
    std::shared_ptr<Mailbox> mailbox;
    {
        const std::lock_guard lock{mutex_};
        if (waiting_.size() >= index_changes_max) return;
        waiting_.push_back(std::move(change));
        mailbox = mailbox_;
    }
    if (!mailbox) return;  // it is told once there is a shard
    Mailbox::Letters letters;
    letters.push_back(std::make_unique<Knock>(*this));
    mailbox->post(letters);
}

void RecordingIndex::attach(Shard& shard, store::Store& store) noexcept {
    shard_ = &shard;
    store_ = &store;
    {
        const std::lock_guard lock{mutex_};
        mailbox_ = shard.mailbox();
    }
    shard.timers().start(retry_, shard.now());
}

void RecordingIndex::detach() noexcept {
    retry_.cancel();
    store_ = nullptr;
    const std::lock_guard lock{mutex_};
    mailbox_ = nullptr;
}

bool RecordingIndex::take_next(store::Question& next) {
    const std::lock_guard lock{mutex_};
    if (waiting_.empty()) return false;
    next = std::move(waiting_.front());
    waiting_.pop_front();
    return true;
}

void RecordingIndex::ask_next() noexcept {
    store::Question next;
    while (store_ != nullptr && !retry_.running() && asked_.size() < asked_max && take_next(next)) {
        const std::uint64_t number = ++last_;
        asked_.emplace(number, next);
        store_->ask(*this, static_cast<store::Ticket>(number), std::move(next));
    }
}

void RecordingIndex::on_answer(store::Ticket ticket, Result<store::Answer> answer) noexcept {
    auto asked = asked_.extract(static_cast<std::uint64_t>(ticket));
    PARLEY_ASSERT(!asked.empty());
    if (!answer && store::is_failure(answer.error())) {
        const std::lock_guard lock{mutex_};
        waiting_.push_front(std::move(asked.mapped()));
        if (!retry_.running()) {
            shard_->timers().start(retry_, shard_->now() + retry_after);
        }
        return;
    }
    if (std::holds_alternative<store::KeepRecording>(asked.mapped())) answered_.fetch_add(1);
    ask_next();
}

}  // namespace parley::server
