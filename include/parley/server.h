// parley::Server: a push-to-talk server inside your program.
//
//   parley::Options options;
//   options.auth = parley::Auth::trust;
//   std::string error;
//   auto server = parley::Server::start(options, error);
//   if (!server) return fail(error);
//   ...
//   server->stop();
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <parley/export.h>
#include <parley/handler.h>
#include <parley/options.h>

namespace parley {

/// Why a server did not start, as a program's exit status says it.
enum class StartFailure : std::uint8_t {
    none,
    options,  ///< the options contradict each other, or a file they name is not usable
    machine,  ///< this machine cannot run it: no io_uring, no such core
    system,   ///< the address is taken or the like
};

/// What one shard has done since it started, and has now.
struct ShardStats {
    std::uint64_t connections = 0;  ///< now, handshakes included
    std::uint64_t sessions = 0;     ///< signed in, now
    std::uint64_t groups = 0;       ///< with listeners and at home here, now
    std::uint64_t messages_in = 0;
    std::uint64_t messages_dropped = 0;   ///< that were no message of the protocol
    std::uint64_t senders_corrected = 0;  ///< that claimed to be from somebody else
    std::uint64_t tokens_refused = 0;
    std::uint64_t frames_relayed = 0;  ///< voice, decided here
    std::uint64_t frames_dropped = 0;  ///< voice of who did not hold the floor
    std::uint64_t deliveries = 0;      ///< events handed to listeners of groups here
    std::uint64_t voice_dropped = 0;   ///< frames that slow readers lost
    std::uint64_t slow_consumers = 0;  ///< disconnected for not reading
    std::uint64_t floors_granted = 0;
    std::uint64_t floors_busy = 0;
    std::uint64_t records_out = 0;  ///< to other shards
    std::uint64_t records_dropped = 0;
    std::uint64_t deflate_agreed = 0;    ///< connections that compress, since the start
    std::uint64_t deflate_contexts = 0;  ///< of those, such as keep windows of their own, now
    std::uint64_t deflated = 0;          ///< messages sent compressed, one for each recipient
    std::uint64_t bytes_in = 0;
    std::uint64_t sends = 0;
    std::uint64_t sends_short = 0;       ///< that the socket did not take whole at once
    std::uint64_t tls_handshakes = 0;    ///< that came to their end
    std::uint64_t tls_resumed = 0;       ///< of those: by a ticket, without public-key work
    std::uint64_t tls_failures = 0;      ///< connections that broke TLS or did not speak it
    std::uint64_t sockets_adopted = 0;   ///< connections that need no descriptor, now
    std::uint64_t overflows = 0;         ///< of the ring's completion queue: drained, none lost
    std::uint64_t buffer_shortages = 0;  ///< receives that had to wait for a buffer of the ring's
    std::uint64_t system_calls = 0;
    std::uint64_t turns = 0;
    std::uint64_t frames_outstanding = 0;  ///< encoded and not yet sent, now
    std::uint64_t timers = 0;              ///< that run, now; told as 4096 if there are more

    // What is kept (docs/STORE.md).

    std::uint64_t store_asked = 0;
    std::uint64_t store_answered = 0;
    std::uint64_t store_refused = 0;  ///< since too much waited already
    std::uint64_t store_failed = 0;   ///< by the store, or for want of its answer
    std::uint64_t store_late = 0;     ///< of those: no answer within 2 s
    std::uint64_t store_waiting = 0;  ///< now
    std::uint64_t store_waiting_bytes = 0;
    std::uint64_t store_p99_us = 0;      ///< microseconds within which 99 of 100 were answered
    std::uint64_t store_slow = 0;        ///< 1 while it is slow
    std::uint64_t store_down = 0;        ///< 1 while it is down
    std::uint64_t store_failures = 0;    ///< sign-ins and memberships that were not stored
    std::uint64_t sign_ins_waiting = 0;  ///< sessions that go by their tokens alone, now

    // Texts, interactive messages and images (docs/MESSAGES.md).

    std::uint64_t messages_stored = 0;
    std::uint64_t messages_repeated = 0;    ///< sent again by their senders, and kept once
    std::uint64_t messages_not_stored = 0;  ///< of which the sender was told so
    std::uint64_t messages_waiting = 0;     ///< for the store, now
    std::uint64_t queue_delivered = 0;      ///< messages and receipts that waited for their users
    std::uint64_t queue_gaps = 0;           ///< times a user came back and the oldest had given way
    std::uint64_t queue_settled = 0;        ///< messages and receipts proven to have arrived
    std::uint64_t queue_users = 0;  ///< that have not proven everything, or wait for it, now

    // Limits that were reached (docs/LIMITS.md).

    std::uint64_t messages_refused = 0;  ///< faster than their users may send, voice apart
    std::uint64_t voice_refused = 0;     ///< frames, likewise
    std::uint64_t receives_paused = 0;   ///< times a peer was not read while it did not read
    std::uint64_t accepts_without_descriptor = 0;
    std::uint64_t addresses_refused = 0;  ///< connections of addresses that had too many
    std::uint64_t memory_refused = 0;     ///< connections, for want of memory
    std::uint64_t shed = 0;               ///< slow readers closed for want of memory
    std::uint64_t behind = 0;             ///< 1 while it accepts nobody, since it is behind
    std::uint64_t recorder_behind = 0;    ///< voice frames and bursts left out of recordings
};

/// Threads: one at a time, save stop(), drain() and wait(), beside which any may be called. A
/// server owns threads of its own, one for each shard; several servers may live in one process.
class PARLEY_PUBLIC Server {
public:
    /// Starts listening. On failure returns null and puts a sentence into `error` that says what
    /// to do.
    /// Blocks: until all shards run.
    static std::unique_ptr<Server> start(const Options& options, std::string& error,
                                         StartFailure& failure);
    static std::unique_ptr<Server> start(const Options& options, std::string& error);

    /// Stops, and waits for it.
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    /// Where it listens, as `ws://127.0.0.1:7420`, or `wss://` with TLS.
    const std::string& url() const noexcept;

    /// Reads the files of Options::tls_certificates anew; connections from now on are secured by
    /// them, those there are stay as they are. On failure everything stays, and `error` says why.
    /// Blocks: for the files.
    bool reload(std::string& error);
    /// Whether reload() would find other files than the last time, and they have stayed the same
    /// since this was asked before: to be asked each second or so. Blocks: for a stat of each file.
    bool files_changed();
    /// What the operator should know about the present certificates, such as that one has expired:
    /// a sentence each.
    std::vector<std::string> warnings() const;
    /// SHA-256 of the first certificate, as `AB:CD:…`; empty without TLS.
    std::string tls_fingerprint() const;

    /// Takes no more connections, sends those there are away at the pace of Options::drain_rate and
    /// ends the shards. What was said to them is flushed first; a talk burst that is going on may
    /// last five seconds more. Radios read the end of the stream, for which they come back; sockets
    /// of a handler are closed with 1001 and the reason `reconnect_ms=N`, when to come back.
    /// Threads: any; also in a signal handler. Blocks: no. Calling again changes nothing.
    /// Time: Options::drain_max or five seconds, whichever is more, and two for slow readers.
    void drain() noexcept;
    /// Likewise, but everybody at once.
    /// Time: at most about a second, for peers that do not read.
    void stop() noexcept;
    /// Blocks until the server has stopped.
    void wait() noexcept;

    /// One entry for each shard. Blocks: for one turn of each shard.
    std::vector<ShardStats> stats();
    /// All zero if nothing is recorded. Blocks: no.
    RecordingStats recording_stats() const noexcept;

private:
    struct State;
    explicit Server(std::unique_ptr<State> state) noexcept;
    std::unique_ptr<State> state_;
};

}  // namespace parley
