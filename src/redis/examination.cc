#include "redis/examination.h"

#include <hiredis/hiredis.h>
#include <memory>
#include <string_view>
#include <vector>

#include "redis/sentinel.h"

namespace parley::redis {
namespace {

using Refusal = Examination::Refusal;

constexpr timeval patience{.tv_sec = 2, .tv_usec = 0};

struct FreeContext {
    void operator()(redisContext* context) const noexcept { redisFree(context); }
};
struct FreeReply {
    void operator()(redisReply* reply) const noexcept { freeReplyObject(reply); }
};
using Context = std::unique_ptr<redisContext, FreeContext>;
using Answer = std::unique_ptr<redisReply, FreeReply>;

Answer ask(redisContext& context, const std::vector<std::string_view>& words) {
    std::vector<const char*> texts;
    std::vector<std::size_t> sizes;
    for (const std::string_view word : words) {
        texts.push_back(word.data());
        sizes.push_back(word.size());
    }
    return Answer{static_cast<redisReply*>(
        redisCommandArgv(&context, static_cast<int>(words.size()), texts.data(), sizes.data()))};
}

// Null, with the trouble said, if there is no answer or it is an error, which refuses `what`.
Answer ask_or_say(redisContext& context, const std::vector<std::string_view>& words,
                  Examination::Refusal what, Examination& found) {
    Answer answer = ask(context, words);
    if (answer == nullptr) {
        found.trouble = "it does not answer";
    } else if (answer->type == REDIS_REPLY_ERROR) {
        found.trouble.assign(answer->str, answer->len);
        found.refusal = what;
        answer.reset();
    }
    return answer;
}

std::string line_of(std::string_view info, std::string_view name) {
    const std::size_t at = info.find(name);
    if (at == std::string_view::npos) return {};
    info.remove_prefix(at + name.size());
    return std::string{info.substr(0, info.find('\r'))};
}

std::string setting(redisContext& context, std::string_view name) {
    const Answer answer = ask(context, {"CONFIG", "GET", name});
    if (answer == nullptr || answer->type != REDIS_REPLY_ARRAY || answer->elements != 2) return {};
    return {answer->element[1]->str, answer->element[1]->len};
}

bool sign_in(redisContext& context, const Url& url, Examination& found) {
    std::vector<std::string_view> words{"AUTH"};
    if (!url.user.empty()) words.push_back(url.user);
    words.push_back(url.password);
    return url.password.empty() || ask_or_say(context, words, Refusal::user, found) != nullptr;
}

}  // namespace

Examination examine(const Url& url) {
    Examination found;
    Endpoint endpoint = url.endpoints.front();
    if (url.has_sentinels() && !ask_sentinels(url, endpoint, found.trouble)) return found;
    const Context context{redisConnectWithTimeout(endpoint.host.c_str(), endpoint.port, patience)};
    if (context == nullptr || context->err != 0) {
        found.trouble = context == nullptr ? "no memory" : context->errstr;
        return found;
    }
    if (url.tls) return found;
    redisSetTimeout(context.get(), patience);
    if (!sign_in(*context, url, found)) return found;
    const Answer info = ask_or_say(*context, {"INFO"}, Refusal::user, found);
    if (info == nullptr) return found;
    const std::string database = std::to_string(url.database);
    if (ask_or_say(*context, {"SELECT", database}, Refusal::database, found) == nullptr)
        return found;
    const std::string_view text{info->str, info->len};
    found.looked_inside = true;
    found.version = line_of(text, "redis_version:");
    found.role = line_of(text, "role:");
    found.append_only = setting(*context, "appendonly");
    found.append_fsync = setting(*context, "appendfsync");
    return found;
}

}  // namespace parley::redis
