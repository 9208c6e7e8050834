// Fuzzing the request head: however the bytes are cut, the head read is the same, and whatever is
// asked of it is answered from within it. The first byte chooses the cuts.
#include <string>
#include <utility>
#include <variant>

#include "base/assert.h"
#include "fuzz/choices.h"
#include "http/limits.h"
#include "http/request_head.h"
#include "ws/handshake.h"

using namespace parley;
using http::HeadParser;

namespace {

struct Outcome {
    HeadParser::Status status = HeadParser::Status::need_more;
    std::size_t consumed = 0;
    std::uint16_t failure = 0;
    std::string told;  // of the head, if it is one

    friend bool operator==(const Outcome&, const Outcome&) = default;
};

std::string describe(const http::RequestHead& head) {
    std::string told{head.method()};
    told += ' ';
    told += head.target();
    told += ' ';
    told += head.path();
    told += head.wants_keep_alive() ? " keep" : " close";
    PARLEY_ASSERT(head.content_length() <= http::body_bytes_max);
    for (const char* name : {"Host", "Connection", "Sec-WebSocket-Protocol", "Cookie"}) {
        PARLEY_ASSERT((head.count(name) > 0) == head.find(name).has_value());
        auto list = head.list(name);
        while (const auto element = list.next()) {
            PARLEY_ASSERT(!element->empty());
            told += ',';
            told += *element;
        }
    }
    const ws::Handshake handshake = ws::examine(head);
    if (const auto* accept = std::get_if<ws::Accept>(&handshake)) {
        told += ws::accept_reply(*accept, {});
    } else {
        told += ws::refuse_reply(std::get<ws::Refuse>(handshake));
    }
    return told;
}

template <class NextRead>
Outcome read(fuzz::Bytes input, NextRead next_read) {
    HeadParser parser;
    Outcome outcome;
    while (!input.empty() && outcome.status == HeadParser::Status::need_more) {
        const fuzz::Bytes piece = next_read(input);
        const auto progress = parser.feed(piece);
        PARLEY_ASSERT(progress.consumed <= piece.size());
        PARLEY_ASSERT(progress.status != HeadParser::Status::need_more ||
                      progress.consumed == piece.size());
        outcome.status = progress.status;
        outcome.consumed += progress.consumed;
    }
    PARLEY_ASSERT(outcome.status != HeadParser::Status::need_more ||
                  outcome.consumed <= http::head_bytes_max + 2);
    if (outcome.status == HeadParser::Status::failed) {
        outcome.failure = parser.failure().status;
        PARLEY_ASSERT(outcome.failure >= 400 && !parser.failure().text.empty());
        outcome.consumed = 0;  // where in the input it failed is nobody's business
    }
    if (outcome.status == HeadParser::Status::done) outcome.told = describe(parser.take());
    return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    auto input = fuzz::bytes_of(data, size);
    fuzz::Splits splits{fuzz::take_choice(input)};
    const Outcome whole = read(input, [](fuzz::Bytes& rest) { return std::exchange(rest, {}); });
    const Outcome cut = read(input, [&](fuzz::Bytes& rest) { return splits.take(rest); });
    PARLEY_ASSERT(whole == cut);
    return 0;
}
