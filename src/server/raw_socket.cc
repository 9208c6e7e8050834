#include "server/raw_socket.h"

namespace parley::server {

RawSocket::RawSocket(net::Shared& net, const ws::Settings& settings, int descriptor,
                     Handler& handler, Gone gone) noexcept
    : net_(net), handler_(handler), gone_(gone), connection_(net, settings, descriptor, *this) {}

void RawSocket::open(session::Admission admission) noexcept {
    connection_.open(admission.reply, admission.received);
}

void RawSocket::on_message(ws::Opcode opcode, std::span<std::byte> payload) noexcept {
    const auto type = opcode == ws::Opcode::text ? MessageType::text : MessageType::binary;
    handler_.on_message(*this, type, payload);
}

void RawSocket::send(MessageType type, std::span<const std::byte> bytes) noexcept {
    const auto opcode = type == MessageType::text ? ws::Opcode::text : ws::Opcode::binary;
    FrameRef frame = ws::encode_frame(net_.shard.frames(), opcode, bytes);
    if (!frame) return connection_.abort();
    connection_.send(std::move(frame), net::Delivery::lasting);
}

void RawSocket::close(std::uint16_t code, std::string_view reason) noexcept {
    connection_.close(static_cast<ws::CloseCode>(code), reason);
}

}  // namespace parley::server
