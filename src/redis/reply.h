// redis::Reply: one answer of a Redis, and what its errors mean.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace parley::redis {

/// The codes of Error::Domain::redis.
enum class Fault : std::int32_t {
    unavailable = 1,  ///< there is no connection, and has been none for a while: not asked
    no_room,          ///< too much waits for it already: not asked
    timed_out,        ///< no connection in time: not asked
    lost,             ///< the connection broke before the answer: it may have been done
    loading,          ///< Redis reads its data from disk
    read_only,        ///< it is a replica
    cannot_save,      ///< MISCONF: it cannot write to its disk and takes no writes
    out_of_memory,    ///< OOM: beyond its maxmemory
    not_allowed,      ///< NOAUTH, WRONGPASS, NOPERM
    no_script,        ///< it has forgotten our scripts
    emptied,          ///< its data is not the data that we know: decision 0012
    wrong_type,       ///< a key holds something that is not ours
    busy,             ///< BUSY, TRYAGAIN, CLUSTERDOWN, MASTERDOWN: later
    other,            ///< any other error that it answered
    unexpected,       ///< an answer of another shape than the question's
};

constexpr Error fault_error(Fault fault) noexcept {
    return Error{Error::Domain::redis, static_cast<std::int32_t>(fault)};
}

/// What an error answer means, by its first word.
Fault fault_of(std::string_view error) noexcept;
/// In words that an operator understands.
std::string_view words_of(Fault fault) noexcept;

struct Reply {
    enum class Kind : std::uint8_t { nothing, text, status, error, integer, array };

    Kind kind = Kind::nothing;
    std::int64_t integer = 0;
    std::string text;  ///< of a text, status or error
    std::vector<Reply> elements;

    bool is(Kind wanted) const noexcept { return kind == wanted; }
};

}  // namespace parley::redis
