// Talk: one burst of talk as its radio sees it, and the bytes of its voice.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.h"

namespace parley::sim {

struct Talk {
    enum class State : std::uint8_t { asked, held, over };
    /// What its radio was in the group when it asked.
    enum class Asker : std::uint8_t { member, stranger, unknown };

    int number = 0;  ///< over all users and groups
    int user = 0;
    int group = 0;
    State state = State::asked;
    /// Something happened for which the server may have ended it, or may not have heard all of it.
    bool doubtful = false;
    /// It lasts so long that the server may be about to end it for that.
    bool near_limit = false;
    Asker asker{};
    bool stop_sent = false;
    Instant stop_at;  ///< meaningful while stop_sent
    int frames = 0;   ///< sent
    Instant asked;
    Instant granted;                 ///< when its START_ACK was heard
    Instant voice_sent;              ///< the last frame, or START
    Instant freed = Instant::max();  ///< from here on the server cannot take it for the holder
    Instant voice_taken;  ///< the last of these of which it is known that the server took it
};

/// The payload of a START, which comes back in its START_ACK.
std::string talk_name(int number);
/// The number in it, or -1.
int talk_number(std::string_view name);

/// The payload of one frame of voice: a function of who, which burst, and where in it.
std::string voice(const Talk& talk, int sequence);
struct VoiceHead {
    int talk = -1;
    int sequence = 0;
};
/// What a frame of voice says of itself; talk is -1 if it is none.
VoiceHead voice_head(std::string_view payload);

}  // namespace parley::sim
