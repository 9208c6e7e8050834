// server::RawSocket: a connection whose messages go to an embedding program's handler.
#pragma once

#include "base/intrusive_list.h"
#include "session/admission.h"
#include "ws/connection.h"

#include <parley/handler.h>

namespace parley::server {

class RawSocket final : private ws::Connection::Peer, private Socket {
public:
    using Gone = Delegate<void(RawSocket&)>;

    RawSocket(net::Shared& net, const ws::Settings& settings, int descriptor, Handler& handler,
              Gone gone) noexcept;
    RawSocket(const RawSocket&) = delete;
    RawSocket& operator=(const RawSocket&) = delete;
    ~RawSocket() = default;

    void open(session::Admission admission) noexcept;
    void close_going_away() noexcept { connection_.close(ws::CloseCode::going_away, "stopping"); }
    void abort() noexcept { connection_.abort(); }

    ListHook hook;

private:
    void on_message(ws::Opcode opcode, std::span<std::byte> payload) noexcept override;
    std::string_view ping_payload() const noexcept override { return "parley"; }
    void on_closing() noexcept override {}
    void on_closed() noexcept override { gone_(*this); }
    void send(MessageType type, std::span<const std::byte> bytes) noexcept override;
    void close(std::uint16_t code, std::string_view reason) noexcept override;

    net::Shared& net_;
    Handler& handler_;
    Gone gone_;
    ws::Connection connection_;
};

}  // namespace parley::server
