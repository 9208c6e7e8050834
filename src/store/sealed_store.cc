#include "store/sealed_store.h"

#include <utility>

#include "base/assert.h"
#include "seal/bodies.h"

namespace parley::store {
namespace {

// Queues and conversations have names of their own kind each, so that no body fits into both.
std::string place_of_queue(const std::string& user) {
    return "q:" + user;
}

class SealedBackend final : public Backend {
public:
    SealedBackend(std::unique_ptr<Backend> inner, const seal::KeyRing& keys, Seals seals)
        : inner_(std::move(inner)), keys_(keys), seals_(seals) {}

    std::unique_ptr<Store> door(Shard& shard) override {
        return std::make_unique<SealedStore>(inner_->door(shard), keys_, seals_);
    }
    redis::Access* redis() noexcept override { return inner_->redis(); }

private:
    const std::unique_ptr<Backend> inner_;
    const seal::KeyRing& keys_;
    const Seals seals_;
};

// True if it is plain now.
bool open_in_place(const seal::KeyRing& keys, std::string& body, const seal::Context& context) {
    if (!seal::is_sealed(body)) return true;
    auto opened = seal::open_body(keys, body, context);
    if (!opened) return false;
    body = std::move(*opened);
    return true;
}

bool open_in_place(const seal::KeyRing& keys, Message& message) {
    return open_in_place(keys, message.body, {message.conversation, message.id});
}

}  // namespace

void SealedStore::ask(StoreClient& client, Ticket ticket, Question question) noexcept {
    if (seals_ == Seals::yes) seal(question);
    Asked asked{client, ticket, {}};
    if (const auto* queue = std::get_if<GetQueue>(&question)) asked.user = queue->user;
    const std::uint64_t number = ++last_;
    asked_.emplace(number, std::move(asked));
    inner_->ask(*this, static_cast<Ticket>(number), std::move(question));
}

void SealedStore::seal(Question& question) const {
    const auto replace = [this](std::string& body, const seal::Context& context) {
        if (!body.empty()) body = seal::seal_body(keys_, body, context);
    };
    if (auto* keep = std::get_if<KeepMessage>(&question)) {
        replace(keep->message.body, {keep->message.conversation, keep->message.id});
    } else if (auto* edit = std::get_if<EditMessage>(&question)) {
        replace(edit->body, {edit->conversation, edit->id});
    } else if (auto* entry = std::get_if<Enqueue>(&question)) {
        replace(entry->body, {place_of_queue(entry->user), entry->kind});
    }
}

void SealedStore::on_answer(Ticket ticket, Result<Answer> answer) noexcept {
    auto found = asked_.extract(static_cast<std::uint64_t>(ticket));
    PARLEY_ASSERT(!found.empty());
    const Asked& asked = found.mapped();
    if (answer && !open(*answer, asked.user)) {
        return asked.client.on_answer(asked.ticket, trouble(Trouble::unreadable));
    }
    asked.client.on_answer(asked.ticket, std::move(answer));
}

bool SealedStore::open(Answer& answer, const std::string& user) const {
    if (auto* one = std::get_if<OneMessage>(&answer)) {
        return !one->message || open_in_place(keys_, *one->message);
    }
    if (auto* history = std::get_if<History>(&answer)) {
        bool all = true;
        for (Message& message : history->messages)
            all = open_in_place(keys_, message) && all;
        return all;
    }
    auto* queue = std::get_if<Queue>(&answer);
    if (queue == nullptr) return true;
    bool all = true;
    for (QueueEntry& entry : queue->entries) {
        const std::string place = place_of_queue(user);
        all = open_in_place(keys_, entry.body, {place, entry.kind}) && all;
        if (entry.message) all = open_in_place(keys_, *entry.message) && all;
    }
    return all;
}

std::unique_ptr<Backend> sealed(std::unique_ptr<Backend> inner, const seal::KeyRing& keys,
                                Seals seals) {
    return std::make_unique<SealedBackend>(std::move(inner), keys, seals);
}

}  // namespace parley::store
