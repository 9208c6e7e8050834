#include "store/redis_scripts.h"

namespace parley::store {
namespace {

// `call` and `base` are what every script uses. Numbers of Lua are doubles: `text` writes them
// whole, where tostring() would write 1e+14.
constexpr const char* prelude = R"lua(
local call = redis.call
if call('GET', 'parley:epoch') ~= ARGV[1] then
  return redis.error_reply('EMPTIED this is not the data of ' .. ARGV[1])
end
local base = tonumber(string.match(ARGV[1], ':(%d+)$'))
local function text(number) return string.format('%.0f', number) end
local function place(conversation, id) return #conversation .. ':' .. conversation .. id end
)lua";

bool uses_queues(Script script) noexcept {
    switch (script) {
        case Script::keep_message:
        case Script::delete_message:
        case Script::enqueue:
        case Script::get_queue:
        case Script::settle_queue:
        case Script::settle_message:
        case Script::expire:
            return true;
        default:
            return false;
    }
}

}  // namespace

const char* const epoch_script =
    "local epoch = redis.call('GET', 'parley:epoch') if epoch then return epoch end "
    "redis.call('SET', 'parley:epoch', ARGV[1]) return ARGV[1]";

std::string script_text(Script script) {
    std::string whole{prelude};
    if (uses_queues(script)) whole += queue_functions;
    for (const auto part : {user_script, message_script, queue_script, index_script})
        if (const char* body = part(script)) whole += body;
    return whole;
}

}  // namespace parley::store
