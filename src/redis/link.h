// redis::Link: one shard's pipelined connection to a Redis, and its coming back.
//
//   down ── dial ──▶ greeting ── all greetings answered ──▶ ready
//    ▲                  │                                     │
//    └─ retry, jittered ┴──── broken, silent for 2 s ─────────┘
//
// What is asked waits in one line: sent first, unsent behind. Answers come in the order asked. What
// was sent when the connection broke is lost: nobody knows whether it was done. What was not sent
// waits for the next connection, but for no more than answer_max from when it was asked.
// It knows nothing of what is asked. Everything that a Redis may not do ends the connection.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/connection.h"
#include "redis/command.h"
#include "redis/dialer.h"
#include "redis/limits.h"
#include "redis/reply.h"
#include "redis/reply_reader.h"
#include "shard/shard.h"

namespace parley::redis {

/// Not thread-safe: it belongs to its shard.
class Link final : private net::Connection::Owner {
public:
    /// One command, and who waits for its answer. Destroyed when it has it.
    class Command {
    public:
        Command() noexcept = default;
        Command(const Command&) = delete;
        Command& operator=(const Command&) = delete;
        virtual ~Command() = default;
        /// Appends it, with append_command(). Called when it is sent, and so at most once.
        virtual void write(std::vector<std::byte>& out) noexcept = 0;
        /// Exactly once. An error is Domain::redis with a Fault. It may ask again.
        virtual void on_reply(Result<Reply> reply) noexcept = 0;
    };

    /// Whose link it is.
    class Owner {
    public:
        /// Appends what is to be said first on a new connection, after signing in; how many
        /// commands that is.
        virtual std::size_t greet(std::vector<std::byte>& out) noexcept = 0;
        /// The answer to the greeting of this number, no error. False if it will not do: the
        /// connection is given up.
        virtual bool on_greeted(std::size_t number, const Reply& reply) noexcept = 0;
        /// What came without having been asked for, on a subscription. False as above.
        virtual bool on_push(const Reply& reply) noexcept = 0;

    protected:
        ~Owner() = default;
    };

    struct Options {
        std::string user, password;
        std::uint32_t database = 0;
        const net::tls::Context* tls = nullptr;  ///< if set, connections are secured
        bool subscribes = false;                 ///< pushes are expected
        Duration answer_max = redis::answer_max;
    };

    struct Counters {
        std::uint64_t connected = 0;  ///< greetings that came to their end
        std::uint64_t attempts = 0;   ///< to connect
        std::uint64_t broken = 0;     ///< connections that ended, however far they had come
        std::uint64_t nonsense = 0;   ///< of those: for what no Redis may say
        std::uint64_t lost = 0;       ///< questions that were sent and not answered
        std::uint64_t refused = 0;    ///< for want of room
    };

    /// The dialer must outlive the link. It connects from start() on.
    Link(Shard& shard, Dialer& dialer, const Options& options, Owner& owner);
    Link(const Link&) = delete;
    Link& operator=(const Link&) = delete;
    ~Link();

    void start() noexcept;
    /// Ends the connection and asks nobody any more; what waits is not answered.
    void stop() noexcept;
    /// After stop(): nothing is in flight any more, and it may go.
    bool idle() const noexcept { return stopped_ && connection_ == nullptr; }

    bool is_ready() const noexcept { return state_ == State::ready; }
    /// Whether asking makes sense: it is ready, or has not been away for long.
    bool is_hopeful() const noexcept;
    /// The answer may come before the call returns, if it is none. `size`: about what it takes
    /// while it waits.
    void ask(std::unique_ptr<Command> command, std::size_t size) noexcept;
    /// Gives the present connection up, and connects anew at once.
    void reconnect() noexcept;

    std::size_t waiting() const noexcept { return line_.size(); }
    std::size_t waiting_bytes() const noexcept { return waiting_bytes_; }
    const Counters& counters() const noexcept { return counters_; }
    /// Why it is not ready, in words.
    std::string_view trouble() const noexcept;

private:
    enum class State : std::uint8_t { down, dialing, greeting, ready };
    struct Waiting {
        std::unique_ptr<Command> command;
        std::size_t size;
        Instant deadline;
    };
    class Call;

    void dial() noexcept;
    void on_dialed(Call& call) noexcept;
    void greet() noexcept;
    void on_reply(Reply reply) noexcept;
    void on_greeting(const Reply& reply) noexcept;
    void break_off(std::string why) noexcept;
    void fail_sent() noexcept;
    void retry() noexcept;
    void on_retry() noexcept;
    void on_watch() noexcept;
    void on_turn_end() noexcept;
    void send(std::span<const std::byte> bytes) noexcept;
    Waiting take_first() noexcept;
    void drop_late() noexcept;
    std::string_view silence() const noexcept;
    void watch() noexcept;

    void on_received(std::span<std::byte> bytes) noexcept override;
    void on_insecure(const std::string& why) noexcept override;
    void on_end() noexcept override;
    void on_closed() noexcept override;
    void on_too_slow() noexcept override;
    void on_detached(int) noexcept override {}

    Shard& shard_;
    Dialer& dialer_;
    const Options options_;
    Owner& owner_;
    net::Shared net_;
    Timer retry_timer_;
    Timer watch_timer_;
    std::unique_ptr<net::Connection> connection_;
    std::unique_ptr<ReplyReader> reader_;
    std::shared_ptr<Link*> self_;  // what a call on its way finds, or does not
    State state_ = State::down;
    bool stopped_ = false;
    std::size_t own_greetings_ = 0;  // before the owner's
    std::size_t greetings_ = 0;
    std::size_t greeted_ = 0;
    Instant heard_at_{};  // of a greeting: when it began; else when something was last heard
    Instant down_since_{};
    Duration retry_in_ = retry_min;
    std::minstd_rand random_;
    std::deque<Waiting> line_;
    std::size_t sent_ = 0;  // of line_
    std::size_t waiting_bytes_ = 0;
    std::string trouble_;
    Counters counters_;
};

}  // namespace parley::redis
