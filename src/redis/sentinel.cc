#include "redis/sentinel.h"

#include <charconv>
#include <hiredis/hiredis.h>
#include <memory>
#include <string_view>

#include "redis/limits.h"

namespace parley::redis {
namespace {

// A sentinel takes connections, and answers, in a millisecond; several may have to be asked.
constexpr timeval patience{.tv_sec = 0, .tv_usec = 300'000};

struct FreeContext {
    void operator()(redisContext* context) const noexcept { redisFree(context); }
};
struct FreeReply {
    void operator()(void* reply) const noexcept { freeReplyObject(reply); }
};

bool read_master(const redisReply& reply, Endpoint& out) {
    if (reply.type != REDIS_REPLY_ARRAY || reply.elements != 2) return false;
    const redisReply& host = *reply.element[0];
    const redisReply& port = *reply.element[1];
    if (host.type != REDIS_REPLY_STRING || port.type != REDIS_REPLY_STRING) return false;
    out.host.assign(host.str, host.len);
    const auto read = std::from_chars(port.str, port.str + port.len, out.port);
    return read.ec == std::errc{} && out.port != 0 && !out.host.empty();
}

bool ask(const Endpoint& sentinel, const std::string& name, Endpoint& master,
         std::string& trouble) {
    const std::string who = "the sentinel " + sentinel.host + ":" + std::to_string(sentinel.port);
    const std::unique_ptr<redisContext, FreeContext> context{
        redisConnectWithTimeout(sentinel.host.c_str(), sentinel.port, patience)};
    if (context == nullptr || context->err != 0) {
        trouble = who + " cannot be reached";
        return false;
    }
    redisSetTimeout(context.get(), patience);
    const std::unique_ptr<redisReply, FreeReply> reply{static_cast<redisReply*>(redisCommand(
        context.get(), "SENTINEL get-master-addr-by-name %b", name.data(), name.size()))};
    if (reply == nullptr) {
        trouble = who + " does not answer";
        return false;
    }
    if (read_master(*reply, master)) return true;
    trouble = who + " knows no master " + name;
    return false;
}

}  // namespace

bool ask_sentinels(const Url& url, Endpoint& master, std::string& trouble) {
    for (const Endpoint& sentinel : url.endpoints)
        if (ask(sentinel, url.master, master, trouble)) return true;
    return false;
}

}  // namespace parley::redis
