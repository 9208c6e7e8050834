#include "session/direct_talk.h"

#include <algorithm>

#include "session/limits.h"

namespace parley::session {

DirectTalk& DirectTalks::begin(UserKey to, Instant now) {
    end(to);
    if (talks_.size() == direct_talks_max) talks_.erase(talks_.begin());
    return talks_.emplace_back(DirectTalk{.to = to, .began = now});
}

DirectTalk* DirectTalks::find(UserKey to) noexcept {
    const auto found = std::ranges::find(talks_, to, &DirectTalk::to);
    return found == talks_.end() ? nullptr : &*found;
}

void DirectTalks::end(UserKey to) noexcept {
    std::erase_if(talks_, [to](const DirectTalk& talk) { return talk.to == to; });
}

}  // namespace parley::session
