// Users, groups and settings: the first argument after the epoch is the user or the group.
#include "store/redis_scripts.h"

namespace parley::store {
namespace {

// Most come back with the device they had: then nothing is written, and a Redis that takes no
// writes lets them in all the same.
constexpr const char* sign_in = R"lua(
local user, device = ARGV[2], ARGV[3]
local known = call('HGET', 'u.' .. user, 'deviceId')
local groups = call('SMEMBERS', 'u.' .. user .. '.g')
if known ~= device then call('HSET', 'u.' .. user, 'deviceId', device) end
if not call('ZSCORE', 'parley:users', user) then call('ZADD', 'parley:users', 0, user) end
for _, group in ipairs(groups) do
  if not call('ZSCORE', 'parley:groups', group) then call('ZADD', 'parley:groups', 0, group) end
end
return {known, groups}
)lua";

constexpr const char* get_user = R"lua(
return {call('HGET', 'u.' .. ARGV[2], 'deviceId'), call('SMEMBERS', 'u.' .. ARGV[2] .. '.g')}
)lua";

constexpr const char* add_member = R"lua(
local user, group, role, most = ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5])
local groups = 'u.' .. user .. '.g'
if call('SISMEMBER', groups, group) == 1 then
  call('SADD', 'g.' .. group .. '.u', user)
  return 0
end
if call('SCARD', groups) >= most then return -2 end
call('SADD', groups, group)
call('SADD', 'g.' .. group .. '.u', user)
if role ~= '0' then call('HSET', 'parley:roles:' .. group, user, role) end
call('ZADD', 'parley:users', 0, user)
call('ZADD', 'parley:groups', 0, group)
return 1
)lua";

constexpr const char* remove_member = R"lua(
local user, group = ARGV[2], ARGV[3]
call('HDEL', 'parley:roles:' .. group, user)
local of_group = call('SREM', 'g.' .. group .. '.u', user)
local of_user = call('SREM', 'u.' .. user .. '.g', group)
return math.max(of_group, of_user)
)lua";

constexpr const char* set_groups = R"lua(
local user = ARGV[2]
local groups = 'u.' .. user .. '.g'
local wanted, changed = {}, 0
for i = 3, #ARGV do wanted[ARGV[i]] = true end
for _, group in ipairs(call('SMEMBERS', groups)) do
  if not wanted[group] then
    call('SREM', groups, group)
    call('SREM', 'g.' .. group .. '.u', user)
    call('HDEL', 'parley:roles:' .. group, user)
    changed = 1
  end
end
for i = 3, #ARGV do
  call('SADD', 'g.' .. ARGV[i] .. '.u', user)
  if call('SADD', groups, ARGV[i]) == 1 then
    call('ZADD', 'parley:groups', 0, ARGV[i])
    call('ZADD', 'parley:users', 0, user)
    changed = 1
  end
end
return changed
)lua";

constexpr const char* set_role = R"lua(
local user, group, role = ARGV[2], ARGV[3], ARGV[4]
if call('SISMEMBER', 'g.' .. group .. '.u', user) == 0 then return -1 end
if role == '0' then
  call('HDEL', 'parley:roles:' .. group, user)
else
  call('HSET', 'parley:roles:' .. group, user, role)
end
return 1
)lua";

constexpr const char* get_role = R"lua(
if call('SISMEMBER', 'g.' .. ARGV[3] .. '.u', ARGV[2]) == 0 then return false end
return call('HGET', 'parley:roles:' .. ARGV[3], ARGV[2]) or '0'
)lua";

// Lua and SORT compare by the server's locale; sorted sets compare bytes.
constexpr const char* get_members = R"lua(
local group, after, limit = ARGV[2], ARGV[3], tonumber(ARGV[4])
local sorted = 'parley:sorting'
call('ZUNIONSTORE', sorted, 1, 'g.' .. group .. '.u', 'WEIGHTS', 0)
local from = after == '' and '-' or '(' .. after
local users = call('ZRANGEBYLEX', sorted, from, '+', 'LIMIT', 0, limit + 1)
call('DEL', sorted)
local page = {#users > limit and 1 or 0}
for i = 1, math.min(limit, #users) do
  page[#page + 1] = users[i]
  page[#page + 1] = call('HGET', 'parley:roles:' .. group, users[i]) or '0'
end
return page
)lua";

constexpr const char* set_settings = R"lua(
if ARGV[3] == '' then return call('DEL', 'parley:settings:' .. ARGV[2]) end
call('SET', 'parley:settings:' .. ARGV[2], ARGV[3])
call('ZADD', 'parley:groups', 0, ARGV[2])
return 1
)lua";

constexpr const char* get_settings = R"lua(
return call('GET', 'parley:settings:' .. ARGV[2])
)lua";

// A group is listed as long as it has members or settings: others may have emptied it.
constexpr const char* list = R"lua(
local what, after, limit = ARGV[2], ARGV[3], tonumber(ARGV[4])
local page, more = {0}, true
while more and #page <= limit + 1 do
  local from = after == '' and '-' or '(' .. after
  local names = call('ZRANGEBYLEX', 'parley:' .. what, from, '+', 'LIMIT', 0, limit + 1)
  for _, name in ipairs(names) do
    after = name
    local listed = what ~= 'groups' or
      call('EXISTS', 'g.' .. name .. '.u', 'parley:settings:' .. name) > 0
    if listed then page[#page + 1] = name end
  end
  more = #names > limit
end
while #page > limit + 1 do
  page[1] = 1
  page[#page] = nil
end
return page
)lua";

}  // namespace

const char* user_script(Script script) {
    switch (script) {
        case Script::sign_in:
            return sign_in;
        case Script::get_user:
            return get_user;
        case Script::add_member:
            return add_member;
        case Script::remove_member:
            return remove_member;
        case Script::set_groups:
            return set_groups;
        case Script::set_role:
            return set_role;
        case Script::get_role:
            return get_role;
        case Script::get_members:
            return get_members;
        case Script::set_settings:
            return set_settings;
        case Script::get_settings:
            return get_settings;
        case Script::list:
            return list;
        default:
            return nullptr;
    }
}

}  // namespace parley::store
