// backup::Opened: a store for who has nothing else to do than to wait for its answers.
#pragma once

#include <memory>
#include <string>

#include "shard/shard.h"
#include "store/backend.h"

namespace parley::backup {

class Opened final : private store::StoreClient {
public:
    enum class Missing : std::uint8_t { refuse, create };

    /// Null on failure, with a sentence in `error`. `missing`: what to do if there is no such file.
    static std::unique_ptr<Opened> open(const std::string& where, Missing missing,
                                        std::string& error);
    /// Of a store that is open already; for tests.
    explicit Opened(std::unique_ptr<store::Backend> backend, std::unique_ptr<ring::Ring> ring);
    Opened(const Opened&) = delete;
    Opened& operator=(const Opened&) = delete;
    ~Opened();

    /// Blocks: until it is answered.
    template <class Q>
    Result<typename Q::Answer> ask(Q question) {
        Result<store::Answer> answer = ask_any(std::move(question));
        if (!answer) return answer.error();
        return std::get<typename Q::Answer>(std::move(*answer));
    }
    /// The same for any question.
    Result<store::Answer> ask_any(store::Question question);

    const store::Where& where() const noexcept { return where_; }

private:
    void on_answer(store::Ticket ticket, Result<store::Answer> answer) noexcept override;

    store::Where where_;
    Fabric fabric_;
    Shard shard_;
    std::unique_ptr<store::Backend> backend_;
    std::unique_ptr<store::Store> door_;
    std::optional<Result<store::Answer>> answer_;
};

/// In words, for an operator.
std::string words_of(Error error);

}  // namespace parley::backup
