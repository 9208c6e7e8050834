// What Redis carries out for the store, each in one go: Lua, one script for each question.
//
//   key                              type    holds
//   u.USER, u.USER.g, g.GROUP.u      VoicePing's own: device, groups, members
//   ._g_GROUP, m.USER.u              VoicePing's own: ids of the last 50 messages
//   parley:epoch                     string  which data this is: "NAME:BASE"
//   parley:users, groups,
//     conversations, queues          zset    names, for List
//   parley:roles:GROUP               hash    user → role, of those who are more than members
//   parley:settings:GROUP            string
//   parley:last:CONV                 string  the last order given
//   parley:order:CONV                zset    id by order
//   parley:head:CONV                 hash    id → "order kind sent edited deleted sender"
//   parley:body:CONV                 hash    id → body, if there is any
//   parley:receipts:PLACE            hash    "kind:user" → at
//   parley:reactions:PLACE           set     "bytes:user" and the emoji
//   parley:waits:PLACE               hash    user → entries about it in the user's queue
//   parley:ends:USER                 hash    last, lost: of the user's queue
//   parley:queue:USER                zset    seq by seq
//   parley:entry:USER, said:USER     hash    seq → "at sizes… kind conversation message"; body
//   parley:aged                      zset    "seq:user" by time
//   parley:retries, :id              zset    PLACE by time, hash PLACE → id: in place of the
//                                            message's id is the retry key it was sent under
//   parley:revoked, :ends, :until    zset by id, zset by time, hash id → until
//   parley:recordings, :by_time,
//     :of:CONV                       hash id → recording; zsets by time
//
// PLACE is "BYTES:CONV" and the message's id, so that no two places share a name whatever they are
// called. Every script first looks whether the data is still that of the epoch it was asked for.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace parley::store {

/// In the order in which they are loaded.
enum class Script : std::uint8_t {
    sign_in,
    get_user,
    add_member,
    remove_member,
    set_groups,
    set_role,
    get_role,
    get_members,
    set_settings,
    get_settings,
    list,
    keep_message,
    get_history,
    get_message,
    edit_message,
    delete_message,
    set_receipt,
    get_receipts,
    set_reaction,
    get_reactions,
    enqueue,
    get_queue,
    settle_queue,
    settle_message,
    revoke_token,
    get_revoked,
    keep_recording,
    get_recordings,
    get_recording,
    forget_recording,
    expire,
    count,
};
inline constexpr auto script_count = static_cast<std::size_t>(Script::count);

/// What scripts answer instead of a count, an order or a seq.
enum class Verdict : std::int64_t { not_found = -1, groups = -2, order = -3, reactions = -4 };

/// The whole text of a script, as it is loaded.
std::string script_text(Script script);

/// Gives the epoch that there is, or the one it is given if there is none. Not loaded: sent whole.
extern const char* const epoch_script;

// The parts, by what they are about.
const char* user_script(Script script);     // redis_scripts_users.cc
const char* message_script(Script script);  // redis_scripts_messages.cc
const char* queue_script(Script script);    // redis_scripts_queue.cc
const char* index_script(Script script);    // redis_scripts_index.cc
/// Functions for entries of queues, which several use.
extern const char* const queue_functions;

}  // namespace parley::store
