// session::Session: one signed-in device.
//
// Its frames become commands here, stamped with who it is, and events become its frames. What the
// commands do is decided above (Commands). It lives on the home shard of its user, in a slot of
// Sessions, and is addressed by SessionRef.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/intrusive_list.h"
#include "session/admission.h"
#include "session/direct_talk.h"
#include "session/event_frame.h"
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
    /// The session takes part no longer: forget it everywhere. Comes once.
    virtual void on_leaving(Session& session) noexcept = 0;
    /// The connection is gone and the session is to be destroyed.
    virtual void on_gone(Session& session) noexcept = 0;

protected:
    ~Commands() = default;
};

/// What the sessions of one shard share.
struct SessionContext {
    net::Shared& net;
    ws::Settings settings;
    wire::voiceping::Decoder& decoder;
    wire::voiceping::Dialect dialect;
    Commands& commands;
    std::uint64_t messages_in = 0;
    std::uint64_t messages_dropped = 0;   ///< that were no message of the protocol
    std::uint64_t senders_corrected = 0;  ///< messages that claimed another sender
};

class Session final : private ws::Connection::Peer {
public:
    Session(SessionContext& context, SessionRef ref, Admission admission, int descriptor) noexcept;
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
    ~Session() = default;

    /// Sends the 101 answer and reads on. What came behind the request is taken as well.
    void open() noexcept;

    SessionRef ref() const noexcept { return ref_; }
    UserKey key() const noexcept { return key_; }
    const std::string& user() const noexcept { return identity_.user; }
    const std::string& device() const noexcept { return device_; }
    const Identity& identity() const noexcept { return identity_; }
    /// The user's id as this session's frames carry it, if they do not say otherwise.
    std::span<const std::byte> encoded_user() const noexcept { return encoded_user_; }

    /// Encodes for this session alone. Never dropped in silence.
    void tell(const wire::Event& event) noexcept;
    /// Sends a frame that was encoded for this session's format.
    void send(const FrameRef& frame, net::Delivery delivery) noexcept {
        connection_.send(frame, delivery);
    }
    /// Fetches what send() looks at, for who sends to many one after the other.
    void prefetch() const noexcept { connection_.prefetch(); }
    void close(ws::CloseCode code, std::string_view reason) noexcept {
        connection_.close(code, reason);
    }
    /// Drops the connection without a word.
    void abort() noexcept { connection_.abort(); }
    bool is_open() const noexcept { return connection_.is_open(); }

    /// Null if the session is not in the group.
    Subscription* subscription(GroupKey group) noexcept;

    std::vector<Subscription> subscriptions;  ///< kept by group::Listeners
    DirectTalks talks;                        ///< kept by relay::DirectTalk
    ListHook user_hook;                       ///< among the sessions of its user

private:
    void on_message(ws::Opcode opcode, std::span<std::byte> payload) noexcept override;
    std::string_view ping_payload() const noexcept override { return ping_payload_; }
    void on_closing() noexcept override;
    void on_closed() noexcept override;
    void on_binary(std::span<const std::byte> message) noexcept;

    SessionContext& context_;
    const SessionRef ref_;
    const UserKey key_;
    Identity identity_;
    std::string device_;
    std::vector<std::byte> encoded_user_;
    std::string ping_payload_;
    Admission admission_;  // what open() still needs; empty after it
    ws::Connection connection_;
};

}  // namespace parley::session
