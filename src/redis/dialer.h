// redis::Dialer: finds Redis and connects to it, off the shards.
//
//   Link ── dial(call) ──▶ Dialer: names, sentinels, TCP ──▶ mailbox of the shard: call.open()
//
// Names are resolved anew for every attempt, and sentinels asked anew, since what they say may
// have changed: that blocks, so it has a thread of its own. A connected socket is all it gives:
// from there on everything is the shard's.
#pragma once

#include <memory>
#include <string>

#include "redis/url.h"
#include "shard/mailbox.h"

namespace parley::redis {

class Dialer {
public:
    /// One attempt to connect on its way to the dialer and back to the shard that asked.
    class Call : public Mailbox::Letter {
    public:
        explicit Call(std::shared_ptr<Mailbox> to) noexcept : home(std::move(to)) {}
        ~Call() override;

        const std::shared_ptr<Mailbox> home;
        /// Connected; whoever opens the letter takes it. Negative: not connected.
        int descriptor = -1;
        std::string host;     ///< whom it reached: for its certificate
        std::string trouble;  ///< why not
    };

    Dialer() noexcept = default;
    Dialer(const Dialer&) = delete;
    Dialer& operator=(const Dialer&) = delete;
    virtual ~Dialer() = default;

    /// Answers later, by posting the call to its home. Threads: any. Blocks: no.
    virtual void dial(std::unique_ptr<Call> call) = 0;
};

/// A dialer with a thread of its own, for all links of a process.
std::unique_ptr<Dialer> open_dialer(const Url& url);

}  // namespace parley::redis
