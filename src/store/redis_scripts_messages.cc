// Messages: the first two arguments after the epoch are the conversation and the message's id.
#include "store/redis_scripts.h"

namespace parley::store {
namespace {

// order (0: the next), head behind the order, body, VoicePing's list (empty: none), how many ids
// that list keeps, time, sender, retry key (empty: none), the time up to which retry keys are too
// old, for how many members it is queued at most, "members", "users" or "nobody", and then the
// group or the users.
constexpr const char* keep_message = R"lua(
local conversation, id, order = ARGV[2], ARGV[3], tonumber(ARGV[4])
local known = id
local head = call('HGET', 'parley:head:' .. conversation, id)
local retry = ARGV[11] ~= '' and place(conversation, ARGV[11])
if not head and retry then
  local sent = call('ZSCORE', 'parley:retries', retry)
  if sent and tonumber(sent) > tonumber(ARGV[12]) then
    known = call('HGET', 'parley:retries:id', retry)
    head = call('HGET', 'parley:head:' .. conversation, known)
  end
end
if head then return {tonumber(string.match(head, '^%d+')), 1, known, 0} end
local last = tonumber(call('GET', 'parley:last:' .. conversation) or base)
if order == 0 then order = last + 1 end
if order <= last or order >= 2^53 then return -3 end
call('SET', 'parley:last:' .. conversation, text(order))
call('ZADD', 'parley:order:' .. conversation, text(order), id)
call('HSET', 'parley:head:' .. conversation, id, text(order) .. ' ' .. ARGV[5])
if ARGV[6] ~= '' then call('HSET', 'parley:body:' .. conversation, id, ARGV[6]) end
call('ZADD', 'parley:conversations', 0, conversation)
if ARGV[7] ~= '' then
  call('LPUSH', ARGV[7], id)
  call('LTRIM', ARGV[7], 0, ARGV[8] - 1)
end
if retry then
  call('ZADD', 'parley:retries', ARGV[9], retry)
  call('HSET', 'parley:retries:id', retry, id)
end
local queued = 0
if ARGV[14] == 'members' then
  local members = 'g.' .. ARGV[15] .. '.u'
  if call('SCARD', members) - call('SISMEMBER', members, ARGV[10]) <= tonumber(ARGV[13]) then
    queued = 1
    for _, user in ipairs(call('SMEMBERS', members)) do
      if user ~= ARGV[10] then queue_add(user, 0, ARGV[9], 'message', '', conversation, id) end
    end
  end
elseif ARGV[14] == 'users' then
  queued = 1
  for i = 15, #ARGV do queue_add(ARGV[i], 0, ARGV[9], 'message', '', conversation, id) end
end
return {order, 0, id, queued}
)lua";

// from (empty: the end), "backwards" or "forwards", limit, bytes of bodies in a page.
constexpr const char* get_history = R"lua(
local conversation, from, limit, room = ARGV[2], ARGV[3], tonumber(ARGV[5]), tonumber(ARGV[6])
local ids
if ARGV[4] == 'forwards' then
  ids = call('ZRANGEBYSCORE', 'parley:order:' .. conversation, '(' .. from, '+inf',
             'LIMIT', 0, limit + 1)
else
  ids = call('ZREVRANGEBYSCORE', 'parley:order:' .. conversation,
             from == '0' and '+inf' or '(' .. from, '-inf', 'LIMIT', 0, limit + 1)
end
local page = {0}
for i, id in ipairs(ids) do
  if i > limit or room <= 0 then
    page[1] = 1
    break
  end
  local body = call('HGET', 'parley:body:' .. conversation, id) or ''
  room = room - #body
  page[#page + 1] = id
  page[#page + 1] = call('HGET', 'parley:head:' .. conversation, id)
  page[#page + 1] = body
end
return page
)lua";

constexpr const char* get_message = R"lua(
local head = call('HGET', 'parley:head:' .. ARGV[2], ARGV[3])
if not head then return {} end
return {ARGV[3], head, call('HGET', 'parley:body:' .. ARGV[2], ARGV[3]) or ''}
)lua";

// body, time.
constexpr const char* edit_message = R"lua(
local head = call('HGET', 'parley:head:' .. ARGV[2], ARGV[3])
if not head then return -1 end
local front, deleted, sender = string.match(head, '^(%d+ %d+ %-?%d+) %S+ (%d) (.*)$')
if deleted == '1' then return -1 end
call('HSET', 'parley:head:' .. ARGV[2], ARGV[3], front .. ' ' .. ARGV[5] .. ' 0 ' .. sender)
call('HSET', 'parley:body:' .. ARGV[2], ARGV[3], ARGV[4])
return 1
)lua";

constexpr const char* delete_message = R"lua(
local conversation, id = ARGV[2], ARGV[3]
local head = call('HGET', 'parley:head:' .. conversation, id)
if not head then return -1 end
local front, deleted, sender = string.match(head, '^(%d+ %d+ %-?%d+ %S+) (%d) (.*)$')
if deleted == '1' then return 0 end
call('HSET', 'parley:head:' .. conversation, id, front .. ' 1 ' .. sender)
call('HDEL', 'parley:body:' .. conversation, id)
local where = place(conversation, id)
call('DEL', 'parley:receipts:' .. where, 'parley:reactions:' .. where)
for _, user in ipairs(call('HKEYS', 'parley:waits:' .. where)) do
  queue_drop_about(user, conversation, id)
end
return 1
)lua";

// user, kind, time.
constexpr const char* set_receipt = R"lua(
if call('HEXISTS', 'parley:head:' .. ARGV[2], ARGV[3]) == 0 then return -1 end
return call('HSETNX', 'parley:receipts:' .. place(ARGV[2], ARGV[3]), ARGV[5] .. ':' .. ARGV[4], ARGV[6])
)lua";

constexpr const char* get_receipts = R"lua(
if call('HEXISTS', 'parley:head:' .. ARGV[2], ARGV[3]) == 0 then return -1 end
return call('HGETALL', 'parley:receipts:' .. place(ARGV[2], ARGV[3]))
)lua";

// user, emoji, "1" or "0", at most.
constexpr const char* set_reaction = R"lua(
if call('HEXISTS', 'parley:head:' .. ARGV[2], ARGV[3]) == 0 then return -1 end
local reactions = 'parley:reactions:' .. place(ARGV[2], ARGV[3])
local reaction = #ARGV[4] .. ':' .. ARGV[4] .. ARGV[5]
if ARGV[6] == '0' then return call('SREM', reactions, reaction) end
if call('SCARD', reactions) >= tonumber(ARGV[7]) then return -4 end
return call('SADD', reactions, reaction)
)lua";

constexpr const char* get_reactions = R"lua(
if call('HEXISTS', 'parley:head:' .. ARGV[2], ARGV[3]) == 0 then return -1 end
return call('SMEMBERS', 'parley:reactions:' .. place(ARGV[2], ARGV[3]))
)lua";

}  // namespace

const char* message_script(Script script) {
    switch (script) {
        case Script::keep_message:
            return keep_message;
        case Script::get_history:
            return get_history;
        case Script::get_message:
            return get_message;
        case Script::edit_message:
            return edit_message;
        case Script::delete_message:
            return delete_message;
        case Script::set_receipt:
            return set_receipt;
        case Script::get_receipts:
            return get_receipts;
        case Script::set_reaction:
            return set_reaction;
        case Script::get_reactions:
            return get_reactions;
        default:
            return nullptr;
    }
}

}  // namespace parley::store
