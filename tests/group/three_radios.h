// three_radios: two talkers and a listener of one group on two shards.
#pragma once

#include <gtest/gtest.h>
#include <string>

#include "support/radio.h"

namespace parley::group {

using test::done_with;
using test::hears;
using test::join;
using test::Message;
using test::Radio;
using test::Town;
using test::Type;

/// Alice lives where the group does, Bob and Carol on the other shard.
class ThreeRadios : public testing::Test {
protected:
    ThreeRadios() : ThreeRadios(floor::Limits{}) {}
    explicit ThreeRadios(const floor::Limits& limits)
        : town({.shards = 2, .worker = {.floor = limits}}),
          group(town.group_at(0, 0)),
          alice(town.port(0), {town.user_at(0, 0)}),
          bob(town.port(1), {town.user_at(1, 0)}),
          carol(town.port(0), {town.user_at(1, 1)}) {
        for (Radio* each : {&alice, &bob, &carol})
            EXPECT_TRUE(join(town, *each, group));
    }

    // Asks for the floor; whether it was granted.
    bool takes_floor(Radio& who) {
        const std::size_t granted = who.count(Type::start_ack);
        const std::size_t refused = who.count(Type::start_failed);
        who.send(Type::start, group);
        EXPECT_TRUE(town.run_until([&] {
            return who.count(Type::start_ack) > granted || who.count(Type::start_failed) > refused;
        }));
        return who.count(Type::start_ack) > granted;
    }
    // How often the radio has heard that, once nothing is on its way any more.
    std::size_t count_of(Radio& who, Type type) {
        EXPECT_TRUE(done_with(town, who));
        return who.count(type);
    }
    const FloorControl::Counters& counters() { return town.worker(0).floor().counters(); }
    std::uint64_t not_holder() { return town.worker(0).relay().counters().not_holder; }

    Town town;
    const std::string group;
    Radio alice;
    Radio bob;
    Radio carol;
};

}  // namespace parley::group
