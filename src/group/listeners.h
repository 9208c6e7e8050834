// group::Listeners: the sessions of one shard that hear each group.
//
//   voice ──▶ gathered, per group ── end of the turn ──▶ one send to each listener
//   words ──▶ sent to each listener at once, behind the voice that came before
//
// What a group says is encoded here once, and every listener sends the same bytes (words once more
// for those who agreed on compression; voice never). Frames of one
// group that come in one turn of the shard, because it was busy or because they came together,
// leave as one send to each listener: the cost of a send hardly depends on its size. It decides
// neither who may listen (Membership) nor who may speak (FloorControl).
#pragma once

#include <memory>
#include <vector>

#include "base/flat_map.h"
#include "base/ids.h"
#include "session/session.h"

namespace parley::group {

class Listeners {
public:
    explicit Listeners(Shard& shard) noexcept;
    Listeners(const Listeners&) = delete;
    Listeners& operator=(const Listeners&) = delete;
    ~Listeners() = default;

    /// True if the session is the group's first listener on this shard. Requires that it is not
    /// yet one of them. It hears what is said from now on.
    bool add(session::Session& session, GroupKey group);
    /// True if it was the last. Requires that the session is a listener. It still hears what was
    /// said before.
    bool remove(session::Session& session, GroupKey group) noexcept;

    /// Tells all listeners but the sessions of `except`: voice at the end of the shard's turn,
    /// everything else now. A listener hears what one group says in the order of the calls.
    void deliver(GroupKey group, const wire::Event& event, UserKey except) noexcept;

    /// Visits the listeners of a group, behind the voice that came before. Whoever is visited may
    /// be sent to, and nobody may leave meanwhile.
    template <class Visit>
    void for_each(GroupKey group, Visit visit) {
        const std::unique_ptr<Audience>* found = audiences_.find(group);
        if (found == nullptr) return;
        send_gathered(**found);
        for (const Listener& each : (*found)->listeners)
            visit(*each.session);
    }

    /// Sends what was gathered, as at the end of the turn.
    void flush() noexcept;

    std::size_t groups() const noexcept { return audiences_.size(); }
    /// Messages handed to connections, one for each listener.
    std::uint64_t deliveries() const noexcept { return deliveries_; }
    /// Voice frames that found no memory to be encoded in.
    std::uint64_t voice_dropped() const noexcept { return voice_dropped_; }

private:
    struct Listener {
        session::Session* session;
        UserKey user;  // here, so that leaving the talker out touches no session
    };
    struct Audience {
        std::vector<Listener> listeners;
        FrameRef gathered;  // voice of this turn, encoded one behind the other
        UserKey except{};   // who does not hear it
        ListHook hook;      // among those that have gathered something
    };

    void gather(Audience& audience, const wire::Event& event, UserKey except) noexcept;
    bool make_room(FrameRef& gathered, std::size_t size) noexcept;
    static void prefetch(const Audience& audience, std::size_t from, std::size_t to) noexcept;
    void send_gathered(Audience& audience) noexcept;
    void send_voice(const Audience& audience, const FrameRef& frame, UserKey except) noexcept;
    void send_words(const Audience& audience, ws::Outgoing& message, UserKey except) noexcept;
    void tell_each(const Audience& audience, const wire::Event& event, UserKey except) noexcept;

    Shard& shard_;
    FlatMap<GroupKey, std::unique_ptr<Audience>> audiences_;  // none is without listeners
    IntrusiveList<Audience, &Audience::hook> gathering_;
    std::uint64_t deliveries_ = 0;
    std::uint64_t voice_dropped_ = 0;
};

}  // namespace parley::group
