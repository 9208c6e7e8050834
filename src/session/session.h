// session::Session: one signed-in device.
//
// Its frames become commands here, stamped with who it is, and events become its frames. What the
// commands do is decided above (Commands). It lives on the home shard of its user, in a slot of
// Sessions, and is addressed by SessionRef.
//
// A server has as many sessions as users are connected, and nearly all of them listen: so a
// session keeps what it always needs, and what it needs only while it signs in is kept by the
// context (docs/decisions/0007-what-an-idle-connection-costs.md).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/ids.h"
#include "base/small_vector.h"
#include "session/admission.h"
#include "session/direct_talk.h"
#include "session/event_frame.h"
#include "session/pace.h"
#include "wire/message.h"
#include "wire/voiceping.h"
#include "ws/connection.h"

namespace parley::session {

// NOLINTNEXTLINE(cppcoreguidelines-virtual-class-destructor): final, as its definition says
class Session;

/// Membership of one session in one group.
struct Subscription {
    GroupKey group{};
    std::uint32_t place = 0;     ///< among the group's listeners on this shard
    bool has_requested = false;  ///< it asked for the floor: the group must hear when it leaves
};

/// What the product does with what a session says. One for each shard.
class Commands {
public:
    /// The command's `from` is the session's user, typed as the client typed it.
    virtual void on_command(Session& session, const wire::Command& command) noexcept = 0;
    /// Whether what comes of the command may be another thing once the sign-in is answered.
    virtual bool depends_on_sign_in(Session& session, const wire::Command& command) noexcept = 0;
    /// A pong came, with what a ping to it had, or with anything else.
    virtual void on_pong(Session& session, std::span<const std::byte> payload) noexcept = 0;
    /// The session takes part no longer: forget it everywhere. Comes once.
    virtual void on_leaving(Session& session) noexcept = 0;
    /// The connection is gone and the session is to be destroyed.
    virtual void on_gone(Session& session) noexcept = 0;

protected:
    ~Commands() = default;
};

/// What is left of the opening handshake until the session is open and its sign-in is answered.
struct Arrival {
    Admission admission;
    bool is_open = false;
    bool is_answered = false;
    bool waits = true;                         ///< for the answer, and some of what it says with it
    std::vector<std::vector<std::byte>> held;  ///< messages that do, in order
    std::size_t held_bytes = 0;
};

/// What the sessions of one shard share.
struct SessionContext : ws::Shared {
    SessionContext(net::Shared& net_share, const ws::Settings& settings,
                   wire::voiceping::Decoder& session_decoder,
                   wire::voiceping::Dialect session_dialect, Commands& session_commands) noexcept
        : ws::Shared(net_share, settings),
          decoder(session_decoder),
          dialect(session_dialect),
          commands(session_commands) {}

    wire::voiceping::Decoder& decoder;
    wire::voiceping::Dialect dialect;
    Commands& commands;
    Paces paces;
    /// Of a whole message that is no image. Images are bounded by ws::MessageLimits.
    std::size_t message_bytes_max = SIZE_MAX;
    std::unordered_map<std::uint32_t, Arrival> arrivals;  ///< by slot
    std::vector<std::byte> encoded_user;                  ///< the one encoded last
    std::uint64_t messages_in = 0;
    std::uint64_t messages_dropped = 0;   ///< that were no message of the protocol
    std::uint64_t senders_corrected = 0;  ///< messages that claimed another sender
};

class Session final : private ws::Connection {
public:
    Session(SessionContext& context, const SessionRef& ref, Admission admission,
            int descriptor) noexcept;
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
    ~Session();

    /// Sends the 101 answer and reads on. What came behind the request is taken as well.
    void open() noexcept;
    /// The sign-in was answered: device() and token_groups() are forgotten, and what had to wait
    /// for it is carried out.
    void finish_sign_in() noexcept;
    /// The answer may take longer: nothing waits for it from now on.
    void stop_waiting() noexcept;

    SessionRef ref() const noexcept { return {slot_, generation_, context().net.shard.id()}; }
    UserKey key() const noexcept { return key_; }
    std::string_view user() const noexcept { return {user_.get(), user_size_}; }
    /// Requires that finish_sign_in() was not called.
    const std::string& device() const noexcept { return arrival().admission.device; }
    /// The groups that its token names. Requires that finish_sign_in() was not called.
    const std::vector<std::string>& token_groups() const noexcept {
        return arrival().admission.identity.groups;
    }
    /// The user's id as this session's frames carry it, if they do not say otherwise. Valid until
    /// a session of this shard is asked again.
    std::span<const std::byte> encoded_user() const noexcept;

    /// Encodes for this session alone. Never dropped in silence.
    void tell(const wire::Event& event) noexcept;
    /// send() takes a frame or a message that was encoded for this session's format.
    using Connection::abort;
    using Connection::close;
    using Connection::end;
    using Connection::held_bytes;
    using Connection::is_open;
    using Connection::prefetch;
    using Connection::probe;
    using Connection::send;
    using Connection::shed;

    /// Null if the session is not in the group.
    Subscription* subscription(GroupKey group) noexcept;

    DirectTalks talks;  ///< kept by relay::DirectRelay
    /// Kept by group::Listeners. The members behind it lie in its last bytes.
    [[no_unique_address]] SmallVector<Subscription> subscriptions;

private:
    SessionContext& context() const noexcept { return static_cast<SessionContext&>(shared()); }
    Arrival& arrival() const noexcept;
    void forget_if_arrived() noexcept;
    bool holds(const wire::Command& command, std::span<const std::byte> message) noexcept;
    void on_message(ws::Opcode opcode, std::span<std::byte> payload) noexcept override;
    std::size_t write_ping(PingPayload payload) const noexcept override;
    void on_pong(std::span<const std::byte> payload) noexcept override;
    void on_closing() noexcept override;
    void on_gone() noexcept override;
    void on_binary(std::span<const std::byte> message) noexcept;
    void stamp(wire::Command& command) const noexcept;
    bool keeps_pace(const wire::Command& command) noexcept;
    void on_garbage(std::size_t size) noexcept;
    void tell_too_fast(const wire::Command& command) noexcept;

    const bool user_is_integer_;  // as it was typed
    const std::uint16_t user_size_;
    const std::uint32_t slot_;
    const std::uint32_t generation_;
    const UserKey key_;
    std::unique_ptr<char[]> user_;
};
static_assert(sizeof(Session) == 256, "a multiple of the cache line: see ws::Connection");

}  // namespace parley::session
