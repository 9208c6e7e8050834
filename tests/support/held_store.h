// HeldStore: a store in memory whose answers come when the test says so, or never.
//
//   ask ─▶ passing: answered at once
//      ├─▶ holding: waits for release()
//      └─▶ failing: carried out or not, as the test says, and answered with an error
#pragma once

#include <deque>
#include <memory>
#include <utility>

#include "store/backend.h"

namespace parley::test {

class HeldStore final : public store::Backend {
public:
    enum class Mode : std::uint8_t {
        passing,
        holding,
        refusing,  ///< not carried out, and says so
        losing,    ///< a question that changes something is carried out, and its answer is lost
    };

    Mode mode = Mode::passing;

    std::unique_ptr<store::Store> door(Shard& shard) override {
        return std::make_unique<Door>(*this, store_->door(shard));
    }

    /// Carries out what was held, in the order asked, and answers it.
    void release() {
        mode = Mode::passing;
        while (!held_.empty()) {
            Held next = std::move(held_.front());
            held_.pop_front();
            next.door->ask(*next.client, next.ticket, std::move(next.question));
        }
    }
    /// Answers what was held with this, and carries nothing out.
    void refuse(Error why) {
        std::deque<Held> held = std::exchange(held_, {});
        for (Held& each : held)
            each.client->on_answer(each.ticket, why);
    }
    std::size_t held() const { return held_.size(); }

private:
    struct Held {
        store::Store* door;
        store::StoreClient* client;
        store::Ticket ticket;
        store::Question question;
    };
    struct Nobody final : store::StoreClient {
        void on_answer(store::Ticket, Result<store::Answer>) noexcept override {}
    };

    class Door final : public store::Store {
    public:
        Door(HeldStore& of, std::unique_ptr<store::Store> real) noexcept
            : of_(of), real_(std::move(real)) {}

        void ask(store::StoreClient& client, store::Ticket ticket,
                 store::Question question) noexcept override {
            switch (of_.mode) {
                case Mode::passing:
                    return real_->ask(client, ticket, std::move(question));
                case Mode::holding:
                    of_.held_.push_back({real_.get(), &client, ticket, std::move(question)});
                    return;
                case Mode::refusing:
                    return client.on_answer(ticket, trouble(store::Trouble::unavailable));
                case Mode::losing:
                    real_->ask(of_.nobody_, ticket, std::move(question));
                    return client.on_answer(ticket, trouble(store::Trouble::no_answer));
            }
        }
        void user_signed_out(std::string_view user) noexcept override {
            real_->user_signed_out(user);
        }
        store::StoreState state() const noexcept override { return store::StoreState::healthy; }
        store::StoreCounters counters() const noexcept override { return real_->counters(); }
        const Histogram* latency() const noexcept override { return nullptr; }

    private:
        HeldStore& of_;
        const std::unique_ptr<store::Store> real_;
    };

    const std::unique_ptr<store::Backend> store_ = store::open_memory();
    Nobody nobody_;
    std::deque<Held> held_;
};

}  // namespace parley::test
