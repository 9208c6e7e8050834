#include "server/raw_socket.h"

#include <algorithm>

namespace parley::server {

RawSocket::RawSocket(ws::Shared& shared, int descriptor, Handler& handler, Gone gone) noexcept
    : Connection(shared, descriptor), handler_(handler), gone_(gone) {}

void RawSocket::open(session::Admission admission) noexcept {
    if (admission.deflate) agree(*admission.deflate);
    Connection::open(admission.reply, admission.received, std::move(admission.channel));
}

void RawSocket::on_message(ws::Opcode opcode, std::span<std::byte> payload) noexcept {
    const auto type = opcode == ws::Opcode::text ? MessageType::text : MessageType::binary;
    handler_.on_message(*this, type, payload);
}

void RawSocket::send(MessageType type, std::span<const std::byte> bytes) noexcept {
    const auto opcode = type == MessageType::text ? ws::Opcode::text : ws::Opcode::binary;
    ws::Outgoing message{ws::encode_frame(shared().net.shard.frames(), opcode, bytes),
                         ws::Outgoing::Compress::if_agreed};
    if (!message) return abort();
    Connection::send(message);
}

std::size_t RawSocket::write_ping(PingPayload payload) const noexcept {
    constexpr std::string_view text = "parley";
    std::ranges::copy(std::as_bytes(std::span{text}), payload.begin());
    return text.size();
}

void RawSocket::close(std::uint16_t code, std::string_view reason) noexcept {
    Connection::close(static_cast<ws::CloseCode>(code), reason);
}

}  // namespace parley::server
