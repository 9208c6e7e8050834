// Floor, before anybody speaks: upgrades, joins, and what a talker is answered. Not measured.
#include <algorithm>
#include <string>
#include <variant>

#include "floor/floor.h"
#include "ws/frame.h"
#include "ws/handshake.h"

namespace parley::bench {
namespace {

constexpr std::size_t answer_bytes_max = 1024;
constexpr int nobody = -1;

}  // namespace

void Floor::on_accepted(int socket) {
    const auto index = static_cast<std::size_t>(socket);
    if (members_.size() <= index) members_.resize(index + 1);
    members_[index] = Member{};
    members_[index].open = true;
    members_[index].head = std::make_unique<http::HeadParser>();
}

void Floor::on_gone(int socket) {
    Member& member = members_[static_cast<std::size_t>(socket)];
    if (member.group != nullptr) std::erase(member.group->sockets, socket);
    member = Member{};
}

Floor::Next Floor::upgrade(int socket, Member& member, std::span<std::byte> bytes) {
    const auto progress = member.head->feed(bytes);
    if (progress.status == http::HeadParser::Status::failed) return Next::close;
    if (progress.status == http::HeadParser::Status::need_more) return Next::keep;
    const ws::Handshake handshake = ws::examine(member.head->head());
    const auto* accept = std::get_if<ws::Accept>(&handshake);
    if (accept == nullptr) return Next::close;
    const std::string text = ws::accept_reply(*accept, "");
    const auto text_bytes = std::as_bytes(std::span{text});
    const Bytes& kept = kept_.emplace_back(text_bytes.begin(), text_bytes.end());
    outlet_.fan_out({&socket, 1}, nobody, kept);
    member.head.reset();
    member.upgraded = true;
    return read_frames(socket, member, bytes.subspan(progress.consumed));
}

void Floor::answer(int socket, Member& member, std::span<const std::byte> message) {
    auto decoded = decoder_.decode(message);
    if (!decoded) return;
    const wire::Command& command = *decoded;
    wire::Event event{.scope = command.scope,
                      .from = command.from.encoded,
                      .to = command.to.encoded,
                      .message_id = {},
                      .payload = command.payload};
    switch (command.verb) {
        case wire::Verb::join:
            return join(socket, member, command.to.text);
        case wire::Verb::connection_test:
            event.kind = wire::Kind::connection_answer;
            return reply(socket, event);
        case wire::Verb::floor_request:
            event.kind = wire::Kind::floor_granted;
            return reply(socket, event);
        case wire::Verb::floor_release:
            event.kind = wire::Kind::floor_released;
            return reply(socket, event);
        default:
            return;
    }
}

void Floor::join(int socket, Member& member, std::string_view group) {
    if (member.group != nullptr) std::erase(member.group->sockets, socket);
    member.group = &groups_[std::string{group}];
    member.group->sockets.push_back(socket);
}

void Floor::reply(int socket, const wire::Event& event) {
    Bytes& out = kept_.emplace_back(answer_bytes_max);
    const std::size_t size = wire::voiceping::encoded_size(event);
    const std::size_t head = ws::head_size(size);
    if (head + size > out.size()) return;
    ws::write_head(ws::Opcode::binary, size, out);
    wire::voiceping::encode(event, std::span{out}.subspan(head));
    out.resize(head + size);
    outlet_.fan_out({&socket, 1}, nobody, out);
}

}  // namespace parley::bench
