// Refusals: what START_FAILED and UNAUTHORIZED_GROUP say in their words.
#pragma once

#include <string_view>

#include "client/voiceping.h"

namespace parley::client {

/// Whether the server refused something since it was more than it takes from one user
/// (docs/LIMITS.md). Otherwise a refusal is for what its type says.
bool is_too_many(const ServerMessage& message) noexcept;

/// What is_too_many() means, and what to do.
inline constexpr std::string_view too_many_text =
    "Too Many Requests; raise what it takes from one user, with its --limit-joins, "
    "--limit-control, --limit-text, --limit-audio-frames or --limit-audio-bits (0: no limit)";

}  // namespace parley::client
