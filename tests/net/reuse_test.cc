// Descriptors that are closed and given out again while completions of the former connection may
// still be on their way.
#include <algorithm>
#include <gtest/gtest.h>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "net/listener.h"
#include "peer.h"
#include "ring/socket.h"

namespace parley::net {
namespace {

// Takes every connection, answers with what it got, and lets half of them go by themselves.
class ReuseTest : public testing::Test {
protected:
    ReuseTest() { listener.start(); }
    ~ReuseTest() override {
        listener.stop();
        for (auto& each : owners) {
            if (each->connection) each->connection->abort();
        }
        EXPECT_TRUE(
            one.run_until([this] { return listener.closed() && one.net.connections == 0; }));
        one.turn();
    }
    void on_accepted(int descriptor) noexcept {
        descriptors.insert(descriptor);
        ++accepted;
        owners.push_back(std::make_unique<Owner>(one.net, descriptor));
        owners.back()->connection->start();
        owners.back()->abort_at_first_bytes = accepted % 3 == 0;
    }
    // What each has got is of one client, whose canary is one letter, and in full if it says so.
    void check_canaries() const {
        for (const auto& each : owners) {
            const std::string& got = each->received;
            EXPECT_TRUE(std::ranges::all_of(got, [&](char c) { return c == got.front(); })) << got;
        }
    }

    test::OneShard one{{}};
    int number = *ring::listen_tcp({.host = "127.0.0.1", .port = 0});
    std::uint16_t port = *ring::local_port(number);
    Listener listener{one.shard, number, Listener::Accepted::to<&ReuseTest::on_accepted>(*this)};
    std::vector<std::unique_ptr<Owner>> owners;
    std::set<int> descriptors;
    std::size_t accepted = 0;
};

TEST_F(ReuseTest, NothingOfAFormerConnectionReachesTheNext) {
    constexpr std::size_t rounds = 3'000;
    std::mt19937 random{1};
    std::vector<test::Descriptor> clients;
    for (std::size_t round = 0; round < rounds; ++round) {
        clients.push_back(test::connect_to(port));
        const char canary = static_cast<char>('a' + round % 26);
        // Several reads' worth, so that more is on its way when the first is handled.
        test::write_some(clients.back(), std::string(1 + random() % 20'000, canary));
        for (auto& each : owners) {
            if (each->connection && !each->received.empty() && random() % 4 == 0) {
                each->connection->send(one.frame(each->received.substr(0, 3000)),
                                       Delivery::lasting);
            }
        }
        while (clients.size() > 6) {
            test::Descriptor& leaving = clients[random() % clients.size()];
            std::swap(leaving, clients.back());
            if (random() % 2 == 0) {
                test::close_with_reset(clients.back());
            }
            clients.pop_back();
        }
        if (random() % 2 == 0) one.turn();  // else several things happen in one batch
        if (round % 100 == 99) {
            check_canaries();
            std::erase_if(owners, [](const auto& each) { return !each->connection; });
        }
    }
    ASSERT_TRUE(one.run_until([&] { return accepted == rounds; }));
    check_canaries();
    EXPECT_LT(descriptors.size(), rounds / 10) << "descriptors are used again";
    for (const auto& each : owners)
        EXPECT_LE(each->closed, 1);
}

}  // namespace
}  // namespace parley::net
