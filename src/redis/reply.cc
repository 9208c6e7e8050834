#include "redis/reply.h"

#include <array>
#include <utility>

namespace parley::redis {

Fault fault_of(std::string_view error) noexcept {
    static constexpr std::array<std::pair<std::string_view, Fault>, 15> meanings{{
        {"LOADING", Fault::loading},
        {"READONLY", Fault::read_only},
        {"NOREPLICAS", Fault::read_only},
        {"MISCONF", Fault::cannot_save},
        {"OOM", Fault::out_of_memory},
        {"NOAUTH", Fault::not_allowed},
        {"WRONGPASS", Fault::not_allowed},
        {"NOPERM", Fault::not_allowed},
        {"NOSCRIPT", Fault::no_script},
        {"EMPTIED", Fault::emptied},  // of our own scripts
        {"WRONGTYPE", Fault::wrong_type},
        {"BUSY", Fault::busy},
        {"TRYAGAIN", Fault::busy},
        {"CLUSTERDOWN", Fault::busy},
        {"MASTERDOWN", Fault::busy},
    }};
    const std::string_view word = error.substr(0, error.find(' '));
    for (const auto& [name, fault] : meanings)
        if (word == name) return fault;
    return Fault::other;
}

std::string_view words_of(Fault fault) noexcept {
    switch (fault) {
        case Fault::unavailable:
            return "Redis cannot be reached";
        case Fault::no_room:
            return "too much waits for Redis";
        case Fault::timed_out:
            return "Redis could not be reached in time";
        case Fault::lost:
            return "the connection to Redis broke";
        case Fault::loading:
            return "Redis is reading its data from disk";
        case Fault::read_only:
            return "this Redis is a replica and takes no writes";
        case Fault::cannot_save:
            return "Redis cannot save to its disk and takes no writes (MISCONF)";
        case Fault::out_of_memory:
            return "Redis is beyond its maxmemory";
        case Fault::not_allowed:
            return "Redis refuses this user or password";
        case Fault::no_script:
            return "Redis has forgotten the scripts it was given";
        case Fault::emptied:
            return "Redis has lost its data";
        case Fault::wrong_type:
            return "a key of Redis holds something of another kind";
        case Fault::busy:
            return "Redis is busy";
        case Fault::other:
            return "Redis answered an error";
        case Fault::unexpected:
            return "Redis answered something that was not asked";
    }
    return "";
}

}  // namespace parley::redis
