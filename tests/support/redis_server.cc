#include "support/redis_server.h"

#include <arpa/inet.h>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <spawn.h>
#include <sstream>
#include <sys/socket.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "base/assert.h"
#include "support/descriptor.h"

extern char** environ;

namespace parley::test {
namespace {

constexpr const char* program = "/usr/bin/redis-server";
constexpr auto patience = std::chrono::seconds{20};

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

std::uint16_t free_port() {
    const Descriptor probe{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    PARLEY_ASSERT(bind(probe.number(), reinterpret_cast<sockaddr*>(&address), size) == 0);
    PARLEY_ASSERT(getsockname(probe.number(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
    return ntohs(address.sin_port);
}

Descriptor connect_to(std::uint16_t port) {
    Descriptor made{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    const sockaddr_in address = loopback(port);
    if (connect(made.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        made.close();
    return made;
}

}  // namespace

bool has_redis_server() {
    return access(program, X_OK) == 0;
}

RedisServer::RedisServer(const std::vector<std::string>& options) : options_(options) {
    start();
}

RedisServer::~RedisServer() {
    kill();
}

// A port that was free may be taken by the time Redis wants it: then another is tried.
void RedisServer::start() {
    const auto give_up = std::chrono::steady_clock::now() + patience;
    const bool again = port_ != 0;
    for (bool connected = false; !connected;) {
        if (!again) port_ = free_port();
        std::vector<std::string> words{
            program,        "--port", std::to_string(port_), "--bind",  "127.0.0.1", "--save", "",
            "--appendonly", "no",     "--loglevel",          "warning", "--dir",     "/tmp"};
        words.insert(words.end(), options_.begin(), options_.end());
        std::vector<char*> arguments;
        for (std::string& word : words)
            arguments.push_back(word.data());
        arguments.push_back(nullptr);
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
        PARLEY_ASSERT(
            posix_spawn(&process_, program, &actions, nullptr, arguments.data(), environ) == 0);
        posix_spawn_file_actions_destroy(&actions);
        while (!connected && waitpid(process_, nullptr, WNOHANG) == 0) {
            PARLEY_ASSERT(std::chrono::steady_clock::now() < give_up);
            connected = connect_to(port_).number() >= 0;
            if (!connected) std::this_thread::yield();
        }
        PARLEY_ASSERT(connected || std::chrono::steady_clock::now() < give_up);
    }
}

void RedisServer::kill() {
    if (process_ < 0) return;
    ::kill(process_, SIGKILL);
    waitpid(process_, nullptr, 0);
    process_ = -1;
}

void RedisServer::stop() const {
    ::kill(process_, SIGSTOP);
}

void RedisServer::go_on() const {
    ::kill(process_, SIGCONT);
}

std::string RedisServer::ask(const std::string& words) const {
    const Descriptor connection = connect_to(port_);
    std::ostringstream command;
    std::istringstream each{words};
    std::vector<std::string> parts;
    for (std::string word; each >> word;)
        parts.push_back(word);
    command << '*' << parts.size() << "\r\n";
    for (const std::string& part : parts)
        command << '$' << part.size() << "\r\n" << part << "\r\n";
    command << "QUIT\r\n";  // then it closes
    const std::string text = command.str();
    PARLEY_ASSERT(write(connection.number(), text.data(), text.size()) ==
                  static_cast<ssize_t>(text.size()));
    std::string answer;
    char buffer[4096];
    for (ssize_t got; (got = read(connection.number(), buffer, sizeof buffer)) > 0;)
        answer.append(buffer, static_cast<std::size_t>(got));
    constexpr std::string_view farewell = "+OK\r\n";
    if (answer.ends_with(farewell)) answer.resize(answer.size() - farewell.size());
    return answer;
}

}  // namespace parley::test
