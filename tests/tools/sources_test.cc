// Sources: enough ports for all, and one address as long as that is enough.
#include "parley_load/sources.h"

#include <gtest/gtest.h>
#include <map>

namespace parley::load {
namespace {

TEST(Sources, AreAnyAddressWhileOneHasEnoughPorts) {
    EXPECT_EQ(Sources{}.of(7), 0U);
    const Sources sources = Sources::standing(25'000, 25'000);
    EXPECT_EQ(sources.count(), 1U);
    EXPECT_EQ(sources.of(0), 0U);
    EXPECT_EQ(sources.of(24'999), 0U);
}

TEST(Sources, GiveNoAddressMoreConnectionsThanItHasPorts) {
    constexpr std::uint32_t connections = 1'000'000;
    constexpr std::uint32_t ports = 25'408;
    const Sources sources = Sources::standing(connections, ports);
    EXPECT_EQ(sources.count(), 40U);
    std::map<std::uint32_t, std::uint32_t> used;
    for (std::uint32_t number = 0; number < connections; ++number)
        ++used[sources.of(number)];
    EXPECT_EQ(used.size(), 40U);
    EXPECT_EQ(used.begin()->first, 0x7f000101U);  // 127.0.1.1
    EXPECT_EQ(used.rbegin()->first, 0x7f000128U);
    for (const auto& [address, count] : used)
        EXPECT_LE(count, ports) << std::hex << address;
}

TEST(Sources, ThatArePassedThroughTurnSoThatPortsCanRest) {
    // 1,000 a second for a minute, and 500 open: 60,500 ports.
    const Sources sources = Sources::passing(500, 1000, 25'000);
    EXPECT_EQ(sources.count(), 3U);
    EXPECT_EQ(sources.of(0), Sources::first);
    EXPECT_EQ(sources.of(1), Sources::first + 1);
    EXPECT_EQ(sources.of(2), Sources::first + 2);
    EXPECT_EQ(sources.of(3), Sources::first);
    EXPECT_EQ(Sources::passing(100, 10, 25'000).of(3), 0U);
}

TEST(PortRange, IsAFifthOfWhatTheMachineGives) {
    EXPECT_EQ(parse_port_range("32768\t60999\n"), 5'646U);
    EXPECT_EQ(parse_port_range("10000 10009"), 2U);
    EXPECT_EQ(parse_port_range("5 5"), 1U);
    for (const char* text : {"", "32768", "x 9", "9 x", "60999 32768", "1 65536"})
        EXPECT_FALSE(parse_port_range(text)) << text;
    EXPECT_GE(ports_of_machine(), 1U);
}

}  // namespace
}  // namespace parley::load
