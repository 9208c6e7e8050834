// tls::Handshakes: whose turn it is to do public-key work on one shard.
//
// A signature costs as much as a hundred deliveries and more, so a storm of new connections must
// not make those wait that talk. Handshakes are gone on with at the end of a turn, one after the
// other, until handshake_work_max is used up; the rest waits for the next turn, which does not
// sleep. And only handshakes_max have begun at a time: whoever comes then waits in line, for as
// long as its opening may take.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/delegate.h"
#include "base/intrusive_list.h"
#include "shard/shard.h"

namespace parley::net::tls {

class Handshakes {
public:
    /// One connection's. Leaves the line, and gives its place free, when destroyed.
    class Place {
    public:
        using Step = Delegate<void()>;

        Place(Handshakes& all, Step step) noexcept : all_(all), step_(step) {}
        Place(const Place&) = delete;
        Place& operator=(const Place&) = delete;
        ~Place() { finish(); }

        /// Asks for one call of the step. Asking again meanwhile changes nothing. Before the end of
        /// a turn.
        void ask() noexcept;
        /// The handshake is over, well or not.
        void finish() noexcept;

    private:
        friend class Handshakes;

        Handshakes& all_;
        Step step_;
        ListHook hook_;
        bool began_ = false;
    };

    explicit Handshakes(Shard& shard) noexcept : shard_(shard) {}
    Handshakes(const Handshakes&) = delete;
    Handshakes& operator=(const Handshakes&) = delete;
    ~Handshakes() = default;

    /// At the end of each turn.
    void run() noexcept;
    /// Those that have begun and are not over.
    std::size_t under_way() const noexcept { return under_way_; }

private:
    using Line = IntrusiveList<Place, &Place::hook_>;

    Place* next() noexcept;

    Shard& shard_;
    Line under_way_line_;  // before the others: they free places
    Line waiting_line_;
    std::size_t under_way_ = 0;
};

}  // namespace parley::net::tls
