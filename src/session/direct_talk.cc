#include "session/direct_talk.h"

#include <algorithm>

#include "session/limits.h"

namespace parley::session {

DirectTalk& DirectTalks::begin(UserKey to, Instant now) {
    end(to);
    std::size_t count = 0;
    auto youngest = talks_.before_begin();
    for (auto next = talks_.begin(); next != talks_.end(); ++next) {
        youngest = next;
        ++count;
    }
    DirectTalk& begun = *talks_.insert_after(youngest, DirectTalk{.to = to, .began = now});
    if (count == direct_talks_max) talks_.pop_front();
    return begun;
}

DirectTalk* DirectTalks::find(UserKey to) noexcept {
    const auto found = std::ranges::find(talks_, to, &DirectTalk::to);
    return found == talks_.end() ? nullptr : &*found;
}

void DirectTalks::end(UserKey to) noexcept {
    talks_.remove_if([to](const DirectTalk& talk) { return talk.to == to; });
}

}  // namespace parley::session
