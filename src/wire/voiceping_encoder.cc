// voiceping: from an event to a message.
#include <algorithm>

#include "base/assert.h"
#include "wire/item.h"
#include "wire/voiceping.h"

namespace parley::wire::voiceping {

namespace {

constexpr std::size_t head_bytes = 3;  // array, channelType and messageType take a byte each
constexpr std::byte nil{0xc0};

unsigned type_of(Kind kind) noexcept {
    switch (kind) {
        case Kind::talk_started:
            return 1;
        case Kind::talk_ended:
            return 2;
        case Kind::audio:
            return 3;
        case Kind::floor_granted:
            return 6;
        case Kind::floor_released:
            return 7;
        case Kind::floor_refused:
            return 8;
        case Kind::replaced:
            return 9;
        case Kind::text:
            return 17;
        case Kind::image:
            return 18;
        case Kind::delivered:
            return 20;
        case Kind::read:
            return 21;
        case Kind::text_stored:
            return 22;
        case Kind::interactive:
            return 23;
        case Kind::interactive_stored:
            return 24;
        case Kind::connection_answer:
            return 26;
        case Kind::not_a_member:
            return 27;
    }
    PARLEY_ASSERT(false);
}

std::size_t value_size(Bytes value) noexcept {
    return std::max<std::size_t>(value.size(), 1);
}

std::span<std::byte> put(Bytes value, std::span<std::byte> out) noexcept {
    if (value.empty()) {
        out[0] = nil;
    } else {
        std::copy(value.begin(), value.end(), out.begin());
    }
    return out.subspan(value_size(value));
}

}  // namespace

std::size_t encoded_size(const Event& event) noexcept {
    return head_bytes + value_size(event.from) + value_size(event.to) + event.message_id.size() +
           value_size(event.payload);
}

std::size_t encode(const Event& event, std::span<std::byte> out) noexcept {
    const std::size_t size = encoded_size(event);
    if (out.size() < size) return 0;
    out[0] = event.message_id.empty() ? std::byte{0x95} : std::byte{0x96};
    out[1] = static_cast<std::byte>(event.scope);
    out[2] = static_cast<std::byte>(type_of(event.kind));
    std::span<std::byte> rest = put(event.from, out.subspan(head_bytes));
    rest = put(event.to, rest);
    if (!event.message_id.empty()) rest = put(event.message_id, rest);
    put(event.payload, rest);
    return size;
}

}  // namespace parley::wire::voiceping
