// What may be asked of a store, as plain values, with what is answered.
//
// A question owns its strings, so that it can wait, cross threads and be asked again. Each is
// carried out whole or not at all. An `after` is the last name or id of the page before, empty for
// the first page; a `limit` above page_max counts as page_max, and a page may be shorter for want
// of room (page_bytes_max): go on while the answer says `more`.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "store/answers.h"
#include "store/limits.h"

namespace parley::store {

// ---- users, devices, memberships ----------------------------------------------------------------

/// What was known of the user; then `device` becomes the user's device.
struct SignIn {
    using Answer = SignedIn;
    std::string user, device;
};
/// Already a member: nothing changes, the role included. Beyond groups_per_user_max groups:
/// Limit::groups.
struct AddMember {
    using Answer = Done;
    std::string user, group;
    Role role = Role::member;
};
struct RemoveMember {
    using Answer = Done;
    std::string user, group;
};
/// Makes `groups` the user's groups, all at once. Repeated names count once; who stays in a group
/// keeps the role.
struct SetGroups {
    using Answer = Done;
    std::string user;
    std::vector<std::string> groups;
};
/// Trouble::not_found if the user is no member.
struct SetRole {
    using Answer = Done;
    std::string user, group;
    Role role{};
};
struct GetRole {
    using Answer = MemberRole;
    std::string user, group;
};
struct GetMembers {
    using Answer = Members;
    std::string group, after;
    std::uint32_t limit = page_max;
};
/// An empty `json`: forgotten.
struct SetSettings {
    using Answer = Done;
    std::string group, json;
};
struct GetSettings {
    using Answer = Settings;
    std::string group;
};

// ---- messages -----------------------------------------------------------------------------------

enum class QueueFor : std::uint8_t {
    nobody,
    members,  ///< of the conversation's group, but for the sender; beyond queued_users_max: nobody
    users,    ///< those named
};
/// Keeps a message, and an entry in the queue of everybody it is for, in one go. The same id in the
/// same conversation again: `repeated`, and nothing changes, so asking again after an error is
/// safe. So does the same `retry_key` in the same conversation within retry_age_max, by the times
/// at which the messages were sent, whatever their ids; an empty one is nobody's. `message.order`
/// 0: the store gives the next. Any other restores a backup: Limit::order if it is not beyond the
/// last.
struct KeepMessage {
    using Answer = Kept;
    Message message;
    QueueFor queue_for = QueueFor::nobody;
    std::vector<std::string> users;
    std::string retry_key = {};  ///< says which messages are one, sent again by its sender
};
/// Backwards: the last `limit` before the order `from`, 0 being the end. Forwards: the first
/// `limit` after it, so 0 is the start.
struct GetHistory {
    using Answer = History;
    enum class Direction : std::uint8_t { backwards, forwards };
    std::string conversation;
    std::uint64_t from = 0;
    Direction direction = Direction::backwards;
    std::uint32_t limit = page_max;
};
struct GetMessage {
    using Answer = OneMessage;
    std::string conversation, id;
};
/// Trouble::not_found if there is none, or it was deleted.
struct EditMessage {
    using Answer = Done;
    std::string conversation, id, body;
    WallTime edited{};
};
/// The body, the reactions and the receipts go, and nobody's queue holds it any longer; its place
/// in the order stays. Trouble::not_found if there is none.
struct DeleteMessage {
    using Answer = Done;
    std::string conversation, id;
};
/// The first time counts. Trouble::not_found if there is no such message.
struct SetReceipt {
    using Answer = Done;
    std::string conversation, id, user;
    ReceiptKind kind{};
    WallTime at{};
};
struct GetReceipts {
    using Answer = Receipts;
    std::string conversation, id;
};
/// Trouble::not_found if there is no such message; Limit::reactions beyond
/// reactions_per_message_max.
struct SetReaction {
    using Answer = Done;
    std::string conversation, id, user, emoji;
    bool on = true;
};
struct GetReactions {
    using Answer = Reactions;
    std::string conversation, id;
};

// ---- each user's durable queue ------------------------------------------------------------------

/// Only the last queue_per_user_max numbers of a user can be waiting: older entries give way, and
/// Queue::lost_up_to says so. `seq` 0: the next. Any other restores a backup: Limit::order if it is
/// not beyond the last. `conversation` and `message` name a message that it is about, or nothing.
struct Enqueue {
    using Answer = Queued;
    std::string user, kind, body;
    WallTime at{};
    std::string conversation, message;
    std::uint64_t seq = 0;
};
struct GetQueue {
    using Answer = Queue;
    std::string user;
    std::uint64_t after = 0;
    std::uint32_t limit = page_max;
};
/// All entries up to this one were received.
struct SettleQueue {
    using Answer = Done;
    std::string user;
    std::uint64_t up_to = 0;
};
/// The entries about this message were received.
struct SettleMessage {
    using Answer = Done;
    std::string user, conversation, message;
};

// ---- tokens -------------------------------------------------------------------------------------

/// Until when is kept as long as it can matter: until the token would end by itself. Again: the
/// later time counts.
struct RevokeToken {
    using Answer = Done;
    std::string id;
    WallTime until{};
};
struct GetRevoked {
    using Answer = RevokedTokens;
    std::string after;
    std::uint32_t limit = page_max;
};

// ---- recordings' index --------------------------------------------------------------------------

/// The same id again: replaced.
struct KeepRecording {
    using Answer = Done;
    Recording recording;
};
/// Of one conversation, or of all if it is empty; those after the recording `after`, which must be
/// there yet: else Trouble::not_found.
struct GetRecordings {
    using Answer = Recordings;
    std::string conversation, after;
    std::uint32_t limit = page_max;
};
struct GetRecording {
    using Answer = OneRecording;
    std::string id;
};
struct ForgetRecording {
    using Answer = Done;
    std::string id;
};

// ---- all of it ----------------------------------------------------------------------------------

/// Names of everything there is of a sort: for backups and inspection.
struct List {
    using Answer = Names;
    enum class What : std::uint8_t {
        users,          ///< who signed in once, or was in a group
        groups,         ///< with members or settings
        conversations,  ///< with messages
        queues,         ///< users to whom a seq was ever given
    };
    What what{};
    std::string after;
    std::uint32_t limit = page_max;
};
/// A user's device and groups, without a sign-in.
struct GetUser {
    using Answer = SignedIn;
    std::string user;
};
/// Forgets tokens revoked until before `now`, retry keys older than retry_age_max by then, and
/// queue entries from before `queued_since`, at most expire_max of each: ask again while it has
/// `changed` anything.
struct Expire {
    using Answer = Done;
    WallTime now{};
    WallTime queued_since{};
};

using Question =
    std::variant<SignIn, AddMember, RemoveMember, SetGroups, SetRole, GetRole, GetMembers,
                 SetSettings, GetSettings, KeepMessage, GetHistory, GetMessage, EditMessage,
                 DeleteMessage, SetReceipt, GetReceipts, SetReaction, GetReactions, Enqueue,
                 GetQueue, SettleQueue, SettleMessage, RevokeToken, GetRevoked, KeepRecording,
                 GetRecordings, GetRecording, ForgetRecording, List, GetUser, Expire>;

}  // namespace parley::store
