// Floor: frames in, frames out.
#include "floor/floor.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include "ws/frame.h"

namespace parley::bench {
namespace {

constexpr std::byte binary_head{0x82};  // final, binary
constexpr std::byte size_bits{0x7f};

/// One masked frame, as it lies in what was received.
struct ClientFrame {
    std::byte first{};
    std::size_t head_size = 0;  ///< with the mask
    std::size_t payload_size = 0;
    std::size_t size() const noexcept { return head_size + payload_size; }
};

/// The frame at the front; nothing if its end is not there yet. Of 64 KiB at most: voice is small.
std::optional<ClientFrame> frame_in(std::span<const std::byte> bytes) noexcept {
    if (bytes.size() < 2) return std::nullopt;
    ClientFrame frame{.first = bytes[0], .head_size = 6};
    frame.payload_size = std::to_integer<std::size_t>(bytes[1] & size_bits);
    if (frame.payload_size == 126) {
        if (bytes.size() < 4) return std::nullopt;
        frame.head_size = 8;
        frame.payload_size =
            std::to_integer<std::size_t>(bytes[2]) << 8 | std::to_integer<std::size_t>(bytes[3]);
    }
    if (bytes.size() < frame.size()) return std::nullopt;
    return frame;
}

/// [0, 3, …: AUDIO to a group, whatever follows.
bool is_group_audio(std::span<const std::byte> message) noexcept {
    constexpr std::array<std::byte, 3> begin{std::byte{0x95}, std::byte{0}, std::byte{3}};
    return message.size() > begin.size() &&
           std::memcmp(message.data(), begin.data(), begin.size()) == 0;
}

}  // namespace

Floor::Floor(Outlet& outlet, Sends sends)
    : outlet_(outlet), sends_(sends), decoder_(wire::voiceping::Dialect::router_2026) {}

void Floor::begin_turn() noexcept {
    for (Group* group : touched_)
        group->pending.clear();
    touched_.clear();
    kept_.clear();
}

void Floor::end_turn() noexcept {
    for (Group* group : touched_)
        flush(*group);
}

Floor::Next Floor::on_received(int socket, std::span<std::byte> bytes) {
    Member& member = members_[static_cast<std::size_t>(socket)];
    if (!member.upgraded) return upgrade(socket, member, bytes);
    if (member.rest.empty()) return read_frames(socket, member, bytes);
    Bytes& joined = kept_.emplace_back(std::move(member.rest));
    member.rest.clear();
    joined.insert(joined.end(), bytes.begin(), bytes.end());
    return read_frames(socket, member, joined);
}

Floor::Next Floor::read_frames(int socket, Member& member, std::span<std::byte> bytes) {
    while (const auto frame = frame_in(bytes)) {
        if (frame->first != binary_head) return Next::close;  // a client that says goodbye
        const std::span<std::byte> payload = bytes.subspan(frame->head_size, frame->payload_size);
        ws::MaskKey key;
        std::memcpy(key.data(), payload.data() - key.size(), key.size());
        ws::apply_mask(payload, key, 0);
        if (is_group_audio(payload) && member.group != nullptr) {
            // The server's head is the client's without the mask, so it ends where the mask did.
            std::byte* const out = payload.data() - ws::head_size(payload.size());
            ws::write_head(ws::Opcode::binary, payload.size(), {out, payload.data()});
            relay(socket, *member.group, {out, payload.data() + payload.size()});
        } else {
            answer(socket, member, payload);
        }
        bytes = bytes.subspan(frame->size());
    }
    member.rest.assign(bytes.begin(), bytes.end());
    return Next::keep;
}

void Floor::relay(int socket, Group& group, std::span<const std::byte> frame) noexcept {
    if (sends_ == Sends::each_frame) return outlet_.fan_out(group.sockets, socket, frame);
    if (group.pending.empty()) {
        touched_.push_back(&group);
        group.pending_from = socket;
    } else if (group.pending_from != socket) {
        // Two speak in one turn: what the first said leaves on its own.
        flush(group);
        kept_.push_back(std::move(group.pending));
        group.pending.clear();
        group.pending_from = socket;
    }
    group.pending.insert(group.pending.end(), frame.begin(), frame.end());
}

void Floor::flush(Group& group) noexcept {
    outlet_.fan_out(group.sockets, group.pending_from, group.pending);
}

}  // namespace parley::bench
