// What every backend checks in the same way before it carries a question out.
#pragma once

#include <cstddef>

#include "base/result.h"
#include "store/questions.h"

namespace parley::store {

/// Limit::name, size, groups or users if the question is beyond what may be asked at all. Makes the
/// names of a SetGroups and a KeepMessage distinct, and brings `limit` within page_max.
Status check(Question& question) noexcept;

/// Bytes of all that the question carries: its share of an outbox.
std::size_t size_of(const Question& question) noexcept;

}  // namespace parley::store
