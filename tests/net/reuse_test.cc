// Descriptors that are closed and given out again while completions of the former connection may
// still be on their way. Every byte on the wire tells whose it is, in both directions:
//
//   client 41   0041 0041 0041 … ──▶ judged, and echoed ──▶ judged again by client 41
//
// PARLEY_REUSE_MESSAGES=10000000 goes on for so many echoes.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <gtest/gtest.h>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "net/listener.h"
#include "peer.h"
#include "ring/socket.h"

namespace parley::net {
namespace {

constexpr std::size_t connections_usual = 3'000;
constexpr std::size_t messages_usual = 10'000;
constexpr std::size_t clients_max = 6;

std::size_t messages_wanted() {
    const char* asked = std::getenv("PARLEY_REUSE_MESSAGES");
    return asked == nullptr ? messages_usual : std::strtoull(asked, nullptr, 10);
}

// The stream of one connection: its number, over and over.
class Canary {
public:
    explicit Canary(std::uint32_t number) : number_(number) {}

    std::string next(std::size_t size) const {
        std::string text(size, '\0');
        for (std::size_t i = 0; i < size; ++i)
            text[i] = byte(at_ + i);
        return text;
    }
    void advance(std::size_t size) { at_ += size; }
    // How many of the bytes are not those that come next; advances beyond them.
    std::size_t foreign_in(std::string_view bytes) {
        return static_cast<std::size_t>(
            std::ranges::count_if(bytes, [this](char each) { return each != byte(at_++); }));
    }

private:
    char byte(std::size_t at) const {
        return static_cast<char>(number_ >> (8 * (at % sizeof(number_))));
    }

    std::uint32_t number_;
    std::size_t at_ = 0;
};

struct Client {
    test::Descriptor socket;
    Canary writes;
    Canary reads;
};

// The server's end: says back what it got, or lets go at the first bytes.
struct Echo {
    std::unique_ptr<Owner> owner;
    std::optional<Canary> canary;  // since it has told its number
};

// Takes every connection, answers with what it got, and lets a third of them go by themselves.
class ReuseTest : public testing::Test {
protected:
    ReuseTest() { listener.start(); }
    ~ReuseTest() override {
        listener.stop();
        for (Echo& each : echoes) {
            if (each.owner->connection) each.owner->connection->abort();
        }
        EXPECT_TRUE(
            one.run_until([this] { return listener.closed() && one.net.connections == 0; }));
        one.turn();
    }
    void on_accepted(int descriptor) noexcept {
        descriptors.insert(descriptor);
        ++accepted;
        echoes.push_back({.owner = std::make_unique<Owner>(one.net, descriptor), .canary = {}});
        Owner& owner = *echoes.back().owner;
        owner.connection->start();
        owner.abort_at_first_bytes = accepted % 3 == 0;
    }
    void connect() {
        const auto seed = static_cast<std::uint32_t>(++connected * 0x9e3779b1U);
        clients.push_back({test::connect_to(port), Canary{seed}, Canary{seed}});
    }
    void write_to(Client& client) {
        // Sometimes several reads' worth, so that more is on its way when the first is handled.
        const std::size_t size = 1 + random() % (random() % 8 == 0 ? 20'000 : 200);
        client.writes.advance(test::write_some(client.socket, client.writes.next(size)));
    }
    void answer(Echo& echo) {
        std::string got = std::move(echo.owner->received);
        echo.owner->received.clear();
        if (got.empty()) return;
        if (!echo.canary) {
            if (got.size() < sizeof(std::uint32_t)) {
                echo.owner->received = std::move(got);
                return;
            }
            std::uint32_t seed = 0;
            std::memcpy(&seed, got.data(), sizeof(seed));
            echo.canary.emplace(seed);
        }
        foreign += echo.canary->foreign_in(got);
        if (!echo.owner->connection) return;
        echo.owner->connection->send(one.frame(got), Delivery::lasting);
        ++messages;
    }
    void read_from(Client& client) {
        std::string got;
        test::read_waiting(client.socket, got);
        heard += got.size();
        foreign += client.reads.foreign_in(got);
    }
    void leave() {
        std::swap(clients[random() % clients.size()], clients.back());
        read_from(clients.back());
        if (random() % 2 == 0) test::close_with_reset(clients.back().socket);
        clients.pop_back();
    }

    test::OneShard one{{}};
    int number = *ring::listen_tcp({.host = "127.0.0.1", .port = 0});
    std::uint16_t port = *ring::local_port(number);
    Listener listener{one.shard, number, Listener::Accepted::to<&ReuseTest::on_accepted>(*this)};
    std::mt19937 random{1};
    std::vector<Client> clients;
    std::vector<Echo> echoes;
    std::set<int> descriptors;
    std::size_t connected = 0;
    std::size_t accepted = 0;
    std::size_t messages = 0;  // echoed
    std::size_t heard = 0;     // bytes that clients read
    std::size_t foreign = 0;   // bytes that were not the connection's own, on either side
};

TEST_F(ReuseTest, NothingOfAFormerConnectionReachesTheNext) {
    const std::size_t wanted = messages_wanted();
    while (connected < connections_usual || messages < wanted) {
        connect();
        for (Client& each : clients)
            write_to(each);
        if (random() % 2 == 0) one.turn();  // else several things happen in one batch
        for (Echo& each : echoes) {
            answer(each);
            if (each.owner->connection && each.owner->ends > 0) {
                each.owner->connection->close_after_sending();
            }
        }
        for (Client& each : clients)
            read_from(each);
        while (clients.size() > clients_max)
            leave();
        std::erase_if(echoes, [](const Echo& each) {
            EXPECT_LE(each.owner->closed, 1);
            return !each.owner->connection;
        });
        ASSERT_EQ(foreign, 0U) << "after " << connected << " connections";
    }
    ASSERT_TRUE(one.run_until([&] { return accepted == connected; }));
    EXPECT_LT(descriptors.size(), connected / 10) << "descriptors are used again";
    EXPECT_GT(heard, messages) << "what was echoed was looked at";
    RecordProperty("messages", static_cast<int>(messages));
}

}  // namespace
}  // namespace parley::net
