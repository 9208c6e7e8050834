#include "store/sqlite_database.h"

#include <utility>

namespace parley::store {

SqliteDatabase::SqliteDatabase(std::unique_ptr<SqliteFile> file,
                               std::unique_ptr<SqliteIdle> idle) noexcept
    : file_(std::move(file)),
      idle_(std::move(idle)),
      begin_(*file_, "BEGIN IMMEDIATE"),
      commit_(*file_, "COMMIT"),
      roll_back_(*file_, "ROLLBACK"),
      users_(*file_, idle_.get()),
      queue_(*file_),
      messages_(*file_, queue_),
      index_(*file_) {}

SqliteDatabase::~SqliteDatabase() = default;

std::unique_ptr<SqliteDatabase> SqliteDatabase::open(const std::string& path, std::string& error) {
    auto file = SqliteFile::open(path, error);
    if (!file) return nullptr;
    return checked(std::unique_ptr<SqliteDatabase>{new SqliteDatabase(std::move(file), nullptr)},
                   error);
}

std::unique_ptr<SqliteDatabase> SqliteDatabase::in_memory(std::size_t users_max,
                                                          std::uint64_t bytes_max,
                                                          std::string& error) {
    auto file = SqliteFile::in_memory(bytes_max, error);
    if (!file) return nullptr;
    auto idle = SqliteIdle::create(*file, users_max);
    if (!idle) {
        error = std::string("the store in memory cannot be made: ") + file->complaint();
        return nullptr;
    }
    return checked(
        std::unique_ptr<SqliteDatabase>{new SqliteDatabase(std::move(file), std::move(idle))},
        error);
}

std::unique_ptr<SqliteDatabase> SqliteDatabase::checked(std::unique_ptr<SqliteDatabase> made,
                                                        std::string& error) {
    const bool whole = made->begin_.ok() && made->commit_.ok() && made->roll_back_.ok() &&
                       made->users_.ok() && made->queue_.ok() && made->messages_.ok() &&
                       made->index_.ok();
    if (whole) return made;
    error = std::string("the store cannot be used: its tables are not those of its version (") +
            made->file_->complaint() + ")";
    return nullptr;
}

Status SqliteDatabase::begin() noexcept {
    PARLEY_TRY([[maybe_unused]] const Done begun, Run{begin_}.done());
    return Ok{};
}

Status SqliteDatabase::commit() noexcept {
    PARLEY_TRY([[maybe_unused]] const Done kept, Run{commit_}.done());
    if (idle_) idle_->keep();
    return Ok{};
}

void SqliteDatabase::roll_back() noexcept {
    if (idle_) idle_->roll_back();
    if (!file_->in_transaction()) return;  // SQLite has done it by itself
    static_cast<void>(Run{roll_back_}.done());
}

Result<Answer> SqliteDatabase::answer(const Question& question) noexcept {
    const auto ask = [this]<class Q>(const Q& q) -> Result<typename Q::Answer> {
        if constexpr (requires { users_.answer(q); }) {
            return users_.answer(q);
        } else if constexpr (requires { messages_.answer(q); }) {
            return messages_.answer(q);
        } else if constexpr (requires { queue_.answer(q); }) {
            return queue_.answer(q);
        } else if constexpr (requires { index_.answer(q); }) {
            return index_.answer(q);
        } else {
            return expire(q);
        }
    };
    return std::visit(
        [&ask](const auto& q) -> Result<Answer> {
            auto answer = ask(q);
            if (!answer) return answer.error();
            return Answer{std::move(*answer)};
        },
        question);
}

Result<Done> SqliteDatabase::expire(const Expire& question) noexcept {
    PARLEY_TRY(const Done tokens, index_.expire(question.now));
    PARLEY_TRY(const Done entries, queue_.expire(question.queued_since));
    PARLEY_TRY(const Done retries, messages_.expire_retries(question.now));
    return Done{tokens.changed || entries.changed || retries.changed};
}

void SqliteDatabase::user_signed_out(std::string_view user) noexcept {
    if (!idle_) return;
    if (!begin()) return;
    Result<Done> left = idle_->left(user);
    if (!left || !commit()) roll_back();
}

}  // namespace parley::store
