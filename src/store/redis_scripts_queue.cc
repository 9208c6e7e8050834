// Queues: the first argument after the epoch is the user.
#include "store/limits.h"
#include "store/redis_scripts.h"

namespace parley::store {

static_assert(queue_per_user_max == 1000, "the functions below say so in their own words");

// An entry is "at KIND CONVERSATION MESSAGE " with the sizes of what follows: kind, conversation
// and message's id, in one piece. It is about no message if the last is empty.
const char* const queue_functions = R"lua(
local function queue_read(entry)
  local at, kind, conversation, id, from =
    string.match(entry, '^(%-?%d+) (%d+) (%d+) (%d+) ()')
  local second = from + kind
  local third = second + conversation
  return at, string.sub(entry, from, second - 1), string.sub(entry, second, third - 1),
         string.sub(entry, third)
end
local function queue_drop(user, seq)
  local entry = call('HGET', 'parley:entry:' .. user, seq)
  call('ZREM', 'parley:queue:' .. user, seq)
  call('ZREM', 'parley:aged', seq .. ':' .. user)
  call('HDEL', 'parley:said:' .. user, seq)
  if not entry then return end
  call('HDEL', 'parley:entry:' .. user, seq)
  local _, _, conversation, id = queue_read(entry)
  if id == '' then return end
  local waits = 'parley:waits:' .. place(conversation, id)
  if call('HINCRBY', waits, user, -1) <= 0 then call('HDEL', waits, user) end
end
local function queue_drop_all(user, seqs)
  for _, seq in ipairs(seqs) do queue_drop(user, seq) end
  return #seqs > 0 and 1 or 0
end
local function queue_drop_about(user, conversation, id)
  local dropped = 0
  if call('HEXISTS', 'parley:waits:' .. place(conversation, id), user) == 0 then return 0 end
  local entries = call('HGETALL', 'parley:entry:' .. user)
  for i = 1, #entries, 2 do
    local _, _, of, about = queue_read(entries[i + 1])
    if of == conversation and about == id then
      queue_drop(user, entries[i])
      dropped = 1
    end
  end
  return dropped
end
local function queue_lose(user, seq)
  local ends = 'parley:ends:' .. user
  if tonumber(call('HGET', ends, 'lost') or base) < seq then call('HSET', ends, 'lost', text(seq)) end
end
local function queue_add(user, seq, at, kind, body, conversation, id)
  local last = tonumber(call('HGET', 'parley:ends:' .. user, 'last') or base)
  if seq == 0 then seq = last + 1 end
  if seq <= last or seq >= 2^53 then return -3 end
  local number = text(seq)
  call('HSET', 'parley:ends:' .. user, 'last', number)
  call('ZADD', 'parley:queues', 0, user)
  call('ZADD', 'parley:queue:' .. user, number, number)
  call('HSET', 'parley:entry:' .. user, number, at .. ' ' .. #kind .. ' ' .. #conversation ..
       ' ' .. #id .. ' ' .. kind .. conversation .. id)
  if body ~= '' then call('HSET', 'parley:said:' .. user, number, body) end
  call('ZADD', 'parley:aged', at, number .. ':' .. user)
  if id ~= '' then call('HINCRBY', 'parley:waits:' .. place(conversation, id), user, 1) end
  local old = call('ZRANGEBYSCORE', 'parley:queue:' .. user, '-inf', text(seq - 1000))
  if queue_drop_all(user, old) == 1 then queue_lose(user, seq - 1000) end
  return seq
end
)lua";

namespace {

// seq (0: the next), time, kind, body, conversation, message.
constexpr const char* enqueue = R"lua(
local conversation, id = ARGV[7], ARGV[8]
if id ~= '' and call('HEXISTS', 'parley:head:' .. conversation, id) == 0 then return -1 end
if id == '' then conversation = '' end
return queue_add(ARGV[2], tonumber(ARGV[3]), ARGV[4], ARGV[5], ARGV[6], conversation, id)
)lua";

// after, limit, bytes of bodies in a page.
constexpr const char* get_queue = R"lua(
local user, limit, room = ARGV[2], tonumber(ARGV[4]), tonumber(ARGV[5])
local ends = 'parley:ends:' .. user
local page = {0, tonumber(call('HGET', ends, 'last') or base),
              tonumber(call('HGET', ends, 'lost') or base)}
local seqs = call('ZRANGEBYSCORE', 'parley:queue:' .. user, '(' .. ARGV[3], '+inf',
                  'LIMIT', 0, limit + 1)
for i, seq in ipairs(seqs) do
  if i > limit or room <= 0 then
    page[1] = 1
    break
  end
  local at, kind, conversation, id = queue_read(call('HGET', 'parley:entry:' .. user, seq))
  local body = call('HGET', 'parley:said:' .. user, seq) or ''
  local entry = {seq, at, kind, body}
  if id ~= '' then
    local words = call('HGET', 'parley:body:' .. conversation, id) or ''
    room = room - #words
    entry[5], entry[6] = conversation, id
    entry[7], entry[8] = call('HGET', 'parley:head:' .. conversation, id), words
  end
  room = room - #body
  page[#page + 1] = entry
end
return page
)lua";

constexpr const char* settle_queue = R"lua(
local user = ARGV[2]
return queue_drop_all(user, call('ZRANGEBYSCORE', 'parley:queue:' .. user, '-inf', ARGV[3]))
)lua";

constexpr const char* settle_message = R"lua(
return queue_drop_about(ARGV[2], ARGV[3], ARGV[4])
)lua";

}  // namespace

const char* queue_script(Script script) {
    switch (script) {
        case Script::enqueue:
            return enqueue;
        case Script::get_queue:
            return get_queue;
        case Script::settle_queue:
            return settle_queue;
        case Script::settle_message:
            return settle_message;
        default:
            return nullptr;
    }
}

}  // namespace parley::store
