// tls::Handshakes: whose turn it is to do public-key work on one shard.
//
// A signature costs as much as a hundred deliveries and more, so a storm of new connections must
// not make those wait that talk. Handshakes are gone on with at the end of a turn, one after the
// other, until handshake_work_max is used up; the rest waits for the next turn, which does not
// sleep. And only handshakes_max have begun at a time: whoever comes then waits until one is over
// or the oldest has had its handshake_patience and gives way. So those that begin and never answer
// cost memory within a bound, and others little time.
//
//   came ───▶ waiting, the newest next ──▶ begun ◀──▶ under way, in turn ───▶ over
//                                            └── the oldest gives way ──────────▲
//
// The newest is next, since in an overload somebody waits too long whatever the order: in this one
// a storm makes those of the storm wait, and who comes behind it gets in at once.
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
        /// What a connection does when it is its turn, and when it must give way.
        using Call = Delegate<void()>;

        Place(Handshakes& all, Call step, Call give_way) noexcept
            : all_(all), step_(step), give_way_(give_way) {}
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

        bool began() const noexcept { return begun_hook_.linked(); }

        Handshakes& all_;
        Call step_;
        Call give_way_;
        ListHook hook_;        // among those that wait or are under way
        ListHook begun_hook_;  // among those that have begun
        Instant began_at_{};
    };

    explicit Handshakes(Shard& shard) noexcept
        : shard_(shard), timer_(Timer::Handler::to<&Handshakes::on_timer>(*this)) {}
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
    bool make_room() noexcept;
    void on_timer() noexcept {}  // run() follows, at the end of its turn

    Shard& shard_;
    Line under_way_line_;                              // before the others: they free places
    Line waiting_;                                     // the newest last
    IntrusiveList<Place, &Place::begun_hook_> begun_;  // the oldest first
    Timer timer_;                                      // when the oldest may have to give way
    std::size_t under_way_ = 0;
};

}  // namespace parley::net::tls
