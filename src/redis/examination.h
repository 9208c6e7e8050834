// redis::examine: looks at a Redis once, for an operator who wants to know whether it will do.
#pragma once

#include <cstdint>
#include <string>

#include "redis/url.h"

namespace parley::redis {

struct Examination {
    enum class Refusal : std::uint8_t { none, user, database };

    std::string trouble;  ///< empty if it was reached and let us in
    /// What the trouble is about; none if it does not answer.
    Refusal refusal = Refusal::none;
    std::string version;
    std::string role;            ///< "master" or "slave"
    std::string append_only;     ///< "yes" or "no"; empty: it would not say
    std::string append_fsync;    ///< "always", "everysec", "no"; empty: it would not say
    bool looked_inside = false;  ///< false over TLS: only the connection was tried
};

/// Blocks: for some seconds at most.
Examination examine(const Url& url);

}  // namespace parley::redis
