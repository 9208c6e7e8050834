// What a store answers, as plain values. They own what they carry.
//
// Each question of questions.h names its answer: `SignIn::Answer` is SignedIn.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "store/message.h"

namespace parley::store {

/// It is as was asked.
struct Done {
    bool changed = true;  ///< false: it was so already
};

/// What was known of a user before the sign-in that asked.
struct SignedIn {
    std::optional<std::string> previous_device;  ///< nothing if none was stored
    std::vector<std::string> groups;             ///< each once, in no particular order
};

/// Numbers are kept: never change one.
enum class Role : std::uint8_t { member = 0, admin = 1, owner = 2 };

struct Member {
    std::string user;
    Role role{};

    friend bool operator==(const Member&, const Member&) = default;
};
struct Members {
    std::vector<Member> members;  ///< by name, ascending
    bool more = false;
};
struct MemberRole {
    std::optional<Role> role;  ///< nothing: not a member
};
/// Names of users, groups or conversations, ascending, each once.
struct Names {
    std::vector<std::string> names;
    bool more = false;
};
struct Settings {
    std::optional<std::string> json;
};

struct Kept {
    std::uint64_t order = 0;
    bool repeated = false;  ///< it was kept before, under this order
    std::string id;         ///< under which it was kept: of a repeated one, the first
    bool queued = false;    ///< it waits now for everybody it is for
};
struct History {
    std::vector<Message> messages;  ///< ascending by order
    bool more = false;              ///< in the direction that was asked for
};
struct OneMessage {
    std::optional<Message> message;
};
struct Receipts {
    std::vector<Receipt> receipts;  ///< by user, then kind
};
struct Reactions {
    std::vector<Reaction> reactions;  ///< by user, then emoji
};

struct Queued {
    std::uint64_t seq = 0;
};
struct Queue {
    std::vector<QueueEntry> entries;  ///< ascending by seq
    bool more = false;
    std::uint64_t last_seq = 0;    ///< the last ever given; 0: none
    std::uint64_t lost_up_to = 0;  ///< an entry up to here gave way unsettled; 0: none ever did
};

struct RevokedToken {
    std::string id;
    WallTime until{};

    friend bool operator==(const RevokedToken&, const RevokedToken&) = default;
};
struct RevokedTokens {
    std::vector<RevokedToken> tokens;  ///< by id, ascending
    bool more = false;
};

struct Recordings {
    std::vector<Recording> recordings;  ///< oldest first; of the same time, by id
    bool more = false;
};
struct OneRecording {
    std::optional<Recording> recording;
};

using Answer =
    std::variant<Done, SignedIn, Members, MemberRole, Names, Settings, Kept, History, OneMessage,
                 Receipts, Reactions, Queued, Queue, RevokedTokens, Recordings, OneRecording>;

}  // namespace parley::store
