#include "store/memory_store.h"

#include <utility>

#include "store/checks.h"

namespace parley::store {

void MemoryStore::ask(StoreClient& client, Ticket ticket, Question question) noexcept {
    ++counters_.asked;
    const Status checked = check(question);
    Result<Answer> result = checked ? answer(question) : checked.error();
    failing_ = !result && is_failure(result.error());
    ++(failing_ ? counters_.failed : counters_.answered);
    client.on_answer(ticket, std::move(result));
}

Result<Answer> MemoryStore::answer(const Question& question) noexcept {
    const std::lock_guard lock{shared_.mutex};
    Database& database = *shared_.database;
    PARLEY_TRY([[maybe_unused]] const Ok begun, database.begin());
    Result<Answer> result = database.answer(question);
    if (!result && is_failure(result.error())) {
        database.roll_back();
        return result;
    }
    const Status kept = database.commit();
    if (kept) return result;
    database.roll_back();
    return kept.error();
}

void MemoryStore::user_signed_out(std::string_view user) noexcept {
    const std::lock_guard lock{shared_.mutex};
    shared_.database->user_signed_out(user);
}

StoreState MemoryStore::state() const noexcept {
    return failing_ ? StoreState::down : StoreState::healthy;
}

}  // namespace parley::store
