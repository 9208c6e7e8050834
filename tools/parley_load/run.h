// Run: what all workers of one run know from the beginning, and the board they share.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "client/socket.h"
#include "client/voice_codec.h"
#include "parley_load/board.h"
#include "parley_load/division.h"
#include "parley_load/options.h"
#include "parley_load/sources.h"

namespace parley::load {

class Run final {
public:
    struct Plan {
        client::Endpoint endpoint;
        Division division;
        Sources sources;
        std::vector<client::Packet> packets;  ///< of voice, if the scenario has any
        Cores cores;                          ///< to run on; empty: any
        std::uint32_t counted_groups = 0;     ///< that have a GroupCount
        net::tls::Context tls;                ///< none: plain
    };

    Run(const Options& options, Plan plan);

    std::string user_name(std::uint32_t number) const;
    std::string group_name(std::uint32_t group) const;
    /// What user `number` signs in with: the name, or a token for it.
    std::string token(std::uint32_t number) const;

    bool is_talker(std::uint32_t number) const noexcept {
        return number % options.group_size == 0 && division.group_of(number) < options.talkers;
    }
    bool is_slow_reader(std::uint32_t number) const noexcept {
        return number == 1 && options.has_slow_reader();
    }
    /// Listeners of `group` whose hearing is judged.
    std::uint32_t listeners_of(std::uint32_t group) const noexcept {
        return options.group_size - 1 - (group == 0 && options.has_slow_reader() ? 1 : 0);
    }

    void fail(std::string_view why) noexcept { board.fail(why); }

    const Options& options;
    const client::Endpoint endpoint;
    const Division division;
    const Sources sources;
    const std::vector<client::Packet> packets;
    const Cores cores;
    const net::tls::Context tls;  ///< none: plain
    Board board;

private:
    std::string tag_;  ///< makes this run's names its own
};

}  // namespace parley::load
