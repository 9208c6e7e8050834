// event_record: a wire::Event as part of a record between shards.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>

#include "base/assert.h"
#include "wire/limits.h"
#include "wire/message.h"

namespace parley::session {

/// Comes in front of the event's bytes, which follow in this order: from, to, message id, payload.
struct EventHead {
    std::uint32_t message_id_size = 0;
    std::uint32_t payload_size = 0;
    std::uint16_t from_size = 0;
    std::uint16_t to_size = 0;
    wire::Kind kind{};
    wire::Scope scope{};
};
static_assert(sizeof(EventHead) == 16);
static_assert(wire::id_encoded_bytes_max <= UINT16_MAX);

inline EventHead head_of(const wire::Event& event) noexcept {
    return {.message_id_size = static_cast<std::uint32_t>(event.message_id.size()),
            .payload_size = static_cast<std::uint32_t>(event.payload.size()),
            .from_size = static_cast<std::uint16_t>(event.from.size()),
            .to_size = static_cast<std::uint16_t>(event.to.size()),
            .kind = event.kind,
            .scope = event.scope};
}

/// The event whose head and bytes stand in `record`, which it borrows.
inline wire::Event event_of(std::span<const std::byte> record) noexcept {
    EventHead head;
    PARLEY_ASSERT(record.size() >= sizeof(head));
    std::memcpy(&head, record.data(), sizeof(head));
    auto rest = record.subspan(sizeof(head));
    const auto take = [&rest](std::size_t size) {
        PARLEY_ASSERT(size <= rest.size());
        const auto taken = rest.first(size);
        rest = rest.subspan(size);
        return taken;
    };
    wire::Event event{.kind = head.kind, .scope = head.scope};
    event.from = take(head.from_size);
    event.to = take(head.to_size);
    event.message_id = take(head.message_id_size);
    event.payload = take(head.payload_size);
    return event;
}

/// The bytes of any plain struct, for the parts of a record.
template <class T>
std::span<const std::byte> bytes_of(const T& value) noexcept {
    return std::as_bytes(std::span{&value, 1});
}

}  // namespace parley::session
