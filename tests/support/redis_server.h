// redis_server: a real Redis for a test, on a free port of loopback, with its data in memory.
#pragma once

#include <cstdint>
#include <string>
#include <sys/types.h>
#include <vector>

namespace parley::test {

/// Whether this machine has one at all.
bool has_redis_server();

class RedisServer {
public:
    /// Starts one, with further options, and waits until it takes connections.
    explicit RedisServer(const std::vector<std::string>& options = {});
    RedisServer(const RedisServer&) = delete;
    RedisServer& operator=(const RedisServer&) = delete;
    ~RedisServer();

    std::uint16_t port() const noexcept { return port_; }
    std::string url() const { return "redis://127.0.0.1:" + std::to_string(port_); }
    /// Ends it at once, or starts it anew on the same port, without data.
    void kill();
    void start();
    void stop() const;  ///< SIGSTOP
    void go_on() const;

    /// Carries out a command that takes no spaces in its words, on a connection of its own; answers
    /// what Redis said, as it said it.
    std::string ask(const std::string& words) const;

private:
    std::uint16_t port_ = 0;
    std::vector<std::string> options_;
    pid_t process_ = -1;
};

}  // namespace parley::test
