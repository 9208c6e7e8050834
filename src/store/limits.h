// store limits: how much is kept, and why no more.
#pragma once

#include <cstddef>

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

/// Users one shard's memory store knows unless told otherwise. With names of a usual length
/// (a device and three groups, 16 bytes each) a user takes a block of 80 bytes and 20 to 30 of a
/// table: 1,000,000 x 110 bytes = 110 MB.
inline constexpr std::size_t users_max_default = 1'000'000;

/// Questions of one shard that may wait for a slow backend, and the bytes of their names: ten
/// seconds of 1,000 sign-ins a second, each with the three questions of its token's groups. Beyond:
/// refused.
inline constexpr std::size_t outbox_questions_max = 40'000;
inline constexpr std::size_t outbox_bytes_max = std::size_t{64} << 20;

}  // namespace parley::store
