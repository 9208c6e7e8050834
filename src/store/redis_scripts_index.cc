// Revoked tokens, recordings, and what is forgotten by age.
#include "store/redis_scripts.h"

namespace parley::store {
namespace {

// id, until.
constexpr const char* revoke_token = R"lua(
local known = call('HGET', 'parley:revoked:until', ARGV[2])
if known and tonumber(known) >= tonumber(ARGV[3]) then return 0 end
call('HSET', 'parley:revoked:until', ARGV[2], ARGV[3])
call('ZADD', 'parley:revoked:ends', ARGV[3], ARGV[2])
call('ZADD', 'parley:revoked', 0, ARGV[2])
return 1
)lua";

// after, limit.
constexpr const char* get_revoked = R"lua(
local limit = tonumber(ARGV[3])
local from = ARGV[2] == '' and '-' or '(' .. ARGV[2]
local ids = call('ZRANGEBYLEX', 'parley:revoked', from, '+', 'LIMIT', 0, limit + 1)
local page = {#ids > limit and 1 or 0}
for i = 1, math.min(limit, #ids) do
  page[#page + 1] = ids[i]
  page[#page + 1] = call('HGET', 'parley:revoked:until', ids[i])
end
return page
)lua";

// id, conversation, began, the recording in one piece, VoicePing's list, how many ids that keeps.
constexpr const char* keep_recording = R"lua(
local id, conversation, began = ARGV[2], ARGV[3], ARGV[4]
local known = call('HGET', 'parley:recordings', id)
if known then
  local size, from = string.match(known, '^%-?%d+ %-?%d+ %d+ (%d+) %d+ ()')
  call('ZREM', 'parley:recordings:of:' .. string.sub(known, from, from + size - 1), id)
elseif ARGV[6] ~= '' then
  call('LPUSH', ARGV[6], id)
  call('LTRIM', ARGV[6], 0, ARGV[7] - 1)
end
call('HSET', 'parley:recordings', id, ARGV[5])
call('ZADD', 'parley:recordings:by_time', began, id)
call('ZADD', 'parley:recordings:of:' .. conversation, began, id)
return 1
)lua";

// conversation (empty: all), after, limit.
constexpr const char* get_recordings = R"lua(
local sorted = ARGV[2] == '' and 'parley:recordings:by_time' or 'parley:recordings:of:' .. ARGV[2]
local first, limit = 0, tonumber(ARGV[4])
if ARGV[3] ~= '' then
  local rank = call('ZRANK', sorted, ARGV[3])
  if not rank then return -1 end
  first = rank + 1
end
local ids = call('ZRANGE', sorted, first, first + limit)
local page = {#ids > limit and 1 or 0}
for i = 1, math.min(limit, #ids) do
  page[#page + 1] = ids[i]
  page[#page + 1] = call('HGET', 'parley:recordings', ids[i])
end
return page
)lua";

constexpr const char* get_recording = R"lua(
local recording = call('HGET', 'parley:recordings', ARGV[2])
if not recording then return {} end
return {ARGV[2], recording}
)lua";

constexpr const char* forget_recording = R"lua(
local known = call('HGET', 'parley:recordings', ARGV[2])
if not known then return 0 end
local size, from = string.match(known, '^%-?%d+ %-?%d+ %d+ (%d+) %d+ ()')
call('ZREM', 'parley:recordings:of:' .. string.sub(known, from, from + size - 1), ARGV[2])
call('ZREM', 'parley:recordings:by_time', ARGV[2])
call('HDEL', 'parley:recordings', ARGV[2])
return 1
)lua";

// now, queued since, at most of each, the time up to which retry keys are too old.
constexpr const char* expire = R"lua(
local most = tonumber(ARGV[4])
local tokens = call('ZRANGEBYSCORE', 'parley:revoked:ends', '-inf', '(' .. ARGV[2], 'LIMIT', 0, most)
for _, id in ipairs(tokens) do
  call('ZREM', 'parley:revoked:ends', id)
  call('ZREM', 'parley:revoked', id)
  call('HDEL', 'parley:revoked:until', id)
end
local aged = call('ZRANGEBYSCORE', 'parley:aged', '-inf', '(' .. ARGV[3], 'LIMIT', 0, most)
for _, name in ipairs(aged) do
  local seq, user = string.match(name, '^(%d+):(.*)$')
  queue_drop(user, seq)
  queue_lose(user, tonumber(seq))
end
local retries = call('ZRANGEBYSCORE', 'parley:retries', '-inf', ARGV[5], 'LIMIT', 0, most)
for _, retry in ipairs(retries) do
  call('ZREM', 'parley:retries', retry)
  call('HDEL', 'parley:retries:id', retry)
end
return (#tokens > 0 or #aged > 0 or #retries > 0) and 1 or 0
)lua";

}  // namespace

const char* index_script(Script script) {
    switch (script) {
        case Script::revoke_token:
            return revoke_token;
        case Script::get_revoked:
            return get_revoked;
        case Script::keep_recording:
            return keep_recording;
        case Script::get_recordings:
            return get_recordings;
        case Script::get_recording:
            return get_recording;
        case Script::forget_recording:
            return forget_recording;
        case Script::expire:
            return expire;
        default:
            return nullptr;
    }
}

}  // namespace parley::store
