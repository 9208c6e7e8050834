// Fuzzing what a Redis says: it is read within its bounds, however it is cut, and whatever it is,
// every question of the store gets an answer of its own shape or a refusal. The first byte chooses
// the cuts.
#include <string>
#include <vector>

#include "base/assert.h"
#include "fuzz/choices.h"
#include "redis/limits.h"
#include "redis/reply_reader.h"
#include "store/redis_answer.h"

using namespace parley;

namespace {

std::size_t count_elements(const redis::Reply& reply) {
    std::size_t count = reply.elements.size();
    for (const redis::Reply& each : reply.elements)
        count += count_elements(each);
    return count;
}

bool is_same(const redis::Reply& one, const redis::Reply& other) {
    if (one.kind != other.kind || one.integer != other.integer || one.text != other.text ||
        one.elements.size() != other.elements.size())
        return false;
    for (std::size_t i = 0; i < one.elements.size(); ++i)
        if (!is_same(one.elements[i], other.elements[i])) return false;
    return true;
}

// Every question as if this were its answer.
void answer_all(const redis::Reply& reply) {
    for (std::size_t i = 0; i < store::script_count; ++i) {
        redis::Reply copy = reply;
        const auto script = static_cast<store::Script>(i);
        const auto answer = store::read_answer(script, "g:fire", std::move(copy));
        PARLEY_ASSERT(answer.ok() || answer.error().code != 0);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Bytes input = fuzz::bytes_of(data, size);
    fuzz::Splits splits{fuzz::take_choice(input)};

    redis::ReplyReader whole;
    whole.feed(input);
    std::vector<redis::Reply> replies;
    while (auto reply = whole.next()) {
        PARLEY_ASSERT(count_elements(*reply) <= redis::reply_elements_max);
        answer_all(*reply);
        replies.push_back(std::move(*reply));
    }

    redis::ReplyReader cut;
    std::size_t read = 0;
    while (!input.empty() && !cut.is_broken()) {
        cut.feed(splits.take(input));
        while (const auto reply = cut.next()) {
            PARLEY_ASSERT(read < replies.size() && is_same(*reply, replies[read]));
            ++read;
        }
    }
    PARLEY_ASSERT(cut.is_broken() || read == replies.size());
    return 0;
}
