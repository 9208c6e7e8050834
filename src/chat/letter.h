// Letter: a message on its way from its sender's shard to where it is kept.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/time.h"
#include "session/session.h"
#include "shard/shard.h"
#include "wire/message.h"

namespace parley::chat {

/// All views are borrowed: from the command, or from the record it came in.
struct Letter {
    SessionRef sender;
    UserKey from_key{};
    WallTime sent{};
    wire::Scope scope{};
    wire::Verb verb{};  ///< text, interactive or image
    std::string_view from;
    std::string_view to;
    std::span<const std::byte> from_encoded;
    std::span<const std::byte> to_encoded;
    std::span<const std::byte> message_id;  ///< the client's own; empty if none
    std::string_view retry_key;             ///< empty if there is no message id
    std::span<const std::byte> body;        ///< the message as its receivers get it
};

/// Sends it to another shard. False if there is no room on the way.
bool post(Shard& shard, ShardId to, const Letter& letter) noexcept;
/// The letter in a record, which it borrows.
Letter letter_of(std::span<const std::byte> record) noexcept;

/// `<channel>_<type>_<to>_<from>_<epoch ms>.txt`, as the sender and the receivers are told.
std::string message_id(const Letter& letter, WallTime sent);
/// The same, for the store: with a digest of the names if they are too long for it.
std::string stored_id(const Letter& letter, WallTime sent);
/// The time in an id of either form.
std::optional<WallTime> time_in(std::string_view id) noexcept;

/// What makes a message known that its sender sends again: who says what under which id.
std::string retry_key(const wire::Command& command);

}  // namespace parley::chat
