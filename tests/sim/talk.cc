#include "sim/talk.h"

#include <charconv>
#include <cstring>

#include "sim/random.h"

namespace parley::sim {

std::string talk_name(int number) {
    return "burst " + std::to_string(number);
}

int talk_number(std::string_view name) {
    constexpr std::string_view prefix = "burst ";
    int number = -1;
    if (!name.starts_with(prefix)) return -1;
    name.remove_prefix(prefix.size());
    std::from_chars(name.data(), name.data() + name.size(), number);
    return number;
}

std::string voice(const Talk& talk, int sequence) {
    const VoiceHead head{talk.number, sequence};
    Random random{static_cast<std::uint64_t>(talk.number) << 20 |
                  static_cast<std::uint64_t>(sequence)};
    std::string payload(sizeof(head) + random.between(10, 120), static_cast<char>(random.next()));
    std::memcpy(payload.data(), &head, sizeof(head));
    return payload;
}

VoiceHead voice_head(std::string_view payload) {
    VoiceHead head;
    if (payload.size() >= sizeof(head)) std::memcpy(&head, payload.data(), sizeof(head));
    return head;
}

}  // namespace parley::sim
