// line: one thing of a store as one line of JSON, and back.
//
//   {"message":{"conversation":"g:fire","id":"...","order":7,...,"body":{"base64":"lQARo..."}}}
//
// Names and bodies are bytes: a string where they are UTF-8, else {"base64": ...}; bodies are
// always base64. Times are milliseconds since 1970, lengths nanoseconds.
#pragma once

#include <string>
#include <string_view>

#include "store/questions.h"

namespace parley::backup {

/// The first line of an export, and the last: how many there are before it.
std::string first_line();
std::string last_line(std::uint64_t lines);
inline constexpr std::uint64_t format_version = 1;

/// What an import asks, as a line: SignIn, AddMember, SetSettings, KeepMessage, SetReceipt,
/// SetReaction, Enqueue, SettleQueue, RevokeToken, KeepRecording. Without the end of the line.
std::string line_of(store::Question question);

struct Line {
    enum class What : std::uint8_t { first, question, last };
    What what{};
    store::Question question;
    std::uint64_t number = 0;  ///< first: the version; last: of the lines before it
};
/// False if it is none, with what is wrong in `error`.
bool parse_line(std::string_view text, Line& line, std::string& error);

}  // namespace parley::backup
