// Floor: relays voice in groups and does nothing else; a yardstick, not a server.
//
//   begin_turn() ──▶ on_accepted(), on_received(), on_gone() … ──▶ end_turn() ──▶ submit
//
// Measured is only the way of an AUDIO frame to a group: unmask it, write the server's frame head
// over the mask in front of it, and hand the same bytes out for every other member. No MessagePack
// is decoded, nobody is signed in, anybody may speak, nothing is queued: a listener that cannot
// take a frame at once is cut off. Everything else that parley-load needs is answered with
// Parley's own layers, for it happens before the measurement.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "floor/member.h"
#include "floor/outlet.h"
#include "wire/voiceping.h"

namespace parley::bench {

class Floor final {
public:
    enum class Sends : std::uint8_t {
        each_frame,  ///< by itself, as the simplest program would
        coalesced,   ///< those of one group and turn together
    };
    enum class Next : std::uint8_t { keep, close };

    Floor(Outlet& outlet, Sends sends);

    /// What the last turn sent has left; its bytes may go.
    void begin_turn() noexcept;
    void on_accepted(int socket);
    /// `bytes` are changed in place and sent from there: they stay until begin_turn().
    Next on_received(int socket, std::span<std::byte> bytes);
    void on_gone(int socket);
    void end_turn() noexcept;

private:
    Next upgrade(int socket, Member& member, std::span<std::byte> bytes);
    Next read_frames(int socket, Member& member, std::span<std::byte> bytes);
    void relay(int socket, Group& group, std::span<const std::byte> frame) noexcept;
    void flush(Group& group) noexcept;
    void answer(int socket, Member& member, std::span<const std::byte> message);
    void reply(int socket, const wire::Event& event);
    void join(int socket, Member& member, std::string_view group);

    Outlet& outlet_;
    Sends sends_;
    std::vector<Member> members_;  // by descriptor
    std::unordered_map<std::string, Group> groups_;
    std::vector<Group*> touched_;  // those with something pending
    std::vector<Bytes> kept_;      // what is sent in this turn and lies in no receive buffer
    wire::voiceping::Decoder decoder_;
};

}  // namespace parley::bench
