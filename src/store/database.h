// store::Database: what a backend that works one question after the other has to do.
//
//   begin() ─▶ answer(question) ... ─▶ commit()      everything between is kept, or nothing
//
// It may block, knows neither shards nor who asks, and belongs to one thread at a time: that of a
// DatabaseThread, or whoever holds the lock of a SharedDatabase.
#pragma once

#include <string_view>

#include "base/result.h"
#include "store/questions.h"

namespace parley::store {

class Database {
public:
    Database() noexcept = default;
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;
    virtual ~Database() = default;

    virtual Status begin() noexcept = 0;
    /// Once it has succeeded, all since begin() is kept.
    virtual Status commit() noexcept = 0;
    virtual void roll_back() noexcept = 0;

    /// Between begin() and commit(). The question has passed check(). After an answer for which
    /// is_failure() is true, only roll_back() may follow; any other error has changed nothing.
    virtual Result<Answer> answer(const Question& question) noexcept = 0;

    /// As Store has it; outside begin() and commit().
    virtual void user_signed_out(std::string_view user) noexcept = 0;
};

}  // namespace parley::store
