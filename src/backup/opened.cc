#include "backup/opened.h"

#include <filesystem>
#include <fmt/format.h>
#include <optional>
#include <utility>

namespace parley::backup {

std::unique_ptr<Opened> Opened::open(const std::string& text, Missing missing, std::string& error) {
    store::Where where;
    if (!store::parse_where(text, where, error)) return nullptr;
    const bool is_file = where.kind == store::Where::Kind::sqlite;
    if (is_file && missing == Missing::refuse && !std::filesystem::exists(where.address)) {
        error = fmt::format(
            "there is no store {}: name the file that --store sqlite:PATH of the"
            " server names",
            where.address);
        return nullptr;
    }
    auto ring = ring::Ring::open({}, error);
    if (!ring) return nullptr;
    auto backend = store::open(where, error);
    if (!backend) return nullptr;
    auto opened = std::make_unique<Opened>(std::move(backend), std::move(ring));
    opened->where_ = std::move(where);
    return opened;
}

Opened::Opened(std::unique_ptr<store::Backend> backend, std::unique_ptr<ring::Ring> ring)
    : fabric_({.shards = 1, .hash_key = {}}),
      shard_(ShardId{0}, fabric_, std::move(ring), {}),
      backend_(std::move(backend)),
      door_(backend_->door(shard_)) {}

Opened::~Opened() {
    door_->stop();
    while (!door_->idle())
        shard_.turn();
}

Result<store::Answer> Opened::ask_any(store::Question question) {
    answer_.reset();
    door_->ask(*this, store::Ticket{}, std::move(question));
    while (!answer_)
        shard_.turn();
    return std::move(*answer_);
}

void Opened::on_answer(store::Ticket, Result<store::Answer> answer) noexcept {
    answer_ = std::move(answer);
}

std::string words_of(Error error) {
    if (error == store::trouble(store::Trouble::not_found)) return "what it is about is not there";
    if (error.domain == Error::Domain::store) return "the store does not answer";
    if (error == store::limit_error(store::Limit::order)) {
        return "there is something at or behind its place already";
    }
    if (error == store::limit_error(store::Limit::groups)) return "the user has too many groups";
    if (error == store::limit_error(store::Limit::users)) return "there is no room for the user";
    if (error.domain == Error::Domain::limit) return "a name or a text is empty or too long";
    return fmt::format("the store failed with error {}", error.code);
}

}  // namespace parley::backup
