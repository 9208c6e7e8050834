// store limits: how much is kept, and why no more.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace parley::store {

/// Bytes of a user, group or device name; a name has at least one. The longest name anyone can
/// present is a whole token taken as user id, and a token has at most 4,096 bytes.
inline constexpr std::size_t name_size_max = 4096;

/// Bytes of the name of a group that a client may join by itself (requirement B7). It bounds what
/// strangers can have kept: 128 x 255 bytes a user.
inline constexpr std::size_t joined_group_size_max = 255;

/// Groups one user belongs to. A login reads them all, so this also bounds its answer:
/// 128 names x 4,096 bytes = 512 KiB.
inline constexpr std::size_t groups_per_user_max = 128;

/// Bytes of a conversation's name: two users and what tells them apart.
inline constexpr std::size_t conversation_size_max = 2 * name_size_max + 16;

/// Bytes of the id of a message, recording or token. A client's own id is one of the 255 bytes
/// that the largest frame allows it.
inline constexpr std::size_t id_size_max = 255;

/// Bytes of a body: the largest message that a socket takes is 1 MiB and 4 KiB, and sealing adds
/// less than 1 KiB.
inline constexpr std::size_t body_size_max = (std::size_t{1} << 20) + (std::size_t{5} << 10);

/// Bytes of a group's settings, of the word for what a queue entry is, of an emoji (the longest
/// sequence of Unicode 15 has 35) and of the name of a recording's file.
inline constexpr std::size_t settings_size_max = std::size_t{64} << 10;
inline constexpr std::size_t kind_size_max = 32;
inline constexpr std::size_t emoji_size_max = 64;
inline constexpr std::size_t file_size_max = 4096;

/// Where data was lost, orders and seqs go on behind all that were given: at the milliseconds since
/// 1970 times 64 (decision 0012), so in any year from 2001 on behind this.
inline constexpr std::uint64_t numbers_after_loss_min = std::uint64_t{1'000'000'000'000} * 64;

/// Users that one message is queued for: a thousand entries are 5 ms of the database's time. A
/// group with more members than that has its history, and nobody's queue holds what is said in it.
inline constexpr std::size_t queued_users_max = 1000;
/// How long a message that is sent again is known to be the same (requirement H2).
inline constexpr Duration retry_age_max = std::chrono::hours{24};
/// Of all users together: five for each of a thousand members who read.
inline constexpr std::size_t reactions_per_message_max = 5000;

/// What one answer carries: at most so many entries, and no more of them once their bodies have
/// this many bytes. So an answer has at most 2 MiB and one body.
inline constexpr std::uint32_t page_max = 200;
inline constexpr std::size_t page_bytes_max = std::size_t{2} << 20;

/// Entries of a user's queue. A radio that was away shows 50 a screen: 1,000 is what anybody would
/// still read.
inline constexpr std::uint64_t queue_per_user_max = 1000;
/// How long an entry waits for its user.
inline constexpr Duration queue_age_max = std::chrono::hours{30 * 24};
/// Entries one Expire forgets, so that it holds up nobody: some milliseconds' work.
inline constexpr std::uint32_t expire_max = 1000;

/// Users the memory store knows, on all shards together, unless told otherwise. Each takes about
/// 90 bytes with a device and one group, 40 a group more (docs/STORE.md): 90 to 300 MB.
inline constexpr std::size_t users_max_default = 1'000'000;
/// What the memory store takes in all before it says that it is full.
inline constexpr std::uint64_t memory_bytes_max_default = std::uint64_t{512} << 20;

/// Questions of one shard that may wait for a slow backend, and their bytes: ten seconds of 1,000
/// sign-ins a second, each with the three questions of its token's groups; the bytes are those of
/// 60 of the largest messages. Beyond: refused.
inline constexpr std::size_t outbox_questions_max = 40'000;
inline constexpr std::size_t outbox_bytes_max = std::size_t{64} << 20;

/// How long a question may wait. Who was not told within this time that a word is stored is told
/// that it is not (requirement H2).
inline constexpr Duration answer_max = std::chrono::seconds{2};
/// From here a store counts as slow: a commit takes some milliseconds, 40 on a bad disk.
inline constexpr Duration slow_from = std::chrono::milliseconds{250};

}  // namespace parley::store
