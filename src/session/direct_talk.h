// DirectTalks: the talk bursts that one session has open with single users.
//
// A direct talk needs no floor: the user at the other end hears everybody. What is kept is when it
// began, for its duration and its limit. Pure.
#pragma once

#include <forward_list>

#include "base/ids.h"
#include "base/time.h"

namespace parley::session {

struct DirectTalk {
    UserKey to{};
    Instant began;
    bool stopping = false;  ///< its STOP came, and is answered in a moment
    TalkNumber recording{};
    bool revoked = false;  ///< it lasted too long: its voice is dropped until it ends
};

class DirectTalks {
public:
    /// Begins a talk, or begins it anew. The oldest gives way when there are too many.
    DirectTalk& begin(UserKey to, Instant now);
    /// Null if there is none.
    DirectTalk* find(UserKey to) noexcept;
    void end(UserKey to) noexcept;

    template <class Visit>
    void for_each(Visit visit) {
        for (DirectTalk& talk : talks_)
            visit(talk);
    }

private:
    std::forward_list<DirectTalk> talks_;  // oldest first, at most direct_talks_max
};
static_assert(sizeof(DirectTalks) == sizeof(void*), "every session has them, and few have any");

}  // namespace parley::session
