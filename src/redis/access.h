// redis::Access: all that it takes to reach one Redis, from any shard.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "net/tls_context.h"
#include "redis/dialer.h"
#include "redis/link.h"
#include "redis/url.h"

namespace parley::redis {

/// Outlives its links. Threads: any.
struct Access {
    Url url;
    net::tls::Context tls;  ///< if url.tls
    std::unique_ptr<Dialer> dialer;

    /// How a link signs in there.
    Link::Options link_options() const;
    /// Reads the address and what it names. The Redis need not be there. On failure returns null
    /// and puts a sentence into `error` that says what to do.
    static std::unique_ptr<Access> open(std::string_view address, std::string& error);
};

}  // namespace parley::redis
