// refusals: what somebody is told who may not do what they asked, in the words radios know.
#pragma once

#include "session/post.h"

namespace parley::group {

/// START_FAILED "Busy": somebody else talks. `request` is what was asked.
void tell_busy(session::Post& post, const SessionRef& to, const wire::Event& request) noexcept;

/// UNAUTHORIZED_GROUP, and behind it START_FAILED "Ack Failed": a START by no member.
void tell_not_a_member(session::Post& post, const SessionRef& to,
                       const wire::Event& request) noexcept;

/// UNAUTHORIZED_GROUP alone: anything else by no member.
void tell_unauthorized(session::Post& post, const SessionRef& to,
                       const wire::Event& request) noexcept;

}  // namespace parley::group
