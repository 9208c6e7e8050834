// What is kept of a conversation: its name, its messages, and what is said about them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/time.h"

namespace parley::store {

/// The name of a group's conversation: "g:fire".
std::string group_conversation(std::string_view group);
/// The name of the conversation of two users, whoever of them begins: "dm:3:annbob". The number is
/// the bytes of the first name, so that no two pairs share a conversation whatever they are called.
std::string direct_conversation(std::string_view one, std::string_view other);

/// The group of a conversation; nothing if it is no group's. A view into the name.
std::optional<std::string_view> group_of(std::string_view conversation) noexcept;
/// The two users of a conversation, in the order of their names; nothing if it is not of two users.
std::optional<std::pair<std::string_view, std::string_view>> users_of(
    std::string_view conversation) noexcept;

/// Numbers are kept: never change one.
enum class MessageKind : std::uint8_t {
    text = 0,
    interactive = 1,
    image = 2,
    recording = 3,  ///< a talk burst; the body names it
    event = 4,      ///< joined, left, renamed
};

struct Message {
    std::string id;  ///< once in its conversation
    std::string conversation;
    std::string sender;
    MessageKind kind{};
    WallTime sent{};
    /// 1, 2, 3 ... within the conversation, in the order in which they were kept.
    std::uint64_t order = 0;
    std::string body;  ///< opaque: as the front-end wants it back; empty once deleted
    std::optional<WallTime> edited;
    bool deleted = false;

    friend bool operator==(const Message&, const Message&) = default;
};

/// Numbers are kept: never change one.
enum class ReceiptKind : std::uint8_t { delivered = 0, read = 1 };

struct Receipt {
    std::string user;
    ReceiptKind kind{};
    WallTime at{};

    friend bool operator==(const Receipt&, const Receipt&) = default;
};

struct Reaction {
    std::string user;
    std::string emoji;

    friend bool operator==(const Reaction&, const Reaction&) = default;
};

/// Something that waits for a user until it is settled.
struct QueueEntry {
    /// 1, 2, 3 ... of the user; never given twice, also after everything was settled.
    std::uint64_t seq = 0;
    WallTime at{};
    std::string kind;                ///< the front-end's own word; "message" from KeepMessage
    std::string body;                ///< opaque
    std::optional<Message> message;  ///< as it is now, if the entry is about one

    friend bool operator==(const QueueEntry&, const QueueEntry&) = default;
};

/// A talk burst that was recorded; the sound itself is a file.
struct Recording {
    std::string id;
    std::string conversation;
    std::string sender;
    WallTime began{};
    Duration length{};
    std::uint64_t bytes = 0;
    std::string file;  ///< relative to the folder of recordings

    friend bool operator==(const Recording&, const Recording&) = default;
};

}  // namespace parley::store
