// HeldDatabase: a database for tests that fails when told to, and tells what it kept. While it
// commits, a test may let things happen elsewhere, as they do while a disk stands still.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "store/database.h"

namespace parley::store {

/// What a test does to the database, and sees of it.
struct Hold {
    std::optional<Error> begin_error, commit_error;
    std::string bad_user;  ///< a question about this one fails
    std::function<void()> during_commit;
    std::vector<std::string> kept;     ///< users, in the order in which they were kept
    std::vector<std::size_t> commits;  ///< questions in each
};

/// Takes AddMember and Enqueue.
class HeldDatabase final : public Database {
public:
    static constexpr Error failure{Error::Domain::sqlite, 10};

    explicit HeldDatabase(Hold& hold) noexcept : hold_(hold) {}

    Status begin() noexcept override {
        if (hold_.begin_error) return *hold_.begin_error;
        return Ok{};
    }
    Status commit() noexcept override {
        if (hold_.during_commit) hold_.during_commit();
        if (hold_.commit_error) return *hold_.commit_error;
        hold_.kept.insert(hold_.kept.end(), open_.begin(), open_.end());
        hold_.commits.push_back(open_.size());
        open_.clear();
        return Ok{};
    }
    void roll_back() noexcept override { open_.clear(); }
    Result<Answer> answer(const Question& question) noexcept override {
        const auto* add = std::get_if<AddMember>(&question);
        const std::string& user = add != nullptr ? add->user : std::get<Enqueue>(question).user;
        if (user == hold_.bad_user) return failure;
        open_.push_back(user);
        return Answer{Done{}};
    }
    void user_signed_out(std::string_view) noexcept override {}

private:
    Hold& hold_;
    std::vector<std::string> open_;
};

}  // namespace parley::store
