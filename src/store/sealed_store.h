// store::SealedStore: a store in front of a store, so that no backend ever sees a body.
//
//   caller ── body ──▶ SealedStore ── sealed ──▶ memory, file or network
//          ◀── body ──            ◀── sealed ──
//
// Sealed are the bodies of messages and of queue entries, each bound to its place. Names, times and
// order are not: stores need them. What was kept before anything was sealed is given as it is.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>

#include "seal/key_ring.h"
#include "store/backend.h"

namespace parley::store {

/// Whether bodies are sealed from now on; those that were are opened in any case.
enum class Seals : std::uint8_t { no, yes };

class SealedStore final : public Store, private StoreClient {
public:
    /// The keys must outlive it.
    SealedStore(std::unique_ptr<Store> inner, const seal::KeyRing& keys, Seals seals)
        : inner_(std::move(inner)), keys_(keys), seals_(seals) {}

    void ask(StoreClient& client, Ticket ticket, Question question) noexcept override;
    void user_signed_out(std::string_view user) noexcept override { inner_->user_signed_out(user); }
    void stop() noexcept override { inner_->stop(); }
    bool idle() const noexcept override { return inner_->idle(); }
    StoreState state() const noexcept override { return inner_->state(); }
    std::string_view why_down() const noexcept override { return inner_->why_down(); }
    StoreCounters counters() const noexcept override { return inner_->counters(); }
    const Histogram* latency() const noexcept override { return inner_->latency(); }

private:
    struct Asked {
        StoreClient& client;
        Ticket ticket;
        std::string user;  // whose queue it is about
    };

    void on_answer(Ticket ticket, Result<Answer> answer) noexcept override;
    void seal(Question& question) const;
    bool open(Answer& answer, const std::string& user) const;

    std::unordered_map<std::uint64_t, Asked> asked_;
    std::uint64_t last_ = 0;
    const std::unique_ptr<Store> inner_;
    const seal::KeyRing& keys_;
    const Seals seals_;
};

/// Puts a SealedStore in front of each door. Both arguments: the keys must outlive it.
std::unique_ptr<Backend> sealed(std::unique_ptr<Backend> inner, const seal::KeyRing& keys,
                                Seals seals);

}  // namespace parley::store
