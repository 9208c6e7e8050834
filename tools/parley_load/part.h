// Part: what one scenario does with the clients of one worker.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "client/voiceping.h"
#include "parley_load/board.h"
#include "parley_load/run.h"

namespace parley::load {

class Swarm;

/// Why a connection is gone.
enum class Loss : std::uint8_t {
    no_port,      ///< this machine has no port left to come from
    unreachable,  ///< TCP did not connect
    refused,      ///< the upgrade was not answered as it should be
    closed,       ///< by the server, later
};

/// Where a part works: its worker's share of the run.
struct Place {
    Run& run;
    Swarm& swarm;
    Tally& tally;
    std::uint32_t worker = 0;
};

/// Lives on its worker's thread; the worker's loop calls it. `index` is into the swarm.
class Part {
public:
    virtual ~Part() = default;

    virtual void on_phase(Phase phase) = 0;
    /// Does what is due by `now`, and says when to be called again.
    virtual Nanoseconds act(Nanoseconds now) = 0;
    /// Signed in and joined.
    virtual void on_ready(std::uint32_t) {}
    virtual void on_message(std::uint32_t index, const client::ServerMessage& message) = 0;
    /// The connection is closed already. True if the scenario can do without it.
    virtual bool on_lost(std::uint32_t, Loss) { return false; }
    /// There was something that is no VoicePing message.
    virtual void on_malformed(std::uint32_t index) = 0;
    /// Once a turn, after all events: brings the tally up to date.
    virtual void publish() noexcept = 0;
    /// Nothing more will come.
    virtual void end() {}
};

}  // namespace parley::load
