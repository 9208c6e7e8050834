// A whole server on threads of its own: the hand-over between shards, stop, and start again.
//
// Under ThreadSanitizer this is where two shards really run at once.
#include <arpa/inet.h>
#include <atomic>
#include <filesystem>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <parley/server.h>

namespace parley {
namespace {

std::size_t open_descriptors() {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& entry :
         std::filesystem::directory_iterator{"/proc/self/fd"}) {
        ++count;
    }
    return count;
}

/// A blocking client that upgrades as a radio does.
class Radio {
public:
    Radio(std::uint16_t port, const std::string& user) {
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(port);
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        connected_ = ::connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) == 0;
        write(
            "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            "token: " +
            user + "\r\n\r\n");
    }
    Radio(const Radio&) = delete;
    Radio& operator=(const Radio&) = delete;
    ~Radio() { ::close(socket_); }

    bool connected() const { return connected_; }
    /// A masked (with zeros) binary frame of at most 125 bytes.
    void say(const std::string& message) {
        std::string frame{"\x82"};
        frame += static_cast<char>(0x80 | message.size());
        frame += std::string(4, '\0') + message;
        write(frame);
    }
    /// Reads until `needle` has come; false if the connection ended first.
    bool hears(const std::string& needle) {
        char buffer[4096];
        while (heard_.find(needle) == std::string::npos) {
            const ssize_t size = ::recv(socket_, buffer, sizeof(buffer), 0);
            if (size <= 0) return false;
            heard_.append(buffer, static_cast<std::size_t>(size));
        }
        return true;
    }

private:
    void write(const std::string& bytes) {
        EXPECT_EQ(::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL),
                  static_cast<ssize_t>(bytes.size()));
    }

    int socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool connected_ = false;
    std::string heard_;
};

std::string array_of(int type, const std::string& user, const std::string& payload) {
    const auto str = [](const std::string& text) {
        return std::string(1, static_cast<char>(0xa0 | text.size())) + text;
    };
    std::string message{"\x95"};
    message += '\0';
    message += static_cast<char>(type);
    return message + str(user) + str("ops") + str(payload);
}

constexpr int start = 1;
constexpr int audio = 3;
constexpr int join = 15;
constexpr int text = 17;
constexpr int test = 25;

Options two_shards(std::uint16_t port) {
    Options options;
    options.listen = "127.0.0.1:" + std::to_string(port);
    options.shards = 2;
    options.auth = Auth::trust;
    return options;
}

std::uint16_t port_of(const Server& server) {
    return static_cast<std::uint16_t>(std::stoi(server.url().substr(server.url().rfind(':') + 1)));
}

TEST(ServerThreads, CarriesVoiceFromShardToShardWhileItIsAskedForItsCounts) {
    std::string error;
    const auto server = Server::start(two_shards(0), error);
    ASSERT_NE(server, nullptr) << error;
    std::atomic<bool> done{false};
    std::thread asker{[&] {
        while (!done.load())
            EXPECT_EQ(server->stats().size(), 2u);
    }};
    std::vector<std::unique_ptr<Radio>> radios;
    for (int i = 0; i < 100; ++i) {
        const std::string user = "user" + std::to_string(i);
        radios.push_back(std::make_unique<Radio>(port_of(*server), user));
        radios.back()->say(array_of(join, user, ""));
        radios.back()->say(array_of(test, user, "joined"));
    }
    for (auto& radio : radios)
        ASSERT_TRUE(radio->hears("joined"));
    radios[0]->say(array_of(start, "user0", "granted"));
    ASSERT_TRUE(radios[0]->hears("granted"));
    for (int i = 0; i < 50; ++i) {
        radios[0]->say(array_of(audio, "user0", "frame" + std::to_string(i) + "."));
    }
    for (std::size_t i = 1; i < radios.size(); ++i)
        ASSERT_TRUE(radios[i]->hears("frame49."));
    done = true;
    asker.join();
    std::uint64_t sessions[2] = {};
    for (std::size_t i = 0; i < 2; ++i)
        sessions[i] = server->stats()[i].sessions;
    EXPECT_EQ(sessions[0] + sessions[1], 100u);
    EXPECT_GT(sessions[0], 0u);  // both shards are somebody's home
    EXPECT_GT(sessions[1], 0u);
}

TEST(ServerThreads, CountsWhatItKeepsAndForWhom) {
    std::string error;
    const auto server = Server::start(two_shards(0), error);
    ASSERT_NE(server, nullptr) << error;
    const auto sum = [&server](std::uint64_t ShardStats::*counter) {
        std::uint64_t all = 0;
        for (const ShardStats& each : server->stats())
            all += each.*counter;
        return all;
    };
    const auto says_in_ops = [](Radio& radio, const std::string& user) {
        radio.say(array_of(join, user, ""));
        radio.say(array_of(text, user, "words"));
        return radio.hears("Acknowledged");
    };
    Radio alice{port_of(*server), "alice"};
    {
        Radio bob{port_of(*server), "bob"};
        ASSERT_TRUE(says_in_ops(bob, "bob"));  // Alice is no member yet
    }
    ASSERT_TRUE(says_in_ops(alice, "alice"));
    EXPECT_EQ(sum(&ShardStats::messages_stored), 2u);
    EXPECT_EQ(sum(&ShardStats::messages_not_stored), 0u);
    EXPECT_EQ(sum(&ShardStats::messages_waiting), 0u);
    EXPECT_EQ(sum(&ShardStats::queue_delivered), 0u);
    Radio bob{port_of(*server), "bob"};
    ASSERT_TRUE(bob.hears("words"));
    EXPECT_EQ(sum(&ShardStats::queue_delivered), 1u);
    EXPECT_EQ(sum(&ShardStats::queue_settled), 0u) << "he has proven nothing";
    EXPECT_EQ(sum(&ShardStats::queue_users), 1u);
}

// A handler's connections stay where they were accepted.
class Deaf final : public Handler {
    void on_message(Socket&, MessageType, std::span<const std::byte>) noexcept override {}
};

int listening_socket() {
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(listener, reinterpret_cast<const sockaddr*>(&where), sizeof(where)), 0);
    EXPECT_EQ(::listen(listener, 64), 0);
    return listener;
}

TEST(ServerThreads, DealsOutWhatOnePassedSocketAcceptsToAllShards) {
    Deaf deaf;
    Options options = two_shards(0);
    options.handler = &deaf;
    options.listeners = {listening_socket()};
    std::string error;
    const auto server = Server::start(options, error);
    ASSERT_NE(server, nullptr) << error;
    std::vector<std::unique_ptr<Radio>> radios;
    for (int i = 0; i < 20; ++i) {
        radios.push_back(std::make_unique<Radio>(port_of(*server), "user" + std::to_string(i)));
        ASSERT_TRUE(radios.back()->hears("101"));
    }
    const auto stats = server->stats();
    EXPECT_EQ(stats[0].connections, 10U);
    EXPECT_EQ(stats[1].connections, 10U);
}

TEST(ServerThreads, DrainsWithAHintOfWhenToComeBack) {
    Deaf deaf;
    Options options = two_shards(0);
    options.handler = &deaf;
    options.drain_rate = 100;
    std::string error;
    const auto server = Server::start(options, error);
    ASSERT_NE(server, nullptr) << error;
    std::vector<std::unique_ptr<Radio>> radios;
    for (int i = 0; i < 20; ++i) {
        radios.push_back(std::make_unique<Radio>(port_of(*server), "user" + std::to_string(i)));
        ASSERT_TRUE(radios.back()->hears("101"));
    }
    server->drain();
    server->drain();  // again: nothing more
    for (auto& radio : radios)
        EXPECT_TRUE(radio->hears("\x03\xe9reconnect_ms="));
    radios.clear();
    server->wait();
    EXPECT_TRUE(server->stats().empty());
}

TEST(ServerThreads, StopsAtOnceWhatDrainsForLong) {
    Options options = two_shards(0);
    options.drain_rate = 1;
    options.drain_max = std::chrono::hours{1};
    std::string error;
    const auto server = Server::start(options, error);
    ASSERT_NE(server, nullptr) << error;
    std::vector<std::unique_ptr<Radio>> radios;
    for (int i = 0; i < 20; ++i) {
        radios.push_back(std::make_unique<Radio>(port_of(*server), "user" + std::to_string(i)));
        ASSERT_TRUE(radios.back()->hears("101"));
    }
    server->drain();
    server->stop();
    for (auto& radio : radios)
        EXPECT_FALSE(radio->hears("\x03\xe9"));  // the end, and no close frame
    server->wait();
}

TEST(ServerThreads, LeavesNothingOpenAndCanStartAgainOnItsPort) {
    const std::size_t before = open_descriptors();
    std::uint16_t port = 0;
    for (int round = 0; round < 3; ++round) {
        std::string error;
        const auto server = Server::start(two_shards(port), error);
        ASSERT_NE(server, nullptr) << error;
        port = port_of(*server);
        std::vector<std::unique_ptr<Radio>> radios;
        for (int i = 0; i < 30; ++i) {
            radios.push_back(std::make_unique<Radio>(port, "user" + std::to_string(i)));
            ASSERT_TRUE(radios.back()->connected());
        }
        // Some are still on their way between the shards when it stops.
        server->stop();
        radios.clear();
        server->wait();
        EXPECT_TRUE(server->stats().empty());
    }
    EXPECT_EQ(open_descriptors(), before);
}

}  // namespace
}  // namespace parley
