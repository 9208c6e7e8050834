// server::RawSocket: a connection whose messages go to an embedding program's handler.
#pragma once

#include "base/intrusive_list.h"
#include "session/admission.h"
#include "ws/connection.h"

#include <parley/handler.h>

namespace parley::server {

class RawSocket final : private ws::Connection, private Socket {
public:
    using Gone = Delegate<void(RawSocket&)>;

    RawSocket(ws::Shared& shared, int descriptor, Handler& handler, Gone gone) noexcept;
    RawSocket(const RawSocket&) = delete;
    RawSocket& operator=(const RawSocket&) = delete;
    ~RawSocket() = default;

    void open(session::Admission admission) noexcept;
    /// Closes with 1001; the reason says when to come back (see Drain).
    void send_away(std::string_view reason) noexcept {
        sent_away_ = true;
        Connection::close(ws::CloseCode::going_away, reason);
    }
    bool was_sent_away() const noexcept { return sent_away_; }
    using Connection::abort;

    ListHook hook;
    session::AddressMark address{};  ///< kept by whoever counts

private:
    void on_message(ws::Opcode opcode, std::span<std::byte> payload) noexcept override;
    std::size_t write_ping(PingPayload payload) const noexcept override;
    void on_closing() noexcept override {}
    void on_gone() noexcept override { gone_(*this); }
    void send(MessageType type, std::span<const std::byte> bytes) noexcept override;
    void close(std::uint16_t code, std::string_view reason) noexcept override;

    Handler& handler_;
    Gone gone_;
    bool sent_away_ = false;
};

}  // namespace parley::server
