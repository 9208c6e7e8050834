// store::RedisQuestion: a question as Redis is asked it: a script and its arguments.
#pragma once

#include <charconv>
#include <concepts>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "store/questions.h"
#include "store/redis_scripts.h"

namespace parley::store {

/// Ids that VoicePing's lists keep, as the original meant to (specification, B33).
inline constexpr std::uint32_t voiceping_list_max = 50;

class RedisQuestion {
public:
    /// `question` has passed check() and must outlive this.
    explicit RedisQuestion(const Question& question);

    Script script() const noexcept { return script_; }
    /// The arguments behind the epoch.
    const std::vector<std::string_view>& arguments() const noexcept { return arguments_; }

private:
    struct Write;

    Script script_{};
    std::vector<std::string_view> arguments_;
    std::deque<std::string> made_;  // what some of them view
};

}  // namespace parley::store
