// heads: feeds requests to a HeadParser in pieces, for its tests.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http/request_head.h"

namespace parley::http {

/// What became of a request: 0 if it was read, else the status to answer.
struct Outcome {
    bool is_done = false;
    int status = 0;
    std::size_t consumed = 0;

    friend bool operator==(const Outcome&, const Outcome&) = default;
};

/// Feeds `text` in pieces of `piece_size` bytes, each in memory of exactly its size, so that a
/// look beyond its end is seen by a sanitizer.
inline Outcome feed_in_pieces(HeadParser& parser, std::string_view text, std::size_t piece_size) {
    Outcome outcome;
    while (!text.empty()) {
        const std::string_view piece = text.substr(0, piece_size);
        std::vector<std::byte> exact(piece.size());
        std::transform(piece.begin(), piece.end(), exact.begin(),
                       [](char c) { return static_cast<std::byte>(c); });
        const auto progress = parser.feed(exact);
        outcome.consumed += progress.consumed;
        outcome.is_done = progress.status == HeadParser::Status::done;
        if (progress.status == HeadParser::Status::failed) {
            outcome.status = parser.failure().status;
        }
        if (progress.status != HeadParser::Status::need_more) break;
        text.remove_prefix(piece.size());
    }
    return outcome;
}

inline Outcome feed(HeadParser& parser, std::string_view text) {
    return feed_in_pieces(parser, text, text.size());
}

/// The head of a request that must be read.
inline RequestHead head_of(std::string_view text) {
    HeadParser parser;
    return feed(parser, text).is_done ? parser.take() : RequestHead{};
}

}  // namespace parley::http
