// What a script of redis_scripts.h answered, as the store's answer.
#pragma once

#include <optional>
#include <string>

#include "redis/reply.h"
#include "store/redis_scripts.h"
#include "store/store.h"

namespace parley::store {

/// The answer to a question of that script; `conversation` is the one that it was about. Domain
/// limit or store if the script said so; Domain::redis, Fault::unexpected if it has not the
/// script's shape.
Result<Answer> read_answer(Script script, std::string conversation, redis::Reply&& reply);

}  // namespace parley::store
